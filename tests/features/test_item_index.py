"""The item index: what it finds is what a comparison with every item finds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.errors import InvalidInput
from features.item_index import ItemIndex

Vectors = NDArray[np.float32]
ALWAYS_EXACT_MS, NEVER_EXACT_MS = float("inf"), 0.0


def random_vectors(seed: int, n: int, n_dimensions: int) -> Vectors:
    """Draw vectors whose lengths are heavy-tailed, as those of popular items are."""
    rng = np.random.default_rng(seed)
    lengths = rng.lognormal(sigma=0.8, size=(n, 1))
    return (lengths * rng.normal(size=(n, n_dimensions))).astype(np.float32)


def best_rows(
    vectors: Vectors, queries: Vectors, depth: int, blocked: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Compare every item with every query."""
    scores = queries @ vectors.T
    if blocked is not None:
        scores = np.where(blocked, -np.inf, scores)
    return np.argsort(-scores, axis=1, kind="stable")[:, :depth]


def recall(found: NDArray[np.int64], wanted: NDArray[np.int64]) -> float:
    return float(
        np.mean([np.isin(one, other).mean() for one, other in zip(wanted, found, strict=True)])
    )


@pytest.fixture(scope="module")
def many() -> Vectors:
    return random_vectors(1, 5000, 16)


@pytest.fixture(scope="module")
def approximate(many: Vectors) -> ItemIndex:
    return ItemIndex.build(many, budget_ms=NEVER_EXACT_MS)


sizes = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 8))


@given(sizes, st.integers(1, 70))
def test_the_exact_index_finds_what_comparing_every_item_finds(
    size: tuple[int, int, int], num_results: int
) -> None:
    seed, n_items, n_dimensions = size
    vectors = random_vectors(seed, n_items, n_dimensions)
    queries = random_vectors(seed + 1, 3, n_dimensions)

    rows, scores = ItemIndex.build(vectors, budget_ms=ALWAYS_EXACT_MS).search(queries, num_results)

    depth = min(num_results, n_items)
    wanted = -np.sort(-(queries @ vectors.T), axis=1)[:, :depth]
    assert rows.shape == scores.shape == (3, depth)
    np.testing.assert_allclose(scores, wanted, rtol=1e-4, atol=1e-4)
    of_rows = np.einsum("qd,qkd->qk", queries, vectors[rows])
    np.testing.assert_allclose(of_rows, scores, rtol=1e-4, atol=1e-4)
    assert all(len(set(one)) == depth for one in rows.tolist())


def test_a_generous_budget_keeps_the_index_exact(many: Vectors) -> None:
    choice = ItemIndex.build(many, budget_ms=ALWAYS_EXACT_MS).choice

    assert (choice.kind, choice.recall, choice.n_probe) == ("exact", 1.0, 0)
    assert choice.exact_ms > 0
    assert choice.largest_norm == pytest.approx(np.sqrt((many**2).sum(axis=1)).max())


def test_without_a_budget_the_index_is_approximate_and_states_its_recall(
    many: Vectors, approximate: ItemIndex
) -> None:
    asked = many[:: len(many) // 64][:64]

    found, _ = approximate.search(asked, 100)

    assert approximate.choice.kind == "ivf"
    assert approximate.choice.recall >= 0.99
    assert recall(found, best_rows(many, asked, 100)) == pytest.approx(approximate.choice.recall)


def test_the_stated_recall_holds_for_queries_it_was_not_measured_on(
    many: Vectors, approximate: ItemIndex
) -> None:
    queries = np.random.default_rng(2).normal(size=(200, 16)).astype(np.float32)

    found, _ = approximate.search(queries, 100)

    assert recall(found, best_rows(many, queries, 100)) >= 0.9


def test_the_approximate_scores_are_inner_products(many: Vectors, approximate: ItemIndex) -> None:
    queries = random_vectors(3, 20, 16)

    rows, scores = approximate.search(queries, 50)

    # A score is a difference of squared lengths, so its error grows with the longest of them.
    tolerance = 1e-6 * approximate.choice.largest_norm**2
    expected = np.einsum("qd,qkd->qk", queries, many[rows])
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=tolerance)


@pytest.mark.parametrize("budget_ms", [ALWAYS_EXACT_MS, NEVER_EXACT_MS])
def test_scores_never_increase_down_a_list(many: Vectors, budget_ms: float) -> None:
    _, scores = ItemIndex.build(many, budget_ms=budget_ms).search(random_vectors(4, 50, 16), 300)

    assert (np.diff(scores, axis=1) <= 0).all()


def test_places_that_could_not_be_filled_are_marked_and_come_last(
    many: Vectors, approximate: ItemIndex
) -> None:
    narrow = ItemIndex(approximate.index, many, replace(approximate.choice, n_probe=1))

    rows, scores = narrow.search(many[:5], len(many))

    missing = rows == -1
    assert missing.any(axis=1).all()
    assert (np.diff(missing.astype(int), axis=1) >= 0).all()
    np.testing.assert_array_equal(scores[missing], -np.inf)
    assert np.isfinite(scores[~missing]).all()


@pytest.mark.parametrize("budget_ms", [ALWAYS_EXACT_MS, NEVER_EXACT_MS])
def test_an_index_opened_from_disk_finds_the_same(
    many: Vectors, budget_ms: float, tmp_path: Path
) -> None:
    built = ItemIndex.build(many, budget_ms=budget_ms)
    queries = random_vectors(5, 20, 16)

    built.save(tmp_path / "items.faiss")
    opened = ItemIndex.open(tmp_path / "items.faiss", many, built.choice)

    assert len(opened) == len(many)
    for before, after in zip(built.search(queries, 30), opened.search(queries, 30), strict=True):
        np.testing.assert_array_equal(before, after)


def test_nothing_is_found_where_nothing_is_asked_for_or_there(many: Vectors) -> None:
    nothing_there = ItemIndex.build(np.zeros((0, 16), dtype=np.float32))

    for rows, scores in (
        nothing_there.search(many[:2], 5),
        ItemIndex.build(many).search(many[:2], 0),
    ):
        assert rows.shape == scores.shape == (2, 0)


def test_nobody_asking_gets_an_empty_answer(many: Vectors) -> None:
    rows, scores = ItemIndex.build(many).search(many[:0], 5)

    assert rows.shape == scores.shape == (0, 5)


def test_a_single_vector_is_no_batch(many: Vectors) -> None:
    with pytest.raises(InvalidInput, match=r"queries must have the shape \(n, d\); got \(16,\)"):
        ItemIndex.build(many).search(many[0], 5)


@pytest.mark.parametrize(
    ("budget_ms", "least_recall"), [(ALWAYS_EXACT_MS, 1.0), (NEVER_EXACT_MS, 0.9)]
)
def test_what_nobody_may_be_shown_is_never_found(
    many: Vectors, budget_ms: float, least_recall: float
) -> None:
    findable = np.arange(len(many)) % 3 > 0

    index = ItemIndex.build(many, findable=findable, budget_ms=budget_ms)
    rows, _ = index.search(many[:50], 100)

    shown = np.flatnonzero(findable)
    wanted = shown[best_rows(many[shown], many[:50], 100)]
    assert len(index) == len(shown)
    assert findable[rows].all()
    assert recall(rows, wanted) >= least_recall


@given(sizes, st.integers(1, 12), st.floats(0, 1), st.floats(0, 1))
def test_what_is_blocked_for_a_person_is_passed_over(
    size: tuple[int, int, int], num_results: int, share: float, hidden_share: float
) -> None:
    seed, n_items, n_dimensions = size
    vectors = random_vectors(seed, n_items, n_dimensions)
    queries = random_vectors(seed + 1, 4, n_dimensions)
    rng = np.random.default_rng(seed)
    findable = rng.random(n_items) >= hidden_share
    own = rng.random((4, n_items)) < share
    blocked = own | ~findable

    found = ItemIndex.build(vectors, findable=findable, budget_ms=ALWAYS_EXACT_MS).search_unblocked(
        queries, num_results, blocked=blocked, n_blocked=(own & findable).sum(axis=1)
    )

    wanted = best_rows(vectors, queries, num_results, blocked)
    assert found.shape == (4, num_results)
    for person in range(4):
        free = int((~blocked[person]).sum())
        expected = wanted[person, :free].tolist()
        assert found[person].tolist() == expected + [-1] * (num_results - len(expected))


def test_a_little_and_a_lot_to_pass_over_are_treated_alike(many: Vectors) -> None:
    queries = random_vectors(8, 12, 16)
    share = np.linspace(0, 0.9, 12)[:, None]
    blocked = np.random.default_rng(9).random((12, len(many))) < share

    found = ItemIndex.build(many, budget_ms=ALWAYS_EXACT_MS).search_unblocked(
        queries, 20, blocked=blocked, n_blocked=blocked.sum(axis=1)
    )

    np.testing.assert_array_equal(found, best_rows(many, queries, 20, blocked))


@pytest.mark.parametrize("budget_ms", [ALWAYS_EXACT_MS, NEVER_EXACT_MS])
def test_a_list_is_the_same_in_every_batch(many: Vectors, budget_ms: float) -> None:
    index = ItemIndex.build(many, budget_ms=budget_ms)
    queries = random_vectors(6, 12, 16)
    rng = np.random.default_rng(7)
    blocked = rng.random((12, len(many))) < np.linspace(0, 0.3, 12)[:, None]
    n_blocked = blocked.sum(axis=1)

    together = index.search_unblocked(queries, 20, blocked=blocked, n_blocked=n_blocked)

    alone = [
        index.search_unblocked(
            queries[[row]], 20, blocked=blocked[[row]], n_blocked=n_blocked[[row]]
        )
        for row in range(12)
    ]
    np.testing.assert_array_equal(together, np.vstack(alone))
    assert not np.take_along_axis(blocked, together, axis=1).any()


def test_nothing_unblocked_is_found_where_nothing_is_there() -> None:
    nothing_there = ItemIndex.build(np.zeros((0, 4), dtype=np.float32))

    found = nothing_there.search_unblocked(
        np.ones((2, 4), dtype=np.float32),
        3,
        blocked=np.zeros((2, 0), dtype=np.bool_),
        n_blocked=np.zeros(2, dtype=np.int64),
    )

    assert found.tolist() == [[-1] * 3] * 2
