"""Item facts are logarithms of what one can count by hand, and what is missing is told apart."""

from typing import Any

import numpy as np
import pytest

from features.demand import Demand
from features.errors import FutureEventError
from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.item_facts import ItemFacts
from features.weights import ConfidenceWeights

BUY, VIEW = EventType.PURCHASE.code, EventType.VIEW.code
TODAY = 20_000
WEIGHTS = ConfidenceWeights(by_type={EventType.PURCHASE: 4.0, EventType.VIEW: 1.0})
LAMP, MUG, NEVER = range(3)
# Item, days ago, event type, country and how often.
ENTRIES = [
    (LAMP, 0, BUY, 0, 1),
    (LAMP, 30, VIEW, 1, 2),
    (MUG, 7, BUY, 1, 3),
    (MUG, 360, BUY, -1, 5),
    (MUG, 390, BUY, 0, 9),
]


def _facts(**changed: Any) -> ItemFacts:  # noqa: ANN401 -- any argument
    items, ago, kinds, places, counts = map(np.array, zip(*ENTRIES, strict=True))
    demand = Demand(
        item_rows=items.astype(np.int32),
        days=(TODAY - ago).astype(np.int32),
        event_types=kinds.astype(np.uint8),
        country_rows=places.astype(np.int16),
        counts=counts.astype(np.float32),
        countries=("GB", "NZ"),
    )
    chosen = {
        "prices": np.array([10.0, np.nan, 0.0]),
        "category_rows": np.array([0, 1, -1], dtype=np.int32),
        "weights": WEIGHTS,
        "usual_gap_days": 45.0,
        "as_of_s": TODAY * SECONDS_PER_DAY + 60,
    }
    return ItemFacts.of(demand, **(chosen | changed))


def test_demand_is_counted_with_three_half_lives() -> None:
    facts = _facts()

    assert facts.trend_ever == pytest.approx(
        np.log1p([4 * 1 + 1 * 2, 4 * (3 + 5 + 9), 0]), rel=1e-6
    )
    year, more = 0.5 ** (360 / 30), 0.5 ** (390 / 30)
    assert facts.trend_long == pytest.approx(
        np.log1p([4 + 2 / 2, 4 * (3 * 0.5 ** (7 / 30) + 5 * year + 9 * more), 0]), rel=1e-5
    )
    assert facts.trend_short == pytest.approx(
        np.log1p([4 + 2 * 0.5 ** (30 / 7), 4 * 3 / 2, 0]), rel=1e-5
    )


def test_a_season_is_what_was_bought_about_this_day_of_last_year() -> None:
    # Of 360 and 390 days ago only the first lies within 379 to 323 days.
    assert _facts().season == pytest.approx(np.log1p([0, 5, 0]))


def test_an_age_is_that_of_the_first_event() -> None:
    assert _facts().age_days.tolist() == [30, 390, 3650]


def test_a_price_that_is_no_price_is_not_known() -> None:
    found = _facts().log_price

    assert found[LAMP] == pytest.approx(np.log(10))
    assert np.isnan(found[[MUG, NEVER]]).all()


def test_countries_with_the_most_demand_are_kept_apart() -> None:
    both, one = _facts(), _facts(most_places=1)

    assert both.place_of_trend.tolist() == [1, 0, 2]  # NZ wants more than GB, then the shop
    assert both.local.shape == (3, 3)
    # A country that is not kept is told what the whole shop wants.
    assert one.place_of_trend.tolist() == [1, 0, 1]
    np.testing.assert_array_equal(one.local[1], one.trend_long)
    assert both.local[1, LAMP] == pytest.approx(np.log1p(4))


def test_stored_arrays_give_the_facts_back() -> None:
    facts = _facts()

    again = ItemFacts.from_arrays(facts.arrays())

    assert again.usual_gap_days == 45
    for name, array in facts.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array, err_msg=name, strict=True)


def test_an_event_after_as_of_is_refused() -> None:
    with pytest.raises(FutureEventError):
        _facts(as_of_s=(TODAY - 1) * SECONDS_PER_DAY)
