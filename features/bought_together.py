"""Bought together: which items share a basket more often than chance would put them there."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.neighbours import Neighbours
from features.row_blocks import strongest

_LARGEST_BASKET: Final = 200
"""Of a larger one that many entries are drawn: the work grows with the square of the size."""
_DOUBTED_BASKETS: Final = 2.0
"""The weight of shared baskets at which a strength is believed by half."""
_SEED: Final = 0


def bought_together(histories: Histories, *, n_items: int, most: int = 50) -> Neighbours:
    """Find what stands in one basket with each item; a person's purchases of one UTC day are one.

    With ``w = 1 / sqrt(size - 1)`` for each basket, ``n(i)`` and ``n(i, j)`` the summed weights
    of the baskets with one and with both, and N that of all::

        strength = (n(i, j) - n(i) n(j) / N) / sqrt(n(i) n(j)) * n(i, j) / (n(i, j) + 2)

    The first part is the cosine over baskets (Deshpande and Karypis 2004, section 4.1) less what
    two items that have nothing to do with each other would have: what everybody buys is in every
    basket and belongs to none. The second takes pairs of few baskets for chance, as correlations
    are shrunk by their support (Koren 2008, section 2.2). A wholesaler's basket of 100 has 4,950
    pairs that mostly mean nothing, a basket of 2 has one that was meant; with this weight
    each item's pairs weigh ``sqrt(size - 1)`` together, so a large basket does not drown small
    ones and does not vanish beside them either.

    Parameters
    ----------
    histories : Histories
        Of everybody; only purchases count.
    n_items : int
        How many items there are.
    most : int
        How many neighbours an item may have; at least 1.

    Returns
    -------
    Neighbours
        Strengths, above 0 to below 1.

    Examples
    --------
    >>> day, cup, saucer, lamp = 86_400, 0, 1, 2
    >>> tea = [(cup, EventType.PURCHASE.code, day), (saucer, EventType.PURCHASE.code, day)]
    >>> light = [(lamp, EventType.PURCHASE.code, day), (3, EventType.PURCHASE.code, day)]
    >>> found = bought_together(Histories.of([tea, tea, light]), n_items=4)
    >>> found.similarity[[cup]].indices.tolist()
    [1]
    >>> (2 - 2 * 2 / 3) / 2 * 2 / (2 + 2), round(float(found.similarity[cup, saucer]), 4)
    (0.16666666666666669, 0.1667)
    """
    baskets = _Baskets.of(histories, n_items)
    total = max(float(baskets.weights.sum()), 1.0)
    n_with = baskets.weights @ baskets.held
    by_item = sp.csr_array((sp.diags_array(baskets.weights) @ baskets.held).T)

    def strength(rows: slice) -> sp.csr_array:
        together = sp.coo_array(by_item[rows] @ baskets.held)
        one, other = n_with[rows][together.row], n_with[together.col]
        beyond_chance = (together.data - one * other / total) / np.sqrt(one * other)
        believed = together.data / (together.data + _DOUBTED_BASKETS)
        return sp.csr_array((beyond_chance * believed, together.coords), shape=together.shape)

    return strongest(strength, n_items=n_items, most=most)


@dataclass(frozen=True, slots=True, eq=False)
class _Baskets:
    """Baskets of two items or more.

    Parameters
    ----------
    held : csr_array of float32, shape (n_baskets, n_items)
        1 where the item is in the basket.
    weights : ndarray of float, shape (n_baskets,)
        What each basket counts.
    """

    held: sp.csr_array
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, histories: Histories, n_items: int) -> Self:
        """Part the purchases by person and day."""
        bought = histories.select(histories.event_types == EventType.PURCHASE.code)
        people, days = bought.person_of_entry, bought.timestamps // SECONDS_PER_DAY
        # Each person's entries are in the order of time, so those of a day stand together.
        opens = (np.diff(people, prepend=-1) != 0) | (np.diff(days, prepend=-1) != 0)
        basket_rows = np.cumsum(opens) - 1
        sizes = np.bincount(basket_rows)
        drawn = np.lexsort((np.random.default_rng(_SEED).random(len(days)), basket_rows))
        place = np.arange(len(days)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        kept = drawn[(place < _LARGEST_BASKET) & (np.repeat(sizes, sizes) > 1)]
        several, rows = np.unique(basket_rows[kept], return_inverse=True)
        held = sp.csr_array(
            (np.ones(len(kept), np.float32), (rows, bought.item_rows[kept])),
            shape=(len(several), n_items),
        )
        return cls(held, 1 / np.sqrt(sizes[several] - 1.0))
