"""Drops: what may not be in a list at all."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray


class Drop(Protocol):
    """Something that takes items off a shelf."""

    @property
    def name(self) -> str:
        """What it is called where the dropped are counted."""

    @property
    def binds_pins(self) -> bool:
        """Whether a pinned item keeps to it too."""

    def drops(self, item_rows: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Mark the items that may not be shown, shape (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Exclusion:
    """Items that may not be shown, whatever else holds.

    Parameters
    ----------
    name : str
        Why, such as "excluded" or "filtered".
    mask : ndarray of bool, shape (n_items,)
        True for what may not be shown.
    """

    binds_pins: ClassVar = True

    name: str
    mask: NDArray[np.bool_]

    def drops(self, item_rows: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Mark the items that may not be shown, shape (n,)."""
        marks: NDArray[np.bool_] = self.mask[item_rows]
        return marks


@dataclass(frozen=True, slots=True, eq=False)
class PriceWindow:
    """Items cheaper or dearer than wanted; one without a price stays, for it may be either.

    Parameters
    ----------
    prices : ndarray of float64, shape (n_items,)
        In the shop's currency; NaN where unknown.
    low, high : float
        Both prices are still inside.
    """

    binds_pins: ClassVar = False
    name: ClassVar = "price_window"

    prices: NDArray[np.float64]
    low: float
    high: float

    def drops(self, item_rows: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Mark the items that are outside, shape (n,)."""
        prices = self.prices[item_rows]
        # Compared with NaN nothing is true.
        outside: NDArray[np.bool_] = (prices < self.low) | (prices > self.high)
        return outside
