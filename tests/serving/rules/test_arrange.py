"""Laws of every list that rules make."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from features.candidates import Source
from serving.rules import Arranged, Plan, Shelf, arrange
from serving.rules.caps import Cap
from serving.rules.drops import Exclusion, PriceWindow
from serving.rules.moves import Push
from tests.serving.rules.drawn import (
    N_ITEMS,
    Drawn,
    boosts,
    fullest,
    mask_of,
    pins,
    questions,
    shelf_of,
    shelves,
    some_caps,
)

# Ten items of two brands, in turn.
BRANDS = np.arange(N_ITEMS, dtype=np.int32) % 2
TEN = shelf_of(list(range(10)), [10.0 - row for row in range(10)])


def _answer(drawn: Drawn) -> Arranged:
    return arrange(drawn.shelf, drawn.plan, drawn.num_results, fallback=drawn.fallback)


def _may_be_shown(drawn: Drawn) -> set[int]:
    """Name what could be in the list, caps aside."""
    parts = [drawn.shelf] if drawn.plan.is_strict else [drawn.shelf, drawn.fallback]
    rows = np.concatenate([part.item_rows for part in parts])
    for drop in drawn.plan.drops:
        rows = rows[~drop.drops(rows)]
    pinned, _ = drawn.plan.pinned(drawn.num_results)
    return {*rows.tolist(), *pinned.values()}


@given(drawn=questions())
def test_no_item_is_in_a_list_twice(drawn: Drawn) -> None:
    rows = _answer(drawn).item_rows.tolist()

    assert len(rows) == len(set(rows)) <= drawn.num_results


@given(drawn=questions(is_strict=False))
def test_a_filled_list_is_as_long_as_there_are_items(drawn: Drawn) -> None:
    answer = _answer(drawn)

    assert len(answer) == min(drawn.num_results, len(_may_be_shown(drawn)))
    assert set(answer.item_rows.tolist()) <= _may_be_shown(drawn)


@given(drawn=questions(is_strict=True, caps=()))
def test_a_strict_list_is_as_long_as_there_are_candidates_and_pins(drawn: Drawn) -> None:
    answer = _answer(drawn)

    assert len(answer) == min(drawn.num_results, len(_may_be_shown(drawn)))
    assert Source.POPULAR.code not in answer.sources


@given(drawn=questions())
def test_an_excluded_item_is_in_no_list_pinned_or_not(drawn: Drawn) -> None:
    excluded = [drop for drop in drawn.plan.drops if isinstance(drop, Exclusion)]

    rows = _answer(drawn).item_rows

    assert not any(drop.mask[rows].any() for drop in excluded)


@given(drawn=questions())
def test_an_item_outside_the_price_window_is_in_a_list_only_where_it_is_pinned(
    drawn: Drawn,
) -> None:
    windows = [drop for drop in drawn.plan.drops if isinstance(drop, PriceWindow)]
    rows = _answer(drawn).item_rows

    free = rows[~np.isin(rows, list(drawn.plan.pins.values()))]

    assert not any(window.drops(free).any() for window in windows)


@given(drawn=questions(is_strict=True, caps=some_caps, pins={}))
def test_a_strict_list_keeps_every_cap_in_every_window(drawn: Drawn) -> None:
    answer = _answer(drawn)

    assert all(fullest(answer, cap) <= cap.most for cap in drawn.plan.caps)
    assert answer.relaxed == ()


@given(drawn=questions(is_strict=True, caps=some_caps, pins={}))
def test_a_strict_list_is_short_only_where_nothing_more_fits_behind_it(drawn: Drawn) -> None:
    answer = _answer(drawn)
    left = _may_be_shown(drawn) - set(answer.item_rows.tolist())
    assume(len(answer) < drawn.num_results)

    longer = [Arranged(np.append(answer.item_rows, row), *_of_no_matter()) for row in left]

    assert answer.dropped["capped"] == len(left)
    for one in longer:
        assert any(fullest(one, cap) > cap.most for cap in drawn.plan.caps)


@given(drawn=questions(is_strict=False, caps=some_caps, pins={}))
def test_a_filled_list_names_each_cap_that_it_breaks(drawn: Drawn) -> None:
    answer = _answer(drawn)

    broken = {cap.name for cap in drawn.plan.caps if fullest(answer, cap) > cap.most}
    assert broken <= set(answer.relaxed)
    assert answer.dropped["capped"] == 0


@given(drawn=questions(is_strict=True, caps=some_caps, pins=pins(), drops=()))
def test_what_is_not_pinned_keeps_the_caps_beside_pins(drawn: Drawn) -> None:
    answer = _answer(drawn)

    assert all(fullest(answer, cap, drawn.plan.pins) <= cap.most for cap in drawn.plan.caps)


@given(drawn=questions(pins=pins()))
def test_a_pin_stands_in_its_slot_and_in_a_short_list_behind_the_others(drawn: Drawn) -> None:
    pinned, _ = drawn.plan.pinned(drawn.num_results)

    answer = _answer(drawn)

    places = {row: slot for slot, row in enumerate(answer.item_rows.tolist(), start=1)}
    n_behind = len(answer)
    for slot, row in sorted(pinned.items(), reverse=True):
        assert places[row] == min(slot, n_behind)
        n_behind = min(n_behind, places[row]) - 1
    is_pinned = np.isin(answer.item_rows, list(pinned.values()))
    assert np.array_equal(answer.sources == Source.PINNED.code, is_pinned)


@given(shelf=shelves(), num_results=st.integers(1, 12))
def test_without_rules_the_best_scores_come_first_and_equal_ones_stay_in_their_order(
    shelf: Shelf, num_results: int
) -> None:
    answer = arrange(shelf, Plan(), num_results)

    pairs = zip(shelf.scores.tolist(), shelf.item_rows.tolist(), strict=True)
    wanted = [row for _, row in sorted(pairs, key=lambda pair: -pair[0])]
    assert answer.item_rows.tolist() == wanted[:num_results]
    assert not answer.dropped


@given(shelf=shelves(), boost=boosts)
def test_a_boost_lowers_no_boosted_item(shelf: Shelf, boost: Push) -> None:
    before = arrange(shelf, Plan(), N_ITEMS).item_rows.tolist()
    after = arrange(shelf, Plan(moves=(boost,)), N_ITEMS).item_rows.tolist()

    for row in np.flatnonzero(boost.amounts).tolist():
        assert row not in before or after.index(row) <= before.index(row)


@given(shelf=shelves(), some=some_caps, row=st.integers(0, N_ITEMS - 1))
def test_a_boosted_item_does_not_stand_lower_under_caps(
    shelf: Shelf, some: tuple[Cap, ...], row: int
) -> None:
    assume(row in shelf.item_rows)

    before = arrange(shelf, Plan(caps=some), N_ITEMS).item_rows.tolist()
    boost = Push(mask_of(row), 1.0)
    after = arrange(shelf, Plan(caps=some, moves=(boost,)), N_ITEMS).item_rows.tolist()

    assert after.index(row) <= before.index(row)


@given(drawn=questions())
def test_the_ranker_may_score_in_any_unit(drawn: Drawn) -> None:
    shelf = drawn.shelf
    assume(len(set(shelf.scores.tolist())) > 1)
    louder = Shelf(shelf.item_rows, shelf.scores * 4, shelf.sources)

    answer = _answer(drawn)
    again = _answer(Drawn(louder, drawn.fallback, drawn.plan, drawn.num_results))

    assert again.item_rows.tolist() == answer.item_rows.tolist()


@given(drawn=questions())
def test_nothing_given_is_changed(drawn: Drawn) -> None:
    shelf = drawn.shelf
    before = (shelf.item_rows.copy(), shelf.scores.copy(), shelf.sources.copy())

    _answer(drawn)

    after = (shelf.item_rows, shelf.scores, shelf.sources)
    assert all(map(np.array_equal, after, before))


def test_a_strict_list_says_how_many_each_rule_dropped() -> None:
    plan = Plan(
        drops=(
            Exclusion("excluded", mask_of(0, 1)),
            PriceWindow(np.arange(N_ITEMS, dtype=np.float64), 0.0, 7.0),
        ),
        caps=(Cap("brand", BRANDS, most=1),),
        pins={2: 1},
        is_strict=True,
    )

    answer = arrange(TEN, plan, 5)

    # Of 2 to 7 one of each brand may stand; the pinned item 1 may not be shown.
    assert answer.item_rows.tolist() == [2, 3]
    assert dict(answer.dropped) == {"excluded": 2, "price_window": 2, "capped": 4, "pin": 1}


def test_a_fallback_is_taken_before_a_cap_is_relaxed() -> None:
    fallback = shelf_of([20, 21, 22], [0.0, 0.0, 0.0], Source.POPULAR)
    brands = np.where(np.arange(N_ITEMS) < 20, 0, np.arange(N_ITEMS)).astype(np.int32)
    plan = Plan(caps=(Cap("brand", brands, most=2),))

    answer = arrange(TEN, plan, 6, fallback=fallback)

    assert answer.item_rows.tolist() == [0, 1, 20, 21, 22, 2]
    assert answer.relaxed == ("brand",)


def test_a_fallback_stands_behind_the_candidates_in_its_order() -> None:
    fallback = shelf_of([3, 25, 20], [0.0, 1.0, 9.0], Source.POPULAR)

    answer = arrange(TEN.take(slice(4)), Plan(), 6, fallback=fallback)

    assert answer.item_rows.tolist() == [0, 1, 2, 3, 25, 20]
    assert answer.scores.tolist() == [10.0, 9.0, 8.0, 7.0, 7.0 - 1, 7.0 - 2]


def test_a_pin_below_the_list_is_a_candidate_like_any_other() -> None:
    answer = arrange(TEN, Plan(pins={9: 0, 2: 29}), 3)

    assert answer.item_rows.tolist() == [0, 29, 1]
    assert answer.scores.tolist() == [10.0, 1.0, 9.0]
    assert answer.sources[1] == Source.PINNED.code


def test_an_empty_shelf_gives_an_empty_list() -> None:
    nothing = shelf_of([], [])
    plan = Plan(caps=(Cap("brand", BRANDS, most=1),), moves=(Push(mask_of(1), 1.0),))

    assert len(arrange(nothing, plan, 3)) == len(arrange(nothing, Plan(), 3)) == 0


def _of_no_matter() -> tuple[np.ndarray, np.ndarray]:
    return np.empty(0, dtype=np.float32), np.empty(0, dtype=np.uint8)
