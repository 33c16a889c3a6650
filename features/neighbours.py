"""Neighbours: which items speak for which others, and how strongly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.sparse_rows import built, only_largest, product


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """A sparse item-to-item model: a person wants what the person's own items speak for.

    Parameters
    ----------
    similarity : csr_array of float32, shape (n_items, n_items)
        Row i holds the items that item i speaks for, greater than 0 where stored; a few dozen
        in each row, none on the diagonal, columns sorted.
    """

    similarity: sp.csr_array

    @classmethod
    def of(cls, similarity: sp.csr_array, *, most: int) -> Self:
        """Keep the strongest neighbours of each item, and never the item itself.

        Parameters
        ----------
        similarity : csr_array, shape (n_items, n_items)
            Any similarity; what is not above 0 is dropped.
        most : int
            How many neighbours an item may have; at least 1.
        """
        others = sp.csr_array(similarity, dtype=np.float32, copy=True)
        rows = np.repeat(np.arange(others.shape[0]), np.diff(others.indptr))
        others.data[(others.indices == rows) | (others.data < 0)] = 0
        others.eliminate_zeros()
        return cls(only_largest(others, most))

    def scores(self, confidence: sp.csr_array) -> sp.csr_array:
        """Add up what each person's items speak for.

        Parameters
        ----------
        confidence : csr_array of float32, shape (n, n_items)
            What each person has shown.

        Returns
        -------
        csr_array of float32, shape (n, n_items)
            Each column at most once in a row, in no order.
        """
        return product(confidence, self.similarity)

    def score(
        self, confidence: sp.csr_array, item_rows: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Score items for people, shape (n, m) float32; see `ScoringModel`."""
        scores: NDArray[np.float32] = (confidence @ self.similarity[:, item_rows]).toarray()
        return scores

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give `indptr`, `item_rows` and `weights`, for storage."""
        return {
            "indptr": self.similarity.indptr.astype(np.int64),
            "item_rows": self.similarity.indices.astype(np.int32),
            "weights": self.similarity.data,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from `indptr`, `item_rows` and `weights`."""
        n_items = len(arrays["indptr"]) - 1
        return cls(built(arrays["weights"], arrays["item_rows"], arrays["indptr"], n_items))
