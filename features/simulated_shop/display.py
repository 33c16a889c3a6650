"""The shop's display: which items a shelf shows, the well-known ones first."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.simulated_shop.seasons import DAY_S
from features.simulated_shop.truth import Floats

ZIPF_EXPONENT: Final = 1.0
ZIPF_OFFSET: Final = 3.0

FADING_SHARE: Final = 0.35
FADING_DAYS: Final = 90.0
FADED: Final = 0.25
"""A third of the items are fashions: a quarter of the display is left to them in the end."""


@dataclass(frozen=True, slots=True)
class Display:
    """How much of its shelf's display each item has.

    Parameters
    ----------
    order : ndarray of int64, shape (n_items,)
        Item rows, shelf by shelf, the most displayed first.
    cumulative : ndarray of float64, shape (n_items,)
        Shelf row + share of the shelf's display up to and including this item.
    prominence : ndarray of float32, shape (n_items,)
        Log of the rank within the shelf, standardised over the shop; by item row.
    fading : ndarray of bool, shape (n_items,)
        Whether the item is a fashion; by item row.
    """

    order: NDArray[np.int64]
    cumulative: NDArray[np.float64]
    prominence: Floats
    fading: NDArray[np.bool_]

    def pick(self, shelf: NDArray[Any], draw: NDArray[np.float64]) -> NDArray[np.int64]:
        """Pick an item of each shelf by a uniform draw in [0, 1); int64 item rows."""
        place = np.searchsorted(self.cumulative, shelf + draw, side="right")
        return self.order[np.minimum(place, len(self.order) - 1)]

    def kept(
        self, item_rows: NDArray[np.int64], age_s: NDArray[np.int64], draw: Floats
    ) -> NDArray[np.bool_]:
        """Say by a uniform draw which picks are still displayed at their age in the shop."""
        left = np.exp(np.maximum(age_s, 0) / np.float32(-FADING_DAYS * DAY_S)).astype(np.float32)
        return ~self.fading[item_rows] | (draw < np.maximum(left, np.float32(FADED)))


def make_display(shelf: NDArray[np.int16], rng: np.random.Generator) -> Display:
    """Rank each shelf's items and display them by Zipf's law.

    Parameters
    ----------
    shelf : ndarray of int16, shape (n_items,)
        Each item's shelf; every shelf has an item.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    Display
    """
    order = np.lexsort((rng.random(len(shelf)), shelf))
    counts = np.bincount(shelf)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    rank = np.arange(len(shelf)) - starts
    weight = (rank + ZIPF_OFFSET) ** -ZIPF_EXPONENT
    total = np.repeat(np.add.reduceat(weight, np.cumsum(counts) - counts), counts)
    running = np.cumsum(weight / total)
    by_row = np.empty(len(shelf), dtype=np.float32)
    by_row[order] = np.log(weight)
    spread = by_row.std() or np.float32(1)
    return Display(
        order=order,
        cumulative=running,
        prominence=np.asarray((by_row - by_row.mean()) / spread, dtype=np.float32),
        fading=rng.random(len(shelf)) < FADING_SHARE,
    )
