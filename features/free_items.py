"""Free items: which of those that may be shown lie nearest to one person, and where to look."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

# Where fewer items are free than this share, comparing them alone is quicker than all.
_FEW: Final = 1 / 8


def nearest_of(
    query: NDArray[np.float32],
    vectors: NDArray[np.float32],
    rows: NDArray[np.int64],
    num_results: int,
) -> NDArray[np.int64]:
    """Find the items with the largest inner products among some, exactly.

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
        Item rows, the best first.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]], dtype=np.float32)
    >>> nearest_of(vectors[0], vectors, np.array([0, 1]), 5)
    array([1, 0])
    """
    compare_all = len(rows) > _FEW * len(vectors)
    scores = (vectors @ query)[rows] if compare_all else vectors[rows] @ query
    rest = len(rows) - num_results
    if rest > 0:
        best = np.argpartition(scores, rest)[rest:]
        rows, scores = rows[best], scores[best]
    return rows[np.argsort(-scores)]


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

    def are_few(self, free: NDArray[np.bool_]) -> bool:
        """Tell whether comparing the free items alone is quicker than searching cells."""
        return int(np.count_nonzero(free)) <= _FEW * len(free)

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
