"""Last items: what each person had in mind most recently."""

from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.events import EventType
from features.history import Histories

_WANTED: Final = (
    EventType.VIEW,
    EventType.CLICK,
    EventType.CART,
    EventType.WISHLIST,
    EventType.PURCHASE,
)


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
    wanted = np.zeros(len(EventType), dtype=np.bool_)
    wanted[[one.code for one in _WANTED]] = True
    chosen = np.flatnonzero(wanted[histories.event_types])
    people, items = histories.person_of_entry[chosen], histories.item_rows[chosen]
    order = np.lexsort((chosen, people * n_items + items))
    keys = (people * n_items + items)[order]
    # The last of the entries with one key is the latest.
    latest = chosen[order[np.flatnonzero(np.diff(keys, append=-1))]]
    person = histories.person_of_entry[latest]
    newest_first = np.lexsort((-latest, person))
    lengths = np.bincount(person, minlength=len(histories))
    starts = np.cumsum(lengths) - lengths
    place = np.arange(len(latest)) - np.repeat(starts, lengths)
    kept = place < most
    rows: NDArray[np.int64] = person[newest_first][kept]
    weights = (1 / (1 + place[kept])).astype(np.float32)
    columns = histories.item_rows[latest[newest_first]][kept]
    found = sp.csr_array((weights, (rows, columns)), shape=(len(histories), n_items))
    found.sort_indices()
    return found
