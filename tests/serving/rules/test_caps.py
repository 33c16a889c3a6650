"""Caps hold in every window, and items without a value are like no other."""

import numpy as np

from serving.rules import Plan, arrange
from serving.rules.caps import UNKNOWN, Cap
from tests.serving.rules.drawn import N_ITEMS, shelf_of


def _arranged(brands: str, cap: dict[str, int | None], n: int, **plan: object) -> str:
    """Arrange items of the brands named, the best first, and name the brands of the list."""
    codes = np.full(N_ITEMS, UNKNOWN, dtype=np.int32)
    codes[: len(brands)] = [UNKNOWN if one == "-" else ord(one) for one in brands]
    shelf = shelf_of(list(range(len(brands))), [float(-row) for row in range(len(brands))])
    chosen = Plan(caps=(Cap("brand", codes, **cap),), **plan)  # type: ignore[arg-type]  # drawn
    return "".join(brands[row] for row in arrange(shelf, chosen, n).item_rows)


def test_a_cap_without_a_window_holds_in_the_whole_list() -> None:
    assert _arranged("aaabbbc", {"most": 2}, 5, is_strict=True) == "aabbc"


def test_a_cap_in_a_window_lets_a_brand_come_again_behind_it() -> None:
    assert _arranged("aaabbb", {"most": 1, "window": 2}, 6, is_strict=True) == "ababab"


def test_two_in_any_three_slots() -> None:
    assert _arranged("aaaabb", {"most": 2, "window": 3}, 6, is_strict=True) == "aabaab"


def test_items_without_a_brand_are_not_capped() -> None:
    assert _arranged("a---a", {"most": 1}, 5, is_strict=True) == "a---"


def test_a_pin_ahead_counts_for_the_slots_before_it() -> None:
    # Item 2 of brand a is pinned to the third slot: none of its brand stands beside it.
    assert _arranged("aaabbb", {"most": 1, "window": 2}, 5, pins={3: 2}) == "ababa"
    assert _arranged("aabbbb", {"most": 1, "window": 3}, 4, pins={3: 1}, is_strict=True) == "ba"


def test_two_pins_of_one_brand_stand_side_by_side() -> None:
    assert _arranged("aaab", {"most": 1}, 3, pins={1: 0, 2: 1}, is_strict=True) == "aab"


def test_filling_breaks_the_cap_where_nothing_else_is_left() -> None:
    assert _arranged("aaab", {"most": 1}, 4) == "abaa"
