"""A model names what lies nearest and is free, and scores a pair the same in every batch."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from features.candidates import Candidates
from features.encoders import FoldInEncoder
from features.fitted_model import EmbeddingModel
from features.item_index import ItemIndex
from features.neighbours import Neighbours
from features.retrievers import (
    Blocked,
    EmbeddingRetriever,
    NeighbourRetriever,
    Retriever,
    at_pairs,
)

N_ITEMS, N_PEOPLE = 20, 5


def _confidence(seed: int) -> sp.csr_array:
    """Let people show interest; the first has shown none."""
    rng = np.random.default_rng(seed)
    dense = rng.integers(1, 5, (N_PEOPLE, N_ITEMS)) * (rng.random((N_PEOPLE, N_ITEMS)) < 0.3)
    dense[0] = 0
    return sp.csr_array(dense.astype(np.float32))


def _embedding(seed: int) -> EmbeddingRetriever:
    vectors = np.random.default_rng(seed).normal(size=(N_ITEMS, 6)).astype(np.float32)
    model = EmbeddingModel(vectors, FoldInEncoder.of(vectors, regularization=1.0))
    return EmbeddingRetriever(model, ItemIndex.build(vectors))


def _neighbours(seed: int) -> NeighbourRetriever:
    rng = np.random.default_rng(seed)
    dense = rng.random((N_ITEMS, N_ITEMS)) * (rng.random((N_ITEMS, N_ITEMS)) < 0.3)
    return NeighbourRetriever(Neighbours.of(sp.csr_array(dense), most=8))


def _blocked(seed: int) -> Blocked:
    marks = np.random.default_rng(seed).random((N_PEOPLE, N_ITEMS)) < 0.3
    return Blocked(marks)


def _all_pairs(n: int = N_PEOPLE) -> Candidates:
    rows = np.tile(np.arange(N_ITEMS, dtype=np.int32), n)
    return Candidates(np.arange(n + 1) * N_ITEMS, rows, np.zeros(len(rows), np.uint8))


retrievers = pytest.mark.parametrize("make", [_embedding, _neighbours])
seeds = st.integers(0, 10_000)


@retrievers
@given(seed=seeds)
def test_pairs_are_scored_as_the_model_does(make: type, seed: int) -> None:
    retriever: Retriever = make(seed)
    confidence = _confidence(seed)

    scores = retriever.view(confidence).pair_scores(_all_pairs())

    wanted = retriever.model.score(confidence, np.arange(N_ITEMS))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores.reshape(wanted.shape), wanted, rtol=1e-4, atol=1e-4)


@retrievers
@given(seed=seeds)
def test_a_pair_scores_the_same_alone_and_in_a_batch(make: type, seed: int) -> None:
    retriever: Retriever = make(seed)
    confidence = _confidence(seed)
    together = retriever.view(confidence).pair_scores(_all_pairs()).reshape(N_PEOPLE, -1)

    for person in range(N_PEOPLE):
        alone = retriever.view(confidence[[person]]).pair_scores(_all_pairs(1))
        np.testing.assert_array_equal(alone, together[person])


@retrievers
@given(seed=seeds, depth=st.integers(1, 30))
def test_the_nearest_are_the_best_of_those_that_are_free(make: type, seed: int, depth: int) -> None:
    retriever: Retriever = make(seed)
    blocked, view = _blocked(seed), retriever.view(_confidence(seed))

    found = view.nearest(depth, blocked)

    scores = view.pair_scores(_all_pairs()).reshape(N_PEOPLE, -1)
    for person in range(N_PEOPLE):
        rows = [row for row in found[person].tolist() if row >= 0]
        assert len(set(rows)) == len(rows) <= depth
        assert not blocked.marks[person, rows].any()
        assert (np.diff(scores[person, rows]) <= 1e-4).all()
        free = np.flatnonzero(~blocked.marks[person] & (scores[person] > 0))
        best = np.sort(scores[person, free])[::-1][: len(rows)]
        positive = [row for row in rows if scores[person, row] > 0]
        np.testing.assert_allclose(
            scores[person, positive], best[: len(positive)], rtol=1e-4, atol=1e-4
        )


@retrievers
def test_nothing_is_near_to_somebody_without_a_history(make: type) -> None:
    found = make(1).view(_confidence(1)).nearest(5, _blocked(1))

    assert found[0].tolist() == [-1] * 5


def test_neighbours_name_nothing_that_the_history_does_not_speak_for() -> None:
    chain = np.zeros((N_ITEMS, N_ITEMS))
    chain[2, 3] = chain[3, 4] = 1  # who wants 2 wants 3, and who wants 3 wants 4
    retriever = NeighbourRetriever(Neighbours.of(sp.csr_array(chain), most=3))
    wants_two = sp.csr_array(([1.0], ([0], [2])), shape=(1, N_ITEMS), dtype=np.float32)
    free = Blocked(np.zeros((1, N_ITEMS), np.bool_))

    assert retriever.view(wants_two).nearest(3, free).tolist() == [[3, -1, -1]]


def test_vectors_that_are_known_are_not_encoded_again() -> None:
    known = np.ones((N_PEOPLE, 6), dtype=np.float32)

    view = _embedding(1).view(_confidence(1), known)

    assert view.vectors is known


@given(seeds)
def test_a_matrix_is_looked_up_at_pairs(seed: int) -> None:
    rng, matrix = np.random.default_rng(seed), _confidence(seed)
    lengths = rng.integers(0, 6, N_PEOPLE)
    rows = rng.integers(0, N_ITEMS, lengths.sum()).astype(np.int32)
    pairs = Candidates(np.concatenate(([0], np.cumsum(lengths))), rows, rows.astype(np.uint8))

    found = at_pairs(matrix, pairs)

    assert found.tolist() == matrix.toarray()[pairs.person_rows, rows].tolist()
    assert found.dtype == matrix.dtype


def test_an_empty_matrix_holds_nothing() -> None:
    empty = sp.csr_array((N_PEOPLE, N_ITEMS), dtype=np.float32)

    assert not at_pairs(empty, _all_pairs()).any()
