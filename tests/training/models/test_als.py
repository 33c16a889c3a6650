"""What is special to ALS: a history is folded in exactly as implicit itself would."""

from datetime import UTC, datetime

import numpy as np
import pytest
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from threadpoolctl import threadpool_info, threadpool_limits

from features.ids import IdMap
from features.interactions import Interactions
from training.models.als import Als

TRAINER = Als(factors=8, regularization=0.7, iterations=5)


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    rng = np.random.default_rng(3)
    matrix = sp.random_array((50, 30), density=0.2, rng=rng, dtype=np.float32, format="csr")
    matrix.data = (20 * matrix.data + 0.01).astype(np.float32)
    ids = [str(row) for row in range(50)]
    return Interactions(matrix, IdMap.of(ids), IdMap.of(ids[:30]), datetime(2024, 5, 1, tzinfo=UTC))


def test_a_folded_in_history_is_what_implicit_recalculates(interactions: Interactions) -> None:
    model = TRAINER.fit(interactions, seed=1)

    peer = _peer()
    peer.item_factors = model.item_vectors
    expected = peer.recalculate_user(np.arange(50), sp.csr_matrix(interactions.matrix))
    np.testing.assert_allclose(model.encode(interactions.matrix), expected, atol=1e-4)


def test_the_matrix_is_the_confidence_itself(interactions: Interactions) -> None:
    model = TRAINER.fit(interactions, seed=1)

    peer = _peer()
    peer.fit(sp.csr_matrix(interactions.matrix), show_progress=False)
    np.testing.assert_allclose(model.item_vectors, peer.item_factors, atol=1e-5)


def test_fitting_leaves_the_threads_of_blas_as_they_were(interactions: Interactions) -> None:
    before = [pool["num_threads"] for pool in threadpool_info()]

    TRAINER.fit(interactions, seed=1)

    assert [pool["num_threads"] for pool in threadpool_info()] == before


def _peer() -> AlternatingLeastSquares:
    with threadpool_limits(1, user_api="blas"):
        return AlternatingLeastSquares(
            factors=8, regularization=0.7, iterations=5, alpha=1.0, random_state=1, use_gpu=False
        )
