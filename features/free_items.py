"""Free items: which of those that may be shown lie nearest to a person."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Where fewer items are free than this share, comparing them alone is quicker than all.
_FEW: Final = 1 / 8
_LOWEST: Final = np.finfo(np.float32).min


def are_few(free: NDArray[np.bool_]) -> bool:
    """Tell whether comparing the free items alone is quicker than all, or than whole cells."""
    return bool(np.count_nonzero(free) <= _FEW * len(free))


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
    kept = _highest(scores, num_results, slack=0.0)
    order = np.lexsort((rows[kept], -scores[kept]))[:num_results]
    return rows[kept[order]]


def nearest_of_all(
    queries: NDArray[np.float32],
    vectors: NDArray[np.float32],
    free: NDArray[np.bool_],
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
    free : ndarray of bool, shape (n, n_items)
        Items that may be found.
    num_results : int
        How many are wanted.
    longest : float
        The longest item vector's length.
    """
    scores = queries @ vectors.T
    np.copyto(scores, -np.inf, where=~free)
    # Each of two products that are compared may be off by this much (Higham 2002, eq. 3.5).
    unit = float(np.finfo(np.float32).eps) / 2
    slacks = 4 * unit * vectors.shape[1] * longest * np.linalg.norm(queries, axis=1)
    return [
        nearest_of(query, vectors, _highest(one, num_results, slack=slack), num_results)
        for query, one, slack in zip(queries, scores, slacks.tolist(), strict=True)
    ]


def _highest(scores: NDArray[np.float32], n_wanted: int, *, slack: float) -> NDArray[np.int64]:
    """Name those among the highest, and those that miss them by no more than the slack."""
    rest, lowest = len(scores) - n_wanted, float(_LOWEST)
    if rest > 0:
        lowest = max(lowest, float(np.partition(scores, rest)[rest]) - slack)
    return np.flatnonzero(scores >= np.float32(lowest))
