"""Maximal marginal relevance: each item adds the most that is left to add."""

import numpy as np
import pytest
from hypothesis import given

from serving.rules import Plan, Shelf, arrange
from serving.rules.caps import Cap
from serving.rules.diversity import Diversity
from tests.serving.rules.drawn import N_ITEMS, diversities, shelf_of, shelves

# Items 0, 1 and 2 are alike, 3 and 4 are, and of the others nothing is known.
AXES = np.zeros((N_ITEMS, 2), dtype=np.float32)
AXES[:3, 0], AXES[3:5, 1] = 3.0, 0.5
FIVE = shelf_of([0, 1, 2, 3, 4], [4.0, 3.0, 2.0, 1.0, 0.0])


def _rows(share: float, **plan: object) -> list[int]:
    chosen = Plan(diversity=Diversity(AXES, share), **plan)  # type: ignore[arg-type]  # any part
    return arrange(FIVE, chosen, 5).item_rows.tolist()


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        (0.0, [0, 1, 2, 3, 4]),
        # After item 0, item 1 is worth 3/4 (1 - s) - s, and item 3, unlike it, 1/4 (1 - s).
        (0.3, [0, 1, 3, 2, 4]),
        (0.4, [0, 3, 1, 2, 4]),
        (1.0, [0, 3, 1, 2, 4]),
    ],
)
def test_the_more_difference_counts_the_earlier_comes_what_is_unlike(
    share: float, wanted: list[int]
) -> None:
    assert _rows(share) == wanted


def test_a_pinned_item_counts_for_the_mixture_before_its_slot_comes() -> None:
    # Item 1 stands in the second slot, so that item 0 adds less than item 3 from the beginning.
    assert _rows(0.6, pins={2: 1})[:2] == [3, 1]


def test_caps_and_diversity_are_kept_together() -> None:
    brands = np.arange(N_ITEMS, dtype=np.int32) % 3

    rows = _rows(0.4, caps=(Cap("brand", brands, most=1),), is_strict=True)

    # Without the cap item 3 would be next, but it is of item 0's brand.
    assert rows == [0, 1, 2]


def test_where_all_score_the_same_their_order_speaks() -> None:
    shelf = shelf_of([0, 1, 2, 3], [0.0] * 4)

    rows = arrange(shelf, Plan(diversity=Diversity(AXES, 0.25)), 4).item_rows.tolist()

    # Places are worth 1, 3/4, 2/4 and 1/4. Second: 0.75 * 3/4 - 0.25 > 0.75 * 1/4, and third:
    # 0.75 * 2/4 - 0.25 < 0.75 * 1/4.
    assert rows == [0, 1, 3, 2]


@given(shelf=shelves(), diversity=diversities())
def test_every_item_is_the_best_that_was_left(shelf: Shelf, diversity: Diversity) -> None:
    scores = dict(zip(shelf.item_rows.tolist(), shelf.scores.tolist(), strict=True))
    low, high = min(scores.values(), default=0), max(scores.values(), default=0)
    if low == high:
        return  # then it is by the order, as the law above says

    rows = arrange(shelf, Plan(diversity=diversity), N_ITEMS).item_rows.tolist()

    def worth(row: int, before: list[int]) -> float:
        relevance = (scores[row] - low) / (high - low)
        nearest = max((_cosine(diversity, row, other) for other in before), default=0.0)
        return (1 - diversity.share) * relevance - diversity.share * max(nearest, 0.0)

    for place, row in enumerate(rows):
        best = max(worth(other, rows[:place]) for other in rows[place:])
        assert worth(row, rows[:place]) == pytest.approx(best, abs=1e-5)


def _cosine(diversity: Diversity, row: int, other: int) -> float:
    one, two = diversity.vectors[row], diversity.vectors[other]
    lengths = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(one @ two) / lengths if lengths else 0.0
