"""Last items: what each person had in mind most recently."""

from itertools import accumulate, pairwise
from typing import Final

import numpy as np
import scipy.sparse as sp

from features.events import EventType
from features.history import Histories
from features.sparse_rows import built

_WANTED: Final = (
    EventType.VIEW,
    EventType.CLICK,
    EventType.CART,
    EventType.WISHLIST,
    EventType.PURCHASE,
)
_IS_WANTED: Final = [one in _WANTED for one in EventType]


def last_items(histories: Histories, *, n_items: int, most: int = 8) -> sp.csr_array:
    """Weigh each person's most recent items, the latest most: 1, 1/2, 1/3, and so on.

    Parameters
    ----------
    histories : Histories
        n people, each one's entries oldest first.
    n_items : int
        Size of the catalogue.
    most : int
        How many items of each person; at least 1.

    Returns
    -------
    csr_array of float32, shape (n, n_items)
        Columns sorted in each row.

    Examples
    --------
    >>> view = EventType.VIEW.code
    >>> seen = Histories.of([[(2, view, 60), (0, view, 120), (2, view, 180)]])
    >>> last_items(seen, n_items=3).toarray().tolist()
    [[0.5, 0.0, 1.0]]
    """
    bounds = histories.indptr.tolist()
    latest = [_latest(histories, *own, most=most) for own in pairwise(bounds)]
    weighed = [sorted((row, 1 / (1 + place)) for place, row in enumerate(one)) for one in latest]
    entries = [entry for one in weighed for entry in one]
    return built(
        np.array([weight for _, weight in entries], dtype=np.float32),
        np.array([row for row, _ in entries], dtype=np.int32),
        np.array([0, *accumulate(map(len, latest))]),
        n_items,
    )


def _latest(histories: Histories, start: int, stop: int, *, most: int) -> list[int]:
    """Name the items of the entries from `start` to `stop`, the latest first."""
    found: dict[int, None] = {}
    for entry in range(stop - 1, start - 1, -1):
        if len(found) == most:
            break
        if _IS_WANTED[histories.event_types[entry]]:
            found[int(histories.item_rows[entry])] = None
    return list(found)
