"""Rows of sparse matrices: built from sorted parts, and the largest entries of each in order."""

from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse._sparsetools import csr_matmat

NOBODY: Final = -1


def built(
    values: NDArray[Any],
    columns: NDArray[np.integer],
    indptr: NDArray[np.integer],
    n_columns: int,
) -> sp.csr_array:
    """Build a matrix from parts that fit; SciPy's checks take longer than one person's list may.

    Parameters
    ----------
    values : ndarray, shape (n_entries,)
        Kept as they are.
    columns : ndarray of int, shape (n_entries,)
        Below `n_columns`.
    indptr : ndarray of int, shape (n + 1,)
        Row i's entries are `indptr[i]:indptr[i + 1]`.
    n_columns : int
        The matrix's width.

    Returns
    -------
    csr_array, shape (n, n_columns)
        Of the values' dtype.
    """
    matrix = sp.csr_array.__new__(sp.csr_array)
    vars(matrix).update(vars(_empty(len(indptr) - 1, n_columns)))
    matrix.data, matrix.indices = values, columns
    matrix.indptr = indptr.astype(columns.dtype, copy=False)
    return matrix


@lru_cache
def _empty(n: int, n_columns: int) -> sp.csr_array:
    return sp.csr_array((n, n_columns), dtype=np.float32)


def product(left: sp.csr_array, right: sp.csr_array) -> sp.csr_array:
    """Multiply two matrices as `@` does, without the checks that cost more than one row.

    Parameters
    ----------
    left : csr_array of float32, shape (n, m)
        A few rows.
    right : csr_array of float32, shape (m, n_columns)
        What they select and add up.

    Returns
    -------
    csr_array of float32, shape (n, n_columns)
        Each column at most once in a row, in no order.
    """
    n, n_columns = left.shape[0], right.shape[1]
    dtype = right.indices.dtype
    lengths = right.indptr[left.indices + 1] - right.indptr[left.indices]
    most = int(lengths.sum())
    indptr, columns = np.empty(n + 1, dtype=dtype), np.empty(most, dtype=dtype)
    values = np.empty(most, dtype=np.float32)
    parts = [one.astype(dtype, copy=False) for one in (left.indptr, left.indices)]
    csr_matmat(
        *(n, n_columns, *parts, left.data),
        *(right.indptr, right.indices, right.data, indptr, columns, values),
    )
    stop = int(indptr[-1])
    return built(values[:stop], columns[:stop], indptr, n_columns)


def summed(
    values: NDArray[np.float32],
    columns: NDArray[np.integer],
    rows: NDArray[np.int64],
    shape: tuple[int, int],
) -> sp.csr_array:
    """Add up the values that belong to one row and column.

    Parameters
    ----------
    values : ndarray of float32, shape (n_entries,)
        What is added up, in the order in which it stands.
    columns : ndarray of int, shape (n_entries,)
        The columns, in any order.
    rows : ndarray of int64, shape (n_entries,)
        The rows, rising.
    shape : tuple of int
        Of the matrix.

    Returns
    -------
    csr_array of float32, of that shape
        Columns sorted in each row.

    Examples
    --------
    >>> summed(np.array([1, 2, 4], dtype=np.float32), np.array([3, 0, 3]), np.zeros(3, int), (1, 4))
    ... # doctest: +NORMALIZE_WHITESPACE
    <Compressed Sparse Row sparse array of dtype 'float32'
        with 2 stored elements and shape (1, 4)>
    """
    keys = rows * shape[1] + columns
    order = keys.argsort(kind="stable")
    keys = keys[order]
    starts = changes(keys).nonzero()[0]
    # An empty last part would be added up of nothing, which `reduceat` does not know.
    sums = np.add.reduceat(values[order], starts) if len(starts) else values[:0]
    firsts = order[starts]
    return built(sums, columns[firsts], row_bounds(rows[firsts], shape[0]), shape[1])


def changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark what differs from its predecessor; the first always does."""
    changed = np.empty(len(values), dtype=np.bool_)
    changed[:1] = True
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return changed


def row_bounds(rows: NDArray[np.integer], n: int) -> NDArray[np.int64]:
    """Say where each of n rows begins among entries sorted by row, and where the last one ends."""
    bounds = np.zeros(n + 1, dtype=np.int64)
    np.bincount(rows, minlength=n).cumsum(out=bounds[1:])
    return bounds


def cells_of(matrix: sp.csr_array) -> NDArray[np.integer]:
    """Say in which cell each entry stands, ``row * n_columns + column``."""
    n, n_columns = matrix.shape
    cells: NDArray[np.integer] = matrix.indices
    if n > 1:  # a single row's columns are its cells
        cells = cells + np.repeat(np.arange(0, n * n_columns, n_columns), np.diff(matrix.indptr))
    return cells


def kept_entries(matrix: sp.csr_array, keep: NDArray[np.bool_]) -> sp.csr_array:
    """Keep the marked entries of a matrix.

    Parameters
    ----------
    matrix : csr_array, shape (n, n_columns)
        Left as it is.
    keep : ndarray of bool, shape (n_entries,)
        True for an entry that stays.
    """
    if keep.all():
        return matrix
    before = np.zeros(len(keep) + 1, dtype=np.int64)
    keep.cumsum(out=before[1:])
    columns, bounds = matrix.indices[keep], before[matrix.indptr]
    return built(matrix.data[keep], columns, bounds, matrix.shape[1])


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
    columns = np.full((matrix.shape[0], depth), NOBODY, dtype=np.int32)
    # Row by row: what is compared at once is small enough for the processor's cache.
    for row, (start, stop) in enumerate(pairwise(matrix.indptr.tolist())):
        order = _largest_first(matrix.data[start:stop], depth)
        columns[row, : len(order)] = matrix.indices[start:stop][order]
    return columns


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
    chosen, bounds = order[kept], row_bounds(row[kept], matrix.shape[0])
    reduced = built(matrix.data[chosen], matrix.indices[chosen], bounds, matrix.shape[1])
    reduced.sort_indices()
    return reduced


def _largest_first(values: NDArray[np.floating], depth: int) -> NDArray[np.int64]:
    rest = len(values) - depth
    if rest <= 0:
        return (-values).argsort(kind="stable")
    least = np.partition(values, rest)[rest] if depth else np.inf
    kept = (values >= least).nonzero()[0]
    order: NDArray[np.int64] = kept[(-values[kept]).argsort(kind="stable")[:depth]]
    return order


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
