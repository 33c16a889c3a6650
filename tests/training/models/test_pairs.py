"""How much pairs count: laws that hold for any confidences."""

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from training.models.pairs import drawn_pairs, strengths

confidences = arrays(np.float32, st.integers(1, 60), elements=st.floats(2**-20, 2**10, width=32))


@given(confidences)
def test_a_surer_pair_never_counts_less(confidence: np.ndarray) -> None:
    order = np.argsort(confidence)

    ranked = strengths(confidence)[order]

    assert (np.diff(ranked) >= 0).all()
    assert ranked.min() > 0
    assert ranked.max() == 1


@given(confidences, st.sampled_from([0.25, 8.0]))
def test_the_scale_of_the_confidences_does_not_matter(confidence: np.ndarray, scale: float) -> None:
    np.testing.assert_allclose(
        strengths(np.float32(scale) * confidence), strengths(confidence), rtol=1e-5
    )


@given(confidences)
def test_a_pair_is_drawn_as_often_as_its_share_says_up_to_rounding(confidence: np.ndarray) -> None:
    n_pairs = len(confidence)
    row_ends = [0, n_pairs // 3, n_pairs // 3, n_pairs]
    matrix = sp.csr_matrix((confidence, np.arange(n_pairs), row_ends), shape=(3, n_pairs))

    drawn = drawn_pairs(matrix)

    share = strengths(confidence).astype(np.float64)
    expected = n_pairs * share / share.sum()
    times = np.bincount(drawn.indices, minlength=n_pairs)
    assert drawn.nnz == n_pairs
    assert (np.abs(times - expected) <= 1 + 1e-9).all()


@given(confidences)
def test_a_drawn_pair_stays_with_its_person(confidence: np.ndarray) -> None:
    n_pairs = len(confidence)
    row_ends = [0, n_pairs // 3, n_pairs // 3, n_pairs]
    matrix = sp.csr_matrix((confidence, np.arange(n_pairs), row_ends), shape=(3, n_pairs))

    drawn = drawn_pairs(matrix)

    owner = np.repeat([0, 1, 2], np.diff(row_ends))
    found = np.repeat([0, 1, 2], np.diff(drawn.indptr))
    np.testing.assert_array_equal(found, owner[drawn.indices])


def test_equally_sure_pairs_are_drawn_once_each() -> None:
    matrix = sp.csr_matrix(np.full((2, 3), 7, dtype=np.float32))

    drawn = drawn_pairs(matrix)

    np.testing.assert_array_equal(drawn.toarray(), np.ones((2, 3)))
    assert drawn.nnz == 2 * 3
