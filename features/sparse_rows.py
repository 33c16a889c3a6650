"""Rows of sparse matrices: the largest entries of each, in order."""

from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

NOBODY: Final = -1


def largest(matrix: sp.csr_array, depth: int) -> NDArray[np.int32]:
    """Name the columns of each row's largest entries, the largest first.

    Parameters
    ----------
    matrix : csr_array of float32, shape (n, n_columns)
        Entries of 0 or more; equal ones stay in the order of their columns.
    depth : int
        How many of each row.

    Returns
    -------
    ndarray of int32, shape (n, depth)
        Columns; -1 where a row has fewer entries.

    Examples
    --------
    >>> largest(sp.csr_array(np.array([[0, 2, 5], [0, 0, 0]], dtype=np.float32)), 2)
    array([[ 2,  1],
           [-1, -1]], dtype=int32)
    """
    row, order, place = _ranked(matrix)
    kept = place < depth
    columns = np.full((matrix.shape[0], depth), NOBODY, dtype=np.int32)
    columns[row[kept], place[kept]] = matrix.indices[order[kept]]
    return columns


def kept_entries(matrix: sp.csr_array, keep: NDArray[np.bool_]) -> sp.csr_array:
    """Keep the marked entries of a matrix.

    Parameters
    ----------
    matrix : csr_array, shape (n, n_columns)
        Left as it is.
    keep : ndarray of bool, shape (n_entries,)
        True for an entry that stays.
    """
    before = np.concatenate(([0], np.cumsum(keep)))
    parts = (matrix.data[keep], matrix.indices[keep], before[matrix.indptr])
    return sp.csr_array(parts, shape=matrix.shape)


def only_largest(matrix: sp.csr_array, depth: int) -> sp.csr_array:
    """Keep each row's largest entries and drop the others.

    Parameters
    ----------
    matrix : csr_array of float32, shape (n, n_columns)
        Entries of 0 or more.
    depth : int
        How many of each row.

    Returns
    -------
    csr_array of float32, shape (n, n_columns)
        Columns sorted in each row.
    """
    row, order, place = _ranked(matrix)
    kept = place < depth
    lengths = np.bincount(row[kept], minlength=matrix.shape[0])
    indptr = np.concatenate(([0], np.cumsum(lengths)))
    chosen = order[kept]
    reduced = sp.csr_array((matrix.data[chosen], matrix.indices[chosen], indptr), matrix.shape)
    reduced.sort_indices()
    return reduced


def _ranked(
    matrix: sp.csr_array,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sort every row's entries, the largest first: row, entry and place within the row of each."""
    lengths = np.diff(matrix.indptr)
    row = np.repeat(np.arange(len(lengths)), lengths)
    # Positive floats are ordered like their bits, and keys of 16 bits are sorted by radix.
    falling = ~matrix.data.astype(np.float32, copy=False).view(np.uint32)
    halves = falling.astype(np.uint16), (falling >> 16).astype(np.uint16)
    order = np.lexsort((*halves, row.astype(np.min_scalar_type(len(lengths)))))
    place = np.arange(len(row)) - np.repeat(matrix.indptr[:-1], lengths)
    return row, order, place
