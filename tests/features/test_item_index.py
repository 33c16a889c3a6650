"""The item index: what it finds is what a comparison with every free item finds."""

from collections.abc import Callable
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
Mask = NDArray[np.bool_]
ALWAYS_EXACT_MS, NEVER_EXACT_MS = float("inf"), 0.0
kinds = pytest.mark.parametrize("budget_ms", [ALWAYS_EXACT_MS, NEVER_EXACT_MS])


def random_vectors(seed: int, n: int, n_dimensions: int) -> Vectors:
    """Draw vectors whose lengths are heavy-tailed, as those of popular items are."""
    rng = np.random.default_rng(seed)
    lengths = rng.lognormal(sigma=0.8, size=(n, 1))
    return (lengths * rng.normal(size=(n, n_dimensions))).astype(np.float32)


def best_rows(
    vectors: Vectors, queries: Vectors, depth: int, blocked: Mask | None = None
) -> NDArray[np.int64]:
    """Compare every item with every query."""
    scores = queries @ vectors.T
    if blocked is not None:
        scores = np.where(blocked, -np.inf, scores)
    return np.argsort(-scores, axis=1, kind="stable")[:, :depth]


def recall(found: NDArray[np.integer], wanted: NDArray[np.int64]) -> float:
    return float(
        np.mean([np.isin(one, other).mean() for one, other in zip(wanted, found, strict=True)])
    )


def nothing_blocked(queries: Vectors, vectors: Vectors) -> Mask:
    return np.zeros((len(queries), len(vectors)), dtype=np.bool_)


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

    rows = ItemIndex.build(vectors, budget_ms=ALWAYS_EXACT_MS).search_unblocked(
        queries, num_results, blocked=nothing_blocked(queries, vectors)
    )

    depth = min(num_results, n_items)
    wanted = -np.sort(-(queries @ vectors.T), axis=1)[:, :depth]
    of_rows = np.einsum("qd,qkd->qk", queries, vectors[rows[:, :depth]])
    np.testing.assert_allclose(of_rows, wanted, rtol=1e-4, atol=1e-4)
    assert all(len(set(one)) == depth for one in rows[:, :depth].tolist())
    assert (rows[:, depth:] == -1).all()


def test_a_generous_budget_keeps_the_index_exact(many: Vectors) -> None:
    choice = ItemIndex.build(many, budget_ms=ALWAYS_EXACT_MS).choice

    assert (choice.kind, choice.recall, choice.n_probe) == ("exact", 1.0, 0)
    assert choice.exact_ms > 0
    assert choice.largest_norm == pytest.approx(np.sqrt((many**2).sum(axis=1)).max())


def test_without_a_budget_the_index_is_approximate_and_states_its_recall(
    approximate: ItemIndex,
) -> None:
    assert approximate.choice.kind == "ivf"
    assert approximate.choice.recall >= 0.99


@pytest.mark.parametrize("length", [0.01, 1.0, 100.0])
def test_the_stated_recall_holds_for_people_it_was_not_measured_on_however_sure_they_are(
    many: Vectors, approximate: ItemIndex, length: float
) -> None:
    drawn = np.random.default_rng(2).normal(size=(200, 16))
    queries = (length * drawn).astype(np.float32)

    found = approximate.search_unblocked(queries, 100, blocked=nothing_blocked(queries, many))

    assert recall(found, best_rows(many, queries, 100)) >= 0.98


@kinds
def test_scores_never_increase_down_a_list(many: Vectors, budget_ms: float) -> None:
    queries = random_vectors(4, 50, 16)
    index = ItemIndex.build(many, budget_ms=budget_ms)

    rows = index.search_unblocked(queries, 300, blocked=nothing_blocked(queries, many))

    scores = np.einsum("qd,qkd->qk", queries, many[rows])
    assert (np.diff(scores, axis=1) <= 1e-4).all()


@kinds
def test_an_index_opened_from_disk_finds_the_same(
    many: Vectors, budget_ms: float, tmp_path: Path
) -> None:
    built = ItemIndex.build(many, findable=np.arange(len(many)) % 5 > 0, budget_ms=budget_ms)
    queries = random_vectors(5, 20, 16)
    blocked = np.random.default_rng(5).random((20, len(many))) < 0.3

    built.save(tmp_path / "items.faiss")
    opened = ItemIndex.open(tmp_path / "items.faiss", many, built.choice)

    assert len(opened) == len(built) == 4000
    np.testing.assert_array_equal(
        opened.search_unblocked(queries, 30, blocked=blocked),
        built.search_unblocked(queries, 30, blocked=blocked),
    )


def test_nobody_asking_gets_an_empty_answer(many: Vectors) -> None:
    nobody = many[:0]

    found = ItemIndex.build(many).search_unblocked(nobody, 5, blocked=nothing_blocked(nobody, many))

    assert found.shape == (0, 5)


def test_a_single_vector_is_no_batch(many: Vectors) -> None:
    with pytest.raises(InvalidInput, match=r"queries must have the shape \(n, d\); got \(16,\)"):
        ItemIndex.build(many).search_unblocked(many[0], 5, blocked=nothing_blocked(many[:1], many))


@given(sizes, st.integers(1, 12), st.floats(0, 1), st.floats(0, 1))
def test_what_is_blocked_for_a_person_is_passed_over(
    size: tuple[int, int, int], num_results: int, share: float, hidden_share: float
) -> None:
    seed, n_items, n_dimensions = size
    vectors = random_vectors(seed, n_items, n_dimensions)
    queries = random_vectors(seed + 1, 4, n_dimensions)
    rng = np.random.default_rng(seed)
    findable = rng.random(n_items) >= hidden_share
    blocked = rng.random((4, n_items)) < share

    found = ItemIndex.build(vectors, findable=findable, budget_ms=ALWAYS_EXACT_MS).search_unblocked(
        queries, num_results, blocked=blocked
    )

    wanted = best_rows(vectors, queries, num_results, blocked)
    assert found.shape == (4, num_results)
    for person in range(4):
        free = int((~blocked[person]).sum())
        expected = wanted[person, :free].tolist()
        assert found[person].tolist() == expected + [-1] * (num_results - len(expected))


def test_a_little_and_a_lot_to_pass_over_are_treated_alike(many: Vectors) -> None:
    queries = random_vectors(8, 12, 16)
    share = np.linspace(0, 0.999, 12)[:, None]
    blocked = np.random.default_rng(9).random((12, len(many))) < share

    found = ItemIndex.build(many, budget_ms=ALWAYS_EXACT_MS).search_unblocked(
        queries, 20, blocked=blocked
    )

    for person in range(12):
        free = min(20, int((~blocked[person]).sum()))
        wanted = best_rows(many, queries[[person]], free, blocked[[person]])[0]
        assert found[person].tolist() == wanted.tolist() + [-1] * (20 - free)


@kinds
def test_a_list_is_the_same_in_every_batch(many: Vectors, budget_ms: float) -> None:
    index = ItemIndex.build(many, budget_ms=budget_ms)
    queries = random_vectors(6, 40, 16)
    rng = np.random.default_rng(7)
    blocked = rng.random((40, len(many))) < np.linspace(0, 0.99, 40)[:, None]

    together = index.search_unblocked(queries, 20, blocked=blocked)

    alone = [
        index.search_unblocked(queries[[row]], 20, blocked=blocked[[row]])[0] for row in range(40)
    ]
    np.testing.assert_array_equal(together, alone)


def test_of_items_that_lie_in_one_place_the_same_are_found_in_every_batch() -> None:
    vectors = np.repeat(random_vectors(16, 10, 8), 30, axis=0)
    index = ItemIndex.build(vectors, budget_ms=ALWAYS_EXACT_MS)
    queries = random_vectors(17, 40, 8)

    together = index.search_unblocked(queries, 70, blocked=nothing_blocked(queries, vectors))

    for person in range(40):
        alone = index.search_unblocked(
            queries[[person]], 70, blocked=nothing_blocked(queries[:1], vectors)
        )
        assert together[person].tolist() == alone[0].tolist()
        # Two places as a whole, and the lower rows of a third.
        assert (np.diff(together[person].reshape(7, 10), axis=1) > 0).all()
        assert (together[person, 60:] % 30).tolist() == list(range(10))


def test_an_empty_index_finds_nothing() -> None:
    nothing_there = ItemIndex.build(np.zeros((0, 4), dtype=np.float32))

    found = nothing_there.search_unblocked(
        np.ones((2, 4), dtype=np.float32), 3, blocked=np.zeros((2, 0), dtype=np.bool_)
    )

    assert found.tolist() == [[-1] * 3] * 2


@kinds
def test_an_index_that_could_find_nothing_finds_what_is_free_now(
    many: Vectors, budget_ms: float
) -> None:
    index = ItemIndex.build(many, findable=np.zeros(len(many), dtype=np.bool_), budget_ms=budget_ms)
    queries = random_vectors(10, 3, 16)

    found = index.search_unblocked(queries, 10, blocked=nothing_blocked(queries, many))

    assert len(index) == 0
    np.testing.assert_array_equal(found, best_rows(many, queries, 10))


# The catalogue of a shop of some size: tastes in few dimensions, and categories that lie together.
N_LARGE, N_CATEGORIES = 30_000, 40
Masks = Callable[[np.random.Generator, NDArray[np.int64]], Mask]
MASKS: dict[str, Masks] = {
    "all": lambda _, category: np.ones(len(category), dtype=np.bool_),
    "50 %": lambda rng, category: rng.random(len(category)) < 0.5,
    "10 %": lambda rng, category: rng.random(len(category)) < 0.1,
    "1 %": lambda rng, category: rng.random(len(category)) < 0.01,
    "10 items": lambda rng, category: np.isin(
        np.arange(len(category)), rng.choice(len(category), 10, replace=False)
    ),
    "one category": lambda rng, category: category == rng.integers(N_CATEGORIES),
    "half of the categories": lambda rng, category: np.isin(
        category, rng.choice(N_CATEGORIES, N_CATEGORIES // 2, replace=False)
    ),
}


@pytest.fixture(scope="module")
def categories() -> NDArray[np.int64]:
    return np.random.default_rng(11).integers(0, N_CATEGORIES, N_LARGE)


@pytest.fixture(scope="module")
def catalogue(categories: NDArray[np.int64]) -> Vectors:
    rng = np.random.default_rng(12)
    middles = rng.normal(size=(N_CATEGORIES, 64))
    around = 0.7 * rng.normal(size=(N_LARGE, 64))
    lengths = rng.lognormal(sigma=0.8, size=(N_LARGE, 1))
    vectors: Vectors = (lengths * (middles[categories] + around)).astype(np.float32)
    return vectors


@pytest.fixture(scope="module", params=[ALWAYS_EXACT_MS, NEVER_EXACT_MS], ids=["exact", "ivf"])
def large(request: pytest.FixtureRequest, catalogue: Vectors) -> ItemIndex:
    """Index what was not sold out when the bundle was made."""
    in_stock = np.random.default_rng(13).random(N_LARGE) < 0.9
    return ItemIndex.build(catalogue, findable=in_stock, budget_ms=request.param)


@pytest.mark.parametrize("mask", MASKS)
def test_under_any_mask_the_best_that_pass_are_found_and_the_list_is_full(
    large: ItemIndex, catalogue: Vectors, categories: NDArray[np.int64], mask: str
) -> None:
    rng = np.random.default_rng(14)
    # People who want a few items each lie between them.
    liked = rng.integers(0, N_LARGE, (24, 5))
    queries = catalogue[liked].mean(axis=1)
    free = np.array([MASKS[mask](rng, categories) for _ in queries])

    found = large.search_unblocked(queries, 100, blocked=~free)

    recalls = []
    for person, rows in enumerate(found):
        n_wanted = min(100, int(free[person].sum()))
        wanted = best_rows(catalogue, queries[[person]], n_wanted, ~free[[person]])
        assert (rows >= 0).sum() == n_wanted
        assert free[person, rows[:n_wanted]].all()
        assert len(set(rows[:n_wanted].tolist())) == n_wanted
        recalls.append(recall(rows[None, :], wanted))
    assert np.mean(recalls) >= 0.99


def test_a_list_is_full_even_where_too_few_cells_would_be_searched(
    many: Vectors, approximate: ItemIndex
) -> None:
    narrow = ItemIndex(approximate.index, many, replace(approximate.choice, n_probe=1))
    queries = random_vectors(15, 5, 16)

    found = narrow.search_unblocked(queries, 2000, blocked=nothing_blocked(queries, many))

    assert (found >= 0).all()
