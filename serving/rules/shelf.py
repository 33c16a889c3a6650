"""A shelf: the items that one person's list is chosen from, and how they score."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """One person's candidates, every item at most once. Rules give new shelves.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (n,)
        The items.
    scores : ndarray of float32, shape (n,)
        Higher comes first; in whatever unit the ranker scores.
    sources : ndarray of uint8, shape (n,)
        `Source.code`.
    """

    item_rows: NDArray[np.int32]
    scores: NDArray[np.float32]
    sources: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.item_rows)

    @property
    def unit(self) -> float:
        """How far scores lie apart: their standard deviation, or 1 where all are the same."""
        spread = float(self.scores.std(dtype=np.float64)) if len(self) else 0.0
        return spread or 1.0

    def take(self, places: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Self:
        """Give some of the items, in the order named."""
        return type(self)(self.item_rows[places], self.scores[places], self.sources[places])

    def by_score(self) -> Self:
        """Give the items by their scores; equal ones stay in their order."""
        return self.take(np.argsort(-self.scores, kind="stable"))

    def moved(self, steps: NDArray[np.floating]) -> Self:
        """Give the items with something added to their scores, shape (n,)."""
        scores = (self.scores + steps).astype(np.float32, copy=False)
        return type(self)(self.item_rows, scores, self.sources)

    def followed_by(self, other: Self) -> Self:
        """Append another shelf's items in their order, each scored one below the one before it.

        Items that stand on both are where they are on this one.
        """
        more = other.take(~np.isin(other.item_rows, self.item_rows))
        least = self.scores.min() if len(self) else np.float32(0)
        below = least - np.arange(1, len(more) + 1, dtype=np.float32)
        return type(self)(
            np.concatenate((self.item_rows, more.item_rows)),
            np.concatenate((self.scores, below)),
            np.concatenate((self.sources, more.sources)),
        )
