"""The features of a pair are its own, whoever else is asked about."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from features.pair_features import Blend, PairFeatures, pair_features

N_ITEMS = 20


def _people(seed: int, n: int = 5) -> tuple[sp.csr_array, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    dense = (rng.integers(0, 5, (n, N_ITEMS)) * (rng.random((n, N_ITEMS)) < 0.3)).astype(np.float32)
    vectors = rng.normal(size=(n, 16)).astype(np.float32)
    item_vectors = rng.normal(size=(N_ITEMS, 16)).astype(np.float32)
    return sp.csr_array(dense), vectors, item_vectors, rng.integers(-1, N_ITEMS, (n, 9))


TRENDS = np.linspace(0, 1, N_ITEMS, dtype=np.float32)


@given(st.integers(0, 10_000))
def test_features_are_those_of_each_pair(seed: int) -> None:
    confidence, vectors, item_vectors, rows = _people(seed)

    features = pair_features(
        rows,
        confidence=confidence,
        vectors=vectors,
        item_vectors=item_vectors,
        trend_scores=TRENDS,
    )

    dense = confidence.toarray()
    for person, place in np.argwhere(rows >= 0):
        row = rows[person, place]
        assert features.affinity[person, place] == pytest.approx(
            float(vectors[person].astype(float) @ item_vectors[row]), rel=1e-4, abs=1e-5
        )
        assert features.own[person, place] == dense[person, row]
        assert features.trend[person, place] == TRENDS[row]


@given(st.integers(0, 10_000))
def test_a_person_has_the_same_features_in_every_batch(seed: int) -> None:
    confidence, vectors, item_vectors, rows = _people(seed)

    together = pair_features(
        rows,
        confidence=confidence,
        vectors=vectors,
        item_vectors=item_vectors,
        trend_scores=TRENDS,
    )

    for person in range(len(rows)):
        alone = pair_features(
            rows[[person]],
            confidence=confidence[[person]],
            vectors=vectors[[person]],
            item_vectors=item_vectors,
            trend_scores=TRENDS,
        )
        # To the last bit: the order of a list must not hang on who else asks.
        for name in ("affinity", "own", "trend"):
            np.testing.assert_array_equal(
                getattr(alone, name)[0], getattr(together, name)[person], strict=True
            )


def test_without_a_model_nobody_is_near_to_anything() -> None:
    confidence, _, _, rows = _people(0)

    features = pair_features(
        rows, confidence=confidence, vectors=None, item_vectors=None, trend_scores=TRENDS
    )

    assert not features.affinity.any()


def test_a_blend_is_a_weighted_sum() -> None:
    pair = PairFeatures(*(np.array([[value]], np.float32) for value in (2.0, 6.0, 0.5)))

    score = Blend(affinity=3.0, own=4.0, own_half=2.0, trend=8.0).score(pair)

    assert score.dtype == np.float32
    assert score.tolist() == [[3 * 2 + 4 * (6 / (6 + 2)) + 8 * 0.5]]


def test_own_history_counts_half_at_its_half() -> None:
    pair = PairFeatures(*(np.array([[value]], np.float32) for value in (0.0, 10.0, 0.0)))

    assert Blend(own=1.0, own_half=10.0).score(pair).tolist() == [[0.5]]
