"""Moves: what stands higher or lower in a list than its score says.

Steps are measured in the shelf's unit, so that a strength means the same whatever ranker scores.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from serving.rules.shelf import Shelf


class Move(Protocol):
    """Something that moves scores."""

    def moved(self, shelf: Shelf, *, unit: float) -> Shelf:
        """Give the shelf with its scores moved.

        Parameters
        ----------
        shelf : Shelf
            Left as it is.
        unit : float
            `Shelf.unit` before any move, so that their order does not matter.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Push:
    """Boost, bury or lift: the score moves by strength x unit x the item's amount.

    Parameters
    ----------
    amounts : ndarray of bool or float, shape (n_items,)
        A mask to boost or to bury, or log lifts.
    strength : float
        Negative to bury.

    Examples
    --------
    >>> shelf = Shelf(np.array([0, 1]), np.array([1, 3], np.float32), np.zeros(2, np.uint8))
    >>> Push(np.array([True, False]), 2.5).moved(shelf, unit=1.0).scores
    array([3.5, 3. ], dtype=float32)
    """

    amounts: NDArray[np.bool_] | NDArray[np.floating]
    strength: float

    def moved(self, shelf: Shelf, *, unit: float) -> Shelf:
        """Give the shelf with its scores moved; see `Move`."""
        return shelf.moved(self.amounts[shelf.item_rows] * np.float32(self.strength * unit))


@dataclass(frozen=True, slots=True, eq=False)
class Damping:
    """What was shown lately stands lower: by strength x unit x log2(1 + how often).

    Parameters
    ----------
    n_shown : mapping of int to int
        How often each item row was shown to the person; those that were not may be missing.
    strength : float
        How many units an item sinks that was shown once.
    """

    n_shown: Mapping[int, int]
    strength: float

    def moved(self, shelf: Shelf, *, unit: float) -> Shelf:
        """Give the shelf with its scores moved; see `Move`."""
        counts = [self.n_shown.get(row, 0) for row in shelf.item_rows.tolist()]
        return shelf.moved(np.log2(1.0 + np.array(counts)) * (-self.strength * unit))
