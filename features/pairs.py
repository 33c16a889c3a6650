"""Pairs: candidates as cells of a table of people by items, where what is known is looked up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.candidates import Candidates
from features.sparse_rows import cells_of


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """n_pairs pairs of n people and items.

    Parameters
    ----------
    people : ndarray of int64, shape (n_pairs,)
        Which person.
    item_rows : ndarray of int32, shape (n_pairs,)
        Which item.
    cells : ndarray of int, shape (n_pairs,)
        ``person * n_items + item``.
    n_cells : int
        How many such numbers there are.
    """

    people: NDArray[np.int64]
    item_rows: NDArray[np.int32]
    cells: NDArray[np.integer]
    n_cells: int

    @classmethod
    def of(cls, candidates: Candidates, n_items: int) -> Self:
        """Tell the cells of n people's candidates."""
        n, rows = len(candidates), candidates.item_rows
        if n == 1:  # whose items are all the numbers that there are
            return cls(np.zeros(len(rows), dtype=np.int64), rows, rows, n_items)
        people = candidates.person_rows
        return cls(people, rows, people * n_items + rows, n * n_items)

    def values(self, matrix: sp.csr_array) -> NDArray[Any]:
        """Look up a sparse matrix's values, 0 where nothing is stored.

        Parameters
        ----------
        matrix : csr_array, shape (n, n_items)
            Each column at most once in a row.

        Returns
        -------
        ndarray, shape (n_pairs,)
            Of the matrix's dtype.
        """
        # One cell for each person and item: quicker than a binary search for every pair.
        table = np.zeros(self.n_cells, dtype=matrix.dtype)
        table[cells_of(matrix)] = matrix.data
        found: NDArray[Any] = table[self.cells]
        return found

    def known(
        self,
        cells: NDArray[np.integer],
        values: Sequence[NDArray[np.floating]],
        *,
        missing: Sequence[float],
    ) -> NDArray[np.float32]:
        """Look up what is known of some cells, and numbers that stand for nothing elsewhere.

        Parameters
        ----------
        cells : ndarray of int, shape (n_known,)
            Each at most once.
        values : sequence of k ndarrays, shape (n_known,)
            What is known.
        missing : sequence of k floats
            What stands for nothing.

        Returns
        -------
        ndarray of float32, shape (k, n_pairs)
            One row for each of the values.
        """
        if not len(cells):
            nothing = np.empty((len(missing), len(self.cells)), dtype=np.float32)
            nothing[:] = np.array(missing)[:, None]
            return nothing
        # Place 0 is that of what is not known.
        table = np.empty((len(missing), len(cells) + 1), dtype=np.float32)
        table[:, 0] = missing
        for row, numbers in zip(table, values, strict=True):
            row[1:] = numbers
        places = np.zeros(self.n_cells, dtype=np.int32)
        places[cells] = np.arange(1, len(cells) + 1)
        return table[:, places[self.cells]]
