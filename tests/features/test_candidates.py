"""Every source names its best, and nothing blocked or named before is taken."""

from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from features.candidates import SOURCES, Candidates, Source, gather
from features.item_index import ItemIndex

N_ITEMS = 30


@dataclass(frozen=True)
class Asked:
    """What one call of `gather` is given."""

    confidence: sp.csr_array
    vectors: np.ndarray
    item_vectors: np.ndarray
    trending: np.ndarray
    blocked: np.ndarray

    def gather(self, *, with_index: bool = True) -> Candidates:
        return gather(
            confidence=self.confidence,
            vectors=self.vectors,
            index=ItemIndex.build(self.item_vectors) if with_index else None,
            num_results=5,
            trending=self.trending,
            blocked=self.blocked.copy(),
            n_blocked=self.blocked.sum(axis=1),
        )


def _asked(seed: int, *, n: int = 4) -> Asked:
    rng = np.random.default_rng(seed)
    dense = rng.integers(0, 4, (n, N_ITEMS)) * (rng.random((n, N_ITEMS)) < 0.4) / 2
    dense[0] = 0
    vectors = rng.normal(size=(n, 3)).astype(np.float32)
    vectors[0] = 0
    return Asked(
        confidence=sp.csr_array(dense.astype(np.float32)),
        vectors=vectors,
        item_vectors=rng.normal(size=(N_ITEMS, 3)).astype(np.float32),
        trending=np.stack([rng.permutation(N_ITEMS) for _ in range(n)]).astype(np.int32),
        blocked=rng.random((n, N_ITEMS)) < 0.2,
    )


def _named(candidates: Candidates, person: int) -> list[tuple[int, Source]]:
    valid = candidates.valid[person]
    rows = candidates.item_rows[person, valid].tolist()
    return [
        (row, SOURCES[code])
        for row, code in zip(rows, candidates.sources[person, valid].tolist(), strict=True)
    ]


@given(st.integers(0, 10_000), st.booleans())
def test_a_candidate_is_free_and_stands_once(seed: int, with_index: bool) -> None:
    asked = _asked(seed)

    candidates = asked.gather(with_index=with_index)

    for person in range(4):
        rows = [row for row, _ in _named(candidates, person)]
        assert len(set(rows)) == len(rows)
        assert not asked.blocked[person, rows].any()


@given(st.integers(0, 10_000))
def test_all_that_is_free_in_a_small_shop_is_a_candidate(seed: int) -> None:
    asked = _asked(seed)

    candidates = asked.gather()

    for person in range(4):
        free = np.flatnonzero(~asked.blocked[person]).tolist()
        assert sorted(row for row, _ in _named(candidates, person)) == free


@given(st.integers(0, 10_000))
def test_own_items_come_first_the_surest_before_the_others(seed: int) -> None:
    asked = _asked(seed)

    candidates = asked.gather()

    dense = asked.confidence.toarray()
    for person in range(4):
        own = [row for row, source in _named(candidates, person) if source is Source.OWN_HISTORY]
        free = [
            row for row in range(N_ITEMS) if dense[person, row] and not asked.blocked[person, row]
        ]
        assert own == sorted(free, key=lambda row, person=person: (-dense[person, row], row))


@given(st.integers(0, 10_000))
def test_the_items_near_a_person_come_before_what_is_trending(seed: int) -> None:
    asked = _asked(seed)

    candidates = asked.gather()

    scores = asked.vectors @ asked.item_vectors.T
    for person in range(1, 4):
        near = [row for row, source in _named(candidates, person) if source is Source.NEAR_USER]
        assert (np.diff(scores[person, near]) <= 1e-6).all()


def test_without_a_history_nothing_is_near_and_all_is_trending() -> None:
    asked = _asked(1)

    named = _named(asked.gather(), person=0)

    free = [row for row in asked.trending[0].tolist() if not asked.blocked[0, row]]
    assert named == [(row, Source.TRENDING) for row in free]


def test_without_a_model_there_are_own_items_and_what_is_trending() -> None:
    named = _named(_asked(1).gather(with_index=False), person=2)

    assert {source for _, source in named} == {Source.OWN_HISTORY, Source.TRENDING}


@pytest.mark.parametrize("n_own", [47, 48, 49, 200])
def test_a_long_history_names_its_surest(n_own: int) -> None:
    sureness = np.random.default_rng(0).permutation(n_own).astype(np.float32) + 1
    everything = np.arange(n_own, dtype=np.int32)

    candidates = gather(
        confidence=sp.csr_array((sureness, everything, np.array([0, n_own])), shape=(1, n_own)),
        vectors=None,
        index=None,
        num_results=5,
        trending=np.zeros((1, 0), dtype=np.int32),
        blocked=np.zeros((1, n_own), dtype=np.bool_),
        n_blocked=np.zeros(1, dtype=np.int64),
    )

    own = [row for row, _ in _named(candidates, person=0)]
    assert own == np.argsort(-sureness)[:48].tolist()
