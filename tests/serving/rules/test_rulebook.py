"""The rulebook turns settings into plans for one catalogue and one person."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from features.candidates import Source
from features.context import Situation, situation
from features.context_lifts import ContextLifts
from serving.filters import Masks
from serving.placements import Placement
from serving.rules import Arranged, Occasion, Rulebook, Shelf, arrange
from tests.shops import some_bundle
from training.bundle import Bundle

# 25 items, the first 12 in category Left and the others in Right; item row r costs r + 1.
BUNDLE = some_bundle(0)
N_ITEMS = len(BUNDLE.items)
CHRISTMAS = datetime(2024, 12, 24, 12, tzinfo=UTC)


def _book(bundle: Bundle = BUNDLE) -> Rulebook:
    return Rulebook(bundle, Masks(bundle.catalogue.table))


def _placement(rules: dict[str, Any], **keys: Any) -> Placement:  # noqa: ANN401 -- any key
    return Placement.model_validate({"exclude_purchased": False, "rules": rules, **keys})


def _listed(
    rules: dict[str, Any], occasion: Occasion | None = None, *, n: int = N_ITEMS, **keys: str
) -> Arranged:
    """Arrange all items, the lower row the better, one standard deviation being about 7."""
    rows = np.arange(N_ITEMS, dtype=np.int32)
    shelf = Shelf(rows, -rows.astype(np.float32), np.zeros(N_ITEMS, dtype=np.uint8))
    return arrange(shelf, _book().plan(_placement(rules, **keys), occasion), n)


def test_a_filter_drops_what_does_not_pass() -> None:
    answer = _listed({"filter": "price <= 3"})

    assert answer.item_rows.tolist() == [0, 1, 2]
    assert dict(answer.dropped) == {"filtered": N_ITEMS - 3}


def test_a_boost_and_a_bury_move_what_passes_their_filters() -> None:
    rules = {
        "boost": [{"filter": "price = 25", "strength": 100}],
        "bury": [{"filter": "price = 1", "strength": 100}],
    }

    rows = _listed(rules).item_rows

    assert (rows[0], rows[-1]) == (24, 0)


def test_a_cap_reads_a_column_and_a_level_of_the_category() -> None:
    rules = {"cap": [{"column": "category", "level": 1, "most": 2}]}

    answer = _listed(rules, n=6, mode="strict")

    assert answer.item_rows.tolist() == [0, 1, 12, 13]
    assert answer.dropped["capped"] == N_ITEMS - 4


def test_a_relaxed_cap_is_called_by_its_column_and_level() -> None:
    rules = {"cap": [{"column": "category", "level": 1, "most": 1}]}

    assert _listed(rules, n=3).relaxed == ("category level 1",)


def test_a_pin_is_named_by_its_item_id_and_one_that_nobody_knows_is_passed_over() -> None:
    rules = {"pin": [{"item_id": "item-020", "slot": 2}, {"item_id": "gone", "slot": 1}]}

    answer = _listed(rules, n=3)

    assert answer.item_rows.tolist() == [0, 20, 1]
    assert answer.sources[1] == Source.PINNED.code


def test_a_pinned_item_that_is_blocked_is_not_shown() -> None:
    blocked = np.arange(N_ITEMS) == 20

    answer = _listed({"pin": [{"item_id": "item-020", "slot": 2}]}, Occasion(blocked=blocked), n=3)

    assert answer.item_rows.tolist() == [0, 1, 2]
    assert answer.dropped["pin"] == 1


def test_a_price_window_in_the_shops_currency() -> None:
    answer = _listed({"price_window": {"from": 4, "to": 6}}, Occasion())

    assert answer.item_rows.tolist() == [3, 4, 5]
    assert answer.dropped["price_window"] == N_ITEMS - 3


def test_a_price_window_around_what_a_person_usually_pays() -> None:
    rules = {"price_window": {"from": 0.5, "to": 1.5, "times_usual": True}}

    around_four = _listed(rules, Occasion(usual_price=4.0))
    unknown = _listed(rules, Occasion())

    assert around_four.item_rows.tolist() == [1, 2, 3, 4, 5]
    assert len(unknown) == N_ITEMS


def test_an_item_without_a_price_stays_in_a_price_window() -> None:
    table = BUNDLE.catalogue.table
    prices = [None, *table["price"].to_pylist()[1:]]
    place = table.schema.get_field_index("price")
    changed = table.set_column(place, table.schema.field("price"), [prices])
    bundle = replace(BUNDLE, catalogue=replace(BUNDLE.catalogue, table=changed))
    placement = _placement({"price_window": {"from": 4}})

    drops = _book(bundle).plan(placement, Occasion()).drops[0]

    assert drops.drops(np.arange(4)).tolist() == [False, True, True, False]


def test_what_was_shown_lately_stands_lower() -> None:
    rules = {"recently_shown": {"strength": 100, "within_hours": 24}}

    shown = _listed(rules, Occasion(shown={"item-000": 3, "item-001": 1, "gone": 9}))
    nothing = _listed(rules, Occasion())

    assert shown.item_rows[-2:].tolist() == [1, 0]
    assert nothing.item_rows[0] == 0


def test_what_a_season_lifts_stands_higher_where_the_season_is_known() -> None:
    winter = np.zeros((8, N_ITEMS), dtype=np.float32)
    winter[0, 24] = 5.0
    bundle = _with_lifts(winter)
    placement = _placement({"lift": {"season": 10}})

    def first(situation_: Situation) -> int:
        rows = np.arange(N_ITEMS, dtype=np.int32)
        shelf = Shelf(rows, -rows.astype(np.float32), np.zeros(N_ITEMS, dtype=np.uint8))
        plan = _book(bundle).plan(placement, Occasion(situation=situation_))
        return int(arrange(shelf, plan, 1).item_rows[0])

    assert first(situation(at=CHRISTMAS, country="GB")) == 24
    assert first(situation(at=CHRISTMAS, country="AU")) == 0
    assert first(situation(at=CHRISTMAS)) == 0


def test_out_of_season_is_what_lies_below_the_floor_and_zero_switches_it_off() -> None:
    winter = np.zeros((8, N_ITEMS), dtype=np.float32)
    winter[0, :2] = np.log([0.3, 0.7])
    book, london = _book(_with_lifts(winter)), situation(at=CHRISTMAS, country="GB")

    marks = book.out_of_season(_placement({}), london)

    assert marks is not None
    assert np.flatnonzero(marks).tolist() == [0]
    assert book.out_of_season(_placement({"season_floor": 0}), london) is None
    assert _book().out_of_season(_placement({}), london) is None


def test_what_holds_for_everybody_is_resolved_once() -> None:
    book = _book()
    rules = {"cap": [{"column": "category", "most": 2}], "boost": [{"filter": "price > 3"}]}

    one, other = book.plan(_placement(rules)), book.plan(_placement(rules))

    assert one is other
    assert book.plan(_placement(rules), Occasion()) is one
    assert book.plan(_placement(rules, mode="strict")).is_strict


def test_a_placement_without_a_filter_allows_everything() -> None:
    book = _book()

    assert book.allowed(_placement({})) is None
    allowed = book.allowed(_placement({"filter": "price <= 3"}))
    assert allowed is not None
    assert np.flatnonzero(allowed).tolist() == [0, 1, 2]


@pytest.mark.parametrize("with_model", [True, False])
def test_a_shop_without_a_model_may_ask_for_diversity(with_model: bool) -> None:
    bundle = some_bundle(0, with_model=with_model)
    rows = np.arange(N_ITEMS, dtype=np.int32)
    shelf = Shelf(rows, -rows.astype(np.float32), np.zeros(N_ITEMS, dtype=np.uint8))

    plan = _book(bundle).plan(_placement({"diversity": 0.3}))

    assert len(arrange(shelf, plan, 5)) == 5


def _with_lifts(season: np.ndarray) -> Bundle:
    none = np.zeros((4, N_ITEMS), dtype=np.float32)
    lifts = ContextLifts(season=season, daypart=none, weekday=none[:2], device=none)
    return replace(BUNDLE, recommender=replace(BUNDLE.recommender, lifts=lifts))
