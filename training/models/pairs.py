"""How much a (person, item) pair counts for models that learn from pairs, not from confidences."""

from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

# Confidences are heavy-tailed: without a cap a few wholesalers' pairs would be most of what is
# learnt, and the scale would hang on the largest of them.
_FULL_QUANTILE: Final = 0.95


def strengths(confidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weight pairs by their confidence: the surest twentieth counts 1, the others less.

    Parameters
    ----------
    confidence : ndarray of float32, shape (n_pairs,)
        Greater than 0, in any scale.

    Returns
    -------
    ndarray of float32, shape (n_pairs,)
        In (0, 1].

    Examples
    --------
    >>> strengths(np.array([1, 2, 4, 4, 4], dtype=np.float32))
    array([0.25, 0.5 , 1.  , 1.  , 1.  ], dtype=float32)
    """
    full = np.quantile(confidence, _FULL_QUANTILE)
    shares: NDArray[np.float32] = np.minimum(confidence / full, 1).astype(np.float32)
    return shares


def drawn_pairs(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Repeat each pair by its strength, so that an even draw of entries favours the sure ones.

    Parameters
    ----------
    matrix : csr_matrix of float32, shape (n_users, n_items)
        Confidences.

    Returns
    -------
    csr_matrix of float32, shape (n_users, n_items)
        As many entries as `matrix` has, of 1 each. A pair stands in it as often as its share of
        the strengths says, rounded up or down: several times, or not at all.
    """
    share = strengths(matrix.data).astype(np.float64)
    # Rounding the running sum, not each share, keeps the total and favours nobody.
    reached = np.rint(np.cumsum(share) * (matrix.nnz / share.sum())).astype(np.int64)
    times = np.diff(reached, prepend=0)
    before = np.concatenate(([0], reached))
    return sp.csr_matrix(
        (
            np.ones(reached[-1], dtype=np.float32),
            np.repeat(matrix.indices, times),
            before[matrix.indptr].astype(np.int32),
        ),
        shape=matrix.shape,
    )
