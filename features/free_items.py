"""Free items: which of those that may be shown lie nearest to a person."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Where fewer items are free than this share, comparing them alone is quicker than all.
_FEW: Final = 1 / 8
_LOWEST: Final = float(np.finfo(np.float32).min)
# A product of two float32 numbers is off by at most this share.
_ROUNDING: Final = float(np.finfo(np.float32).eps) / 2


def few_are_free(blocked: NDArray[np.bool_]) -> bool:
    """Tell whether comparing the free items alone is quicker than all, or than whole cells."""
    return bool(len(blocked) - np.count_nonzero(blocked) <= _FEW * len(blocked))


def nearest_of(
    query: NDArray[np.float32],
    vectors: NDArray[np.float32],
    rows: NDArray[np.int64],
    num_results: int,
) -> NDArray[np.int64]:
    """Find the items with the largest inner products among some.

    Parameters
    ----------
    query : ndarray of float32, shape (d,)
        Where the person lies.
    vectors : ndarray of float32, shape (n_items, d)
        Every item's.
    rows : ndarray of int64, shape (m,)
        The items to compare.
    num_results : int
        How many are wanted.

    Returns
    -------
    ndarray of int64, shape (min(num_results, m),)
        Item rows, the best first; of two that are alike the lower row.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]], dtype=np.float32)
    >>> nearest_of(vectors[0], vectors, np.array([0, 1]), 5)
    array([1, 0])
    """
    # A matrix product's rounding depends on what else is in the matrix; this one's does not.
    scores = np.einsum("md,d->m", vectors[rows], query)
    if len(rows) > 2 * num_results:
        kept = _highest(scores, num_results, slack=0.0)
        rows, scores = rows[kept], scores[kept]
    return rows[np.lexsort((rows, -scores))[:num_results]]


def nearest_of_all(
    queries: NDArray[np.float32],
    vectors: NDArray[np.float32],
    blocked: NDArray[np.bool_],
    num_results: int,
    *,
    longest: float,
) -> list[NDArray[np.int64]]:
    """Find the nearest of the free items, by comparing all; see `nearest_of`.

    Parameters
    ----------
    queries : ndarray of float32, shape (n, d)
        Where the people lie.
    vectors : ndarray of float32, shape (n_items, d)
        Every item's.
    blocked : ndarray of bool, shape (n, n_items)
        Items that must not be found.
    num_results : int
        How many are wanted.
    longest : float
        The longest item vector's length.
    """
    scores = queries @ vectors.T
    np.copyto(scores, -np.inf, where=blocked)
    # An inner product is off by at most d roundings (Higham 2002, eq. 3.5), and four are compared.
    most_off = _ROUNDING * vectors.shape[1] * longest
    slacks = 4 * most_off * np.sqrt(np.square(queries).sum(axis=1))
    return [
        nearest_of(query, vectors, _highest(one, num_results, slack=slack), num_results)
        for query, one, slack in zip(queries, scores, slacks.tolist(), strict=True)
    ]


def _highest(scores: NDArray[np.float32], n_wanted: int, *, slack: float) -> NDArray[np.int64]:
    """Name those among the highest, and those that miss them by no more than the slack."""
    rest, lowest = len(scores) - n_wanted, _LOWEST
    if rest > 0:
        lowest = max(lowest, float(np.partition(scores, rest)[rest]) - slack)
    return (scores >= np.float32(lowest)).nonzero()[0]
