"""Laws of the metrics of all lists together, checked against a naive second implementation."""

from itertools import combinations
from math import log2, sqrt
from statistics import mean

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st

from features.errors import InvalidInput, NotEnoughData
from training import list_metrics
from training.list_metrics import (
    catalogue_coverage,
    intra_list_diversity,
    novelty,
    popularity_lift,
)

N_ITEMS = 8
EMPTY = np.full((2, 3), -1)


@st.composite
def lists(draw: st.DrawFn) -> np.ndarray:
    """Draw lists with empty places anywhere, at least one of them showing something."""
    k = draw(st.integers(1, N_ITEMS))
    is_empty = st.lists(st.booleans(), min_size=k, max_size=k)
    shown = [
        [
            -1 if empty else item
            for item, empty in zip(
                draw(st.permutations(range(N_ITEMS))), draw(is_empty), strict=False
            )
        ]
        for _ in range(draw(st.integers(1, 5)))
    ]
    assume(any(item >= 0 for one in shown for item in one))
    return np.array(shown, dtype=np.int32)


popularities = st.lists(st.integers(0, 50), min_size=N_ITEMS, max_size=N_ITEMS).map(
    lambda counts: np.array(counts, dtype=np.float64)
)
item_tables = st.lists(
    st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=N_ITEMS, max_size=N_ITEMS
).map(lambda rows: np.array(rows, dtype=np.float32))


def items_of(recommended: np.ndarray) -> list[list[int]]:
    return [[item for item in one if item >= 0] for one in recommended.tolist()]


def naive_cosine(a: list[float], b: list[float]) -> float:
    lengths = sqrt(sum(x * x for x in a)) * sqrt(sum(x * x for x in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


@given(lists())
def test_coverage_is_the_share_of_items_that_anybody_sees(recommended: np.ndarray) -> None:
    seen = {item for one in items_of(recommended) for item in one}

    assert catalogue_coverage(recommended, n_items=N_ITEMS) == len(seen) / N_ITEMS


def test_nothing_shown_covers_nothing() -> None:
    assert catalogue_coverage(EMPTY, n_items=5) == 0.0


def test_coverage_of_more_than_everything_is_refused() -> None:
    with pytest.raises(InvalidInput, match="3 different items are shown out of 2"):
        catalogue_coverage(np.array([[5, 6, 7]]), n_items=2)
    with pytest.raises(InvalidInput, match="be at least 1"):
        catalogue_coverage(EMPTY, n_items=0)


@given(lists(), popularities)
def test_novelty_equals_its_naive_second_implementation(
    recommended: np.ndarray, popularity: np.ndarray
) -> None:
    total = sum(popularity) + N_ITEMS
    per_list = [
        mean(-log2((popularity[item] + 1) / total) for item in items)
        for items in items_of(recommended)
        if items
    ]

    assert novelty(recommended, popularity) == pytest.approx(mean(per_list))


def test_novelty_by_hand() -> None:
    bought = np.array([5.0, 1.0, 0.0, 6.0])  # with one more each: 6, 2, 1 and 7 of 16

    assert novelty(np.array([[1, 2, -1]]), bought) == -(log2(2 / 16) + log2(1 / 16)) / 2


def test_an_item_that_nobody_bought_is_the_most_novel_and_finite() -> None:
    bought = np.array([100.0, 3.0, 0.0])

    unknown, niche, bestseller = (novelty(np.array([[item]]), bought) for item in (2, 1, 0))

    assert np.inf > unknown > niche > bestseller > 0


@given(lists(), popularities, st.data())
def test_popularity_lift_equals_its_naive_second_implementation(
    recommended: np.ndarray, popularity: np.ndarray, data: st.DataObject
) -> None:
    some = st.sets(st.integers(0, N_ITEMS - 1), min_size=1)
    wanted = [data.draw(some) for _ in recommended]
    bought = mean(mean(popularity[item] for item in items) for items in wanted)
    assume(bought > 0)
    shown = mean(
        mean(popularity[item] for item in items) for items in items_of(recommended) if items
    )
    matrix = sp.csr_array([[float(item in items) for item in range(N_ITEMS)] for items in wanted])

    assert popularity_lift(recommended, matrix, popularity) == pytest.approx(shown / bought)


def test_showing_what_is_bought_has_no_lift() -> None:
    bought = sp.csr_array([[1, 1, 0, 0], [0, 0, 1, 0]])

    assert popularity_lift(np.array([[1, 0], [2, -1]]), bought, np.array([7.0, 3, 5, 9])) == 1.0


def test_a_lift_over_purchases_of_unknown_items_only_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="nothing that was bought had any popularity"):
        popularity_lift(np.array([[0]]), sp.csr_array([[0, 1]]), np.array([9.0, 0.0]))


@given(lists(), item_tables)
def test_diversity_equals_its_naive_second_implementation(
    recommended: np.ndarray, item_vectors: np.ndarray
) -> None:
    pairs = [list(combinations(items, 2)) for items in items_of(recommended)]
    assume(any(pairs))
    vectors = item_vectors.tolist()
    per_list = [
        mean(1 - naive_cosine(vectors[a], vectors[b]) for a, b in one) for one in pairs if one
    ]

    assert intra_list_diversity(recommended, item_vectors) == pytest.approx(mean(per_list))


@given(lists(), item_tables, st.integers(1, 40))
def test_diversity_does_not_depend_on_the_batches(
    recommended: np.ndarray, item_vectors: np.ndarray, numbers_at_once: int
) -> None:
    assume(((recommended >= 0).sum(axis=1) > 1).any())
    in_one = intra_list_diversity(recommended, item_vectors)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(list_metrics, "_NUMBERS_AT_ONCE", numbers_at_once)
        in_many = intra_list_diversity(recommended, item_vectors)

    assert in_many == pytest.approx(in_one)


def test_diversity_by_hand() -> None:
    north, east, south, nowhere = [0, 1], [3, 0], [0, -2], [0, 0]
    item_vectors = np.array([north, east, south, nowhere], dtype=np.float32)

    def diversity(*items: int) -> float:
        return intra_list_diversity(np.array([items]), item_vectors)

    assert diversity(0, 1) == 1 - 0
    assert diversity(0, 2) == 1 - -1
    assert diversity(0, 1, 2) == pytest.approx(((1 - 0) + (1 - 0) + (1 - -1)) / 3)
    assert diversity(0, 3) == 1 - 0


def test_lists_without_a_pair_do_not_count_in_diversity() -> None:
    item_vectors = np.array([[1.0, 0.0], [0.0, 1.0]])

    assert intra_list_diversity(np.array([[0, 1], [0, -1], [-1, -1]]), item_vectors) == 1.0
    with pytest.raises(NotEnoughData, match="no list has two items"):
        intra_list_diversity(np.array([[0, -1], [-1, 1]]), item_vectors)


def test_lists_that_show_nothing_cannot_be_measured() -> None:
    ones, bought = np.ones(N_ITEMS), sp.csr_array(np.ones((2, N_ITEMS)))

    with pytest.raises(NotEnoughData, match="every list is empty"):
        novelty(EMPTY, ones)
    with pytest.raises(NotEnoughData, match="every list is empty"):
        popularity_lift(EMPTY, bought, ones)
    with pytest.raises(NotEnoughData, match="every list is empty"):
        intra_list_diversity(EMPTY, np.ones((N_ITEMS, 2)))


def test_an_item_row_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInput, match=f"item row {N_ITEMS} does not exist"):
        novelty(np.array([[0, N_ITEMS]]), np.ones(N_ITEMS))
