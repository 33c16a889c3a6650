"""Demand fades with time, and a country's trend starts from the whole shop's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.demand import Demand, Trends
from features.errors import FutureEventError
from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.weights import ConfidenceWeights

TODAY = 20_000
AS_OF_S = TODAY * SECONDS_PER_DAY + 5 * 3600
PER_PURCHASE = ConfidenceWeights(half_life_days=10.0, by_type={EventType.PURCHASE: 1.0})

Entry = tuple[int, int, EventType, int, float]


def _demand(*entries: Entry, countries: tuple[str, ...] = ("GB", "NZ")) -> Demand:
    """Build from (item row, days ago, type, country row, count)."""
    items, ages, kinds, places, counts = zip(*entries, strict=True) if entries else [()] * 5
    return Demand(
        item_rows=np.array(items, np.int32),
        days=TODAY - np.array(ages, np.int32),
        event_types=np.array([kind.code for kind in kinds], np.uint8),
        country_rows=np.array(places, np.int16),
        counts=np.array(counts, np.float32),
        countries=countries,
    )


def _decayed(demand: Demand, weights: ConfidenceWeights = PER_PURCHASE) -> np.ndarray:
    return demand.decayed(n_items=3, weights=weights, as_of_s=AS_OF_S)


def _trends(demand: Demand, *, recommendable: list[bool] | None = None, n_top: int = 500) -> Trends:
    shown = np.array(recommendable or [True] * 3)
    return Trends.of(
        demand, recommendable=shown, weights=PER_PURCHASE, as_of_s=AS_OF_S, n_top=n_top
    )


def test_a_purchase_counts_half_after_one_half_life() -> None:
    bought = EventType.PURCHASE
    demand = _demand((0, 0, bought, 0, 4.0), (0, 10, bought, 0, 4.0), (1, 20, bought, 1, 4.0))

    by_country = _decayed(demand)

    assert by_country.tolist() == [
        [4 + 4 / 2, 0, 0],  # GB
        [0, 4 / 4, 0],  # NZ
        [4 + 4 / 2, 4 / 4, 0],  # the whole shop
    ]


def test_the_whole_shop_holds_what_no_country_is_known_of() -> None:
    demand = _demand((0, 0, EventType.PURCHASE, -1, 2.0), (0, 0, EventType.PURCHASE, 1, 3.0))

    assert _decayed(demand)[:, 0].tolist() == [0, 3, 2 + 3]


def test_each_type_counts_what_its_weight_says() -> None:
    weights = ConfidenceWeights(by_type={EventType.VIEW: 0.25, EventType.PURCHASE: 2.0})
    demand = _demand(
        (0, 0, EventType.VIEW, 0, 4.0),
        (1, 0, EventType.PURCHASE, 0, 1.0),
        (2, 0, EventType.CART, 0, 9.0),
    )

    assert _decayed(demand, weights)[-1].tolist() == [4 * 0.25, 2.0, 0.0]


def test_an_emptied_cart_is_no_demand_and_never_less() -> None:
    weights = ConfidenceWeights()
    demand = _demand((0, 0, EventType.REMOVE_FROM_CART, 0, 5.0), (1, 0, EventType.PURCHASE, 1, 1.0))

    assert _decayed(demand, weights)[-1].tolist() == [0, 1, 0]


def test_an_entry_later_than_as_of_is_refused() -> None:
    demand = _demand((0, -1, EventType.PURCHASE, 0, 1.0))

    with pytest.raises(FutureEventError, match="after as_of"):
        _decayed(demand)


def test_a_type_is_counted_whatever_its_age() -> None:
    demand = _demand(
        (0, 0, EventType.PURCHASE, 0, 2.0),
        (0, 900, EventType.PURCHASE, -1, 3.0),
        (1, 0, EventType.VIEW, 0, 7.0),
    )

    assert demand.counted(EventType.PURCHASE, n_items=3).tolist() == [5, 0, 0]


def test_a_trend_is_a_share_of_the_most_wanted() -> None:
    trends = _trends(_demand((0, 0, EventType.PURCHASE, 0, 1.0), (1, 0, EventType.PURCHASE, 0, 4)))

    assert trends.scores.tolist() == [0.25, 1.0, 0.0]
    assert trends.scores.dtype == np.float32
    assert trends.order.tolist() == [1, 0, 2]


def test_a_country_with_many_orders_has_its_own_trend() -> None:
    trends = _trends(
        _demand((0, 0, EventType.PURCHASE, 0, 1000.0), (1, 0, EventType.PURCHASE, 1, 900.0))
    )

    assert trends.top[trends.row_of("GB")].tolist() == [0, 1, 2]
    assert trends.top[trends.row_of("NZ")].tolist() == [1, 0, 2]
    assert trends.top[trends.row_of(None)].tolist() == [0, 1, 2]


def test_a_country_with_three_orders_is_not_ruled_by_them() -> None:
    trends = _trends(
        _demand((0, 0, EventType.PURCHASE, 0, 997.0), (1, 0, EventType.PURCHASE, 1, 3.0))
    )

    # Of the 50 that a country starts from, 997 in 1000 are for the first item.
    assert trends.top[trends.row_of("NZ")].tolist() == [0, 1, 2]


def test_a_country_that_nobody_knows_has_the_whole_shops_trend() -> None:
    trends = _trends(_demand((2, 0, EventType.PURCHASE, 0, 1.0)))

    assert trends.row_of("Atlantis") == trends.row_of(None) == len(trends.countries)


def test_what_may_not_be_shown_is_in_no_trend() -> None:
    demand = _demand(*((row, 0, EventType.PURCHASE, 0, float(row + 1)) for row in range(3)))

    trends = _trends(demand, recommendable=[True, True, False])

    assert trends.order.tolist() == [1, 0]
    assert 2 not in trends.top


def test_a_shop_without_demand_shows_its_items_in_their_order() -> None:
    trends = _trends(_demand())

    assert trends.order.tolist() == [0, 1, 2]
    assert trends.scores.tolist() == [0, 0, 0]


@given(
    counts=arrays(np.float32, (3, 8), elements=st.integers(0, 60)),
    recommendable=arrays(np.bool_, 8),
    n_top=st.integers(1, 10),
)
def test_trends_are_ranked_as_a_plain_loop_ranks_them(
    counts: np.ndarray, recommendable: np.ndarray, n_top: int
) -> None:
    entries = [
        (item, 0, EventType.PURCHASE, (0, 1, -1)[place], float(counts[place, item]))
        for place in range(3)
        for item in range(8)
    ]

    trends = Trends.of(
        _demand(*entries),
        recommendable=recommendable,
        weights=PER_PURCHASE,
        as_of_s=AS_OF_S,
        n_top=n_top,
    )

    shown = np.flatnonzero(recommendable).tolist()
    overall = counts.sum(axis=0).astype(float)
    share = overall / max(overall.sum(), 1.0)
    wanted = [counts[0] + 50 * share, counts[1] + 50 * share, overall]
    for row, of_country in enumerate(wanted):
        scores = of_country[trends.top[row]]
        best = sorted((of_country[item] for item in shown), reverse=True)[:n_top]
        np.testing.assert_allclose(scores, best, rtol=1e-5)
        assert set(trends.top[row].tolist()) <= set(shown)
    assert sorted(trends.order.tolist()) == shown


@given(arrays(np.float32, 6, elements=st.sampled_from([0, 1, 2, 5])), *[arrays(np.bool_, 6)] * 2)
def test_what_is_shown_by_now_stands_where_training_would_put_it(
    counts: np.ndarray, at_training: np.ndarray, by_now: np.ndarray
) -> None:
    demand = _demand(*((row, 0, EventType.PURCHASE, 0, n) for row, n in enumerate(counts)))

    def trained(shown: np.ndarray) -> Trends:
        return Trends.of(demand, recommendable=shown, weights=PER_PURCHASE, as_of_s=AS_OF_S)

    trends = trained(at_training).showing(by_now)

    wanted = trained(by_now)
    assert trends.order.tolist() == wanted.order.tolist()
    n_both = min(trends.top.shape[1], wanted.top.shape[1])
    assert trends.top[-1, :n_both].tolist() == wanted.top[-1, :n_both].tolist()
    assert trends.top.shape == trained(at_training).top.shape


def test_trends_of_what_is_shown_already_are_the_same_ones() -> None:
    trends = _trends(_demand((0, 0, EventType.PURCHASE, 0, 1.0)))

    assert trends.showing(np.ones(3, dtype=np.bool_)) is trends
