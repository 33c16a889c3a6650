"""Due repurchases: when each person is expected to buy again what the person has bought."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.sparse_rows import built, row_bounds


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """When each person is expected to buy each item again that the person has bought.

    Sorted by person, then item.

    Parameters
    ----------
    people : ndarray of int64, shape (n_pairs,)
        Rows of the histories asked about.
    item_rows : ndarray of int32, shape (n_pairs,)
        The item.
    due_days : ndarray of float32, shape (n_pairs,)
        UTC days since 1970-01-01: as likely before as after it, if it is bought again.
    days_until_due : ndarray of float32, shape (n_pairs,)
        The same, counted from `as_of`; negative where it is overdue.
    confidence : ndarray of float32, shape (n_pairs,)
        Probability that the person buys it again at all, in [0, 1]; falls while it is overdue.
    soon : ndarray of float32, shape (n_pairs,)
        Probability that this happens within the window asked about, in [0, 1].
    """

    people: NDArray[np.int64]
    item_rows: NDArray[np.int32]
    due_days: NDArray[np.float32]
    days_until_due: NDArray[np.float32]
    confidence: NDArray[np.float32]
    soon: NDArray[np.float32]

    def strengths(self, n_people: int, n_items: int) -> sp.csr_array:
        """Give `soon` as a matrix: highest about the due date, and less when long overdue.

        Returns
        -------
        csr_array of float32, shape (n_people, n_items)
            Greater than 0 where stored, columns sorted in each row.
        """
        likely = (self.soon > 0).nonzero()[0]
        bounds = row_bounds(self.people[likely], n_people)
        return built(self.soon[likely], self.item_rows[likely], bounds, n_items)
