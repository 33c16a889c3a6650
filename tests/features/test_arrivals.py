"""New arrivals: new is what came after the log had settled, and the fastest comes first."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.arrivals import Arrivals, first_days, new_arrivals
from features.catalog import ITEM_SCHEMA, Catalogue
from features.demand import Demand
from features.errors import FutureEventError
from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.weights import ConfidenceWeights
from tests.shops import item

TODAY = 20_000
AS_OF_S = TODAY * SECONDS_PER_DAY + 7 * 3600
PER_PURCHASE = ConfidenceWeights(half_life_days=float("inf"), by_type={EventType.PURCHASE: 1.0})


def demand(*entries: tuple[int, int, float]) -> Demand:
    """Purchases as (item row, days ago, count)."""
    rows = np.array(entries, dtype=np.float64).reshape(len(entries), 3)
    return Demand(
        item_rows=rows[:, 0].astype(np.int32),
        days=(TODAY - rows[:, 1]).astype(np.int32),
        event_types=np.full(len(entries), EventType.PURCHASE.code, dtype=np.uint8),
        country_rows=np.full(len(entries), -1, dtype=np.int16),
        counts=rows[:, 2].astype(np.float32),
        countries=(),
    )


def catalogue(*released_days_ago: int | None) -> Catalogue:
    today = datetime.fromtimestamp(TODAY * SECONDS_PER_DAY, UTC)
    rows = [
        item(str(row), released_at=None if ago is None else today - timedelta(days=ago, hours=-5))
        for row, ago in enumerate(released_days_ago)
    ]
    return Catalogue.of(
        pa.Table.from_pylist(rows, schema=ITEM_SCHEMA),
        item_ids=[str(row) for row in range(len(rows))],
        alive=np.ones(len(rows), dtype=np.bool_),
    )


def arrivals(
    first_day_ago: list[int | None],
    *entries: tuple[int, int, float],
    weights: ConfidenceWeights = PER_PURCHASE,
    recommendable: list[bool] | None = None,
    n_top: int = 100,
) -> list[int]:
    days = [-1 if ago is None else TODAY - ago for ago in first_day_ago]
    found: NDArray[np.int32] = new_arrivals(
        np.array(days, dtype=np.int32),
        demand(*entries),
        recommendable=np.array(recommendable or [True] * len(days)),
        weights=weights,
        as_of_s=AS_OF_S,
        window_days=30,
        n_top=n_top,
    )
    return found.tolist()


def test_the_catalogue_knows_better_than_the_log_when_an_item_came() -> None:
    days = first_days(demand((0, 300, 1), (1, 10, 1), (2, 5, 1)), catalogue(None, 12, None))

    assert days.tolist() == [-1, TODAY - 12, TODAY - 5]
    assert days.dtype == np.int32


def test_when_the_log_begins_no_first_event_makes_an_item_new() -> None:
    began, within, after = (0, 40, 1), (1, 40 - 29, 1), (2, 40 - 30, 1)

    days = first_days(demand(began, within, after), catalogue(None, None, None), window_days=30)

    assert days.tolist() == [-1, -1, TODAY - 10]


def test_a_stated_release_makes_an_item_new_however_young_the_log_is() -> None:
    assert first_days(demand((0, 2, 1)), catalogue(2)).tolist() == [TODAY - 2]


def test_an_item_without_events_or_release_is_not_known() -> None:
    assert first_days(demand((0, 90, 1), (0, 1, 1)), catalogue(None, None)).tolist() == [-1, -1]
    assert first_days(demand(), catalogue(None, 3)).tolist() == [-1, TODAY - 3]


def test_only_what_came_within_the_window_is_new() -> None:
    assert arrivals([0, 29, 30, None, -1]) == [0, 1]


def test_a_two_day_old_item_with_three_buyers_leads_an_older_one_with_more() -> None:
    # usual pace = 13 / (2 + 20); (3 + 3 * .59) / (2 + 3) = .95 > (10 + 3 * .59) / (20 + 3) = .51
    assert arrivals([19, 1], (0, 5, 10), (1, 0, 3)) == [1, 0]


def test_one_lucky_buyer_on_the_first_day_does_not_lead() -> None:
    # usual pace = 10 / (10 + 1 + 10) = .48; (9 + 3 * .48) / (10 + 3) = .80 leads
    # (1 + 3 * .48) / (1 + 3) = .61, though 1 / 1 is more than 9 / 10.
    assert arrivals([9, 0, 9], (0, 2, 9), (1, 0, 1)) == [0, 1, 2]


def test_demand_fades() -> None:
    fading = ConfidenceWeights(half_life_days=2.0, by_type={EventType.PURCHASE: 1.0})

    assert arrivals([9, 9], (0, 8, 6), (1, 0, 4)) == [0, 1]
    assert arrivals([9, 9], (0, 8, 6), (1, 0, 4), weights=fading) == [1, 0]


def test_without_any_demand_the_newest_comes_first() -> None:
    assert arrivals([20, 3, 10]) == [1, 2, 0]


def test_what_must_not_be_shown_is_no_arrival() -> None:
    assert arrivals([1, 1], (0, 0, 5), recommendable=[False, True]) == [1]


def test_the_arrivals_of_a_shop_open_as_they_were_stored() -> None:
    given = Arrivals.of(
        demand((0, 90, 1), (1, 3, 2)),
        catalogue(None, None, 8),
        weights=PER_PURCHASE,
        as_of_s=AS_OF_S,
    )

    assert given.item_rows.tolist() == [1, 2]
    assert Arrivals.from_arrays(given.arrays()).item_rows.tolist() == [1, 2]


def test_events_after_as_of_are_refused() -> None:
    with pytest.raises(FutureEventError, match="after as_of"):
        arrivals([5], (0, -1, 1))


ages = st.one_of(st.none(), st.integers(-5, 60))


@given(
    st.lists(ages, min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 90), st.integers(1, 9)), max_size=12),
    st.integers(1, 8),
)
def test_arrivals_are_new_and_named_once(
    first_day_ago: list[int | None], entries: list[tuple[int, int, int]], n_top: int
) -> None:
    sold = [one for one in entries if one[0] < len(first_day_ago)]

    found = arrivals(first_day_ago, *sold, n_top=n_top)

    new = {row for row, ago in enumerate(first_day_ago) if ago is not None and 0 <= ago < 30}
    assert set(found) <= new
    assert len(found) == len(set(found)) == min(n_top, len(new))
