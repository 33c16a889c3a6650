"""Cells of an inverted file: where in it the free items that lie near to a person are held."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


def augmented_items(vectors: NDArray[np.float32], longest: float) -> NDArray[np.float32]:
    """Put items on a sphere, in one more dimension.

    There the nearest by distance is the largest by inner product (Bachrach et al. 2014, eq. 2-4);
    cells of raw inner products find less than half.
    """
    rest = np.maximum(longest**2 - np.square(vectors).sum(axis=1, keepdims=True), 0)
    return np.hstack([vectors, np.sqrt(rest)]).astype(np.float32)


def augmented_queries(queries: NDArray[np.float32], longest: float) -> NDArray[np.float32]:
    """Put people on the items' sphere; nearest to a short query are the cells of short items."""
    lengths = np.linalg.norm(queries, axis=1, keepdims=True)
    scaled = queries * (longest / np.where(lengths > 0, lengths, 1))
    return np.hstack([scaled, np.zeros((len(queries), 1))]).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells of an inverted file: how many must be searched for one person.

    Parameters
    ----------
    centres : ndarray of float32, shape (n_cells, d)
        The middle of each cell.
    cell_of : ndarray of int32, shape (n_items,)
        Where each item is held; -1 for an item that is not.
    n_held : ndarray of int64, shape (n_cells,)
        How many items each cell holds.
    half_squares : ndarray of float32, shape (n_cells,)
        Half the squared length of each centre.
    """

    centres: NDArray[np.float32]
    cell_of: NDArray[np.int32]
    n_held: NDArray[np.int64]
    half_squares: NDArray[np.float32]

    @classmethod
    def of(cls, centres: NDArray[np.float32], cell_of: NDArray[np.int32]) -> Self:
        """Count what the cells hold."""
        n_held = np.bincount(cell_of[cell_of >= 0], minlength=len(centres))
        return cls(centres, cell_of, n_held, np.square(centres).sum(axis=1) / 2)

    def n_wanted(self, query: NDArray[np.float32], free: NDArray[np.bool_], n_free: int) -> int:
        """Count the cells nearest to a query that hold so many free items between them.

        A mask may empty just the cells that lie near, so a share of all cells would not do.

        Parameters
        ----------
        query : ndarray of float32, shape (d,)
            In the space of the centres.
        free : ndarray of bool, shape (n_items,)
            Items that may be found.
        n_free : int
            How many free items are to be compared; all of them where there are fewer.
        """
        taken = self.cell_of[~free]
        n_taken = np.bincount(taken[taken >= 0], minlength=len(self.centres))
        nearest = np.argsort(self.half_squares - self.centres @ query, kind="stable")
        compared = np.cumsum((self.n_held - n_taken)[nearest])
        return int(np.searchsorted(compared, min(n_free, int(compared[-1])))) + 1
