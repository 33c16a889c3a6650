"""Unfinished business: what a person looked at, carted or wished for and has not bought since."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.events import EventType
from features.history import Histories
from features.sparse_rows import summed
from features.weights import decay, repetition

UNFINISHED_WEIGHTS: Final[Mapping[EventType, float]] = MappingProxyType(
    {
        EventType.VIEW: 1.0,
        EventType.CLICK: 1.0,
        EventType.CART: 5.0,
        EventType.WISHLIST: 4.0,
    }
)
"""What a day with an event of each type counts as unfinished: a cart five days of views."""

_LONG_AGO: Final = np.iinfo(np.int64).min


def unfinished(
    histories: Histories,
    *,
    n_items: int,
    as_of_s: int,
    half_life_days: float = 14.0,
    by_type: Mapping[EventType, float] = UNFINISHED_WEIGHTS,
) -> sp.csr_array:
    """Add up what each person began with each item and has not finished.

    A purchase finishes what came before it, and so does a return: who sent it back has seen
    enough. Taking an item out of the cart does too, but for the wish list: people move there
    what they want later. What happened at the very moment of the purchase is finished by it.

    ``s_ui = sum over days since of w_type * (1 + ln n_day) * decay(age)``

    Parameters
    ----------
    histories : Histories
        n people; entries that count and are of a later date than `as_of` are an error.
    n_items : int
        Size of the catalogue.
    as_of_s : int
        The moment that ages are counted to, in seconds since 1970 UTC.
    half_life_days : float
        Days after which an event counts half; greater than 0.
    by_type : mapping of EventType to float
        What each type counts, 0 or more; a missing type counts nothing.

    Returns
    -------
    csr_array of float32, shape (n, n_items)
        Greater than 0 where stored, columns sorted in each row.

    Raises
    ------
    FutureEventError
        An entry that counts is of a later date than `as_of`.

    Examples
    --------
    >>> view, buy = EventType.VIEW.code, EventType.PURCHASE.code
    >>> one = Histories.of([[(0, view, 10), (1, view, 20), (0, buy, 30)]])
    >>> unfinished(one, n_items=2, as_of_s=40).toarray()  # item 0 was bought
    array([[0., 1.]], dtype=float32)
    """
    weights = np.array([by_type.get(one, 0.0) for one in EventType], dtype=np.float32)
    worth, shape = weights[histories.event_types], (len(histories), n_items)
    begun = (worth > 0).nonzero()[0]
    if not len(begun):
        return summed(worth[begun], begun, begun, shape)
    people, item_rows = histories.person_of_entry, histories.item_rows
    types, times = histories.event_types, histories.timestamps
    # One number for each pair of person and item, ascending with the person.
    pairs = people * n_items + item_rows
    is_settling = (types == EventType.PURCHASE.code) | (types == EventType.RETURN.code)
    settled_s = _latest(pairs, times, is_settling, begun)
    removed_s = _latest(pairs, times, types == EventType.REMOVE_FROM_CART.code, begun)
    ages = histories.age_days(as_of_s)[begun]
    values = (
        worth[begun]
        * repetition(histories.counts[begun])
        * decay(ages, half_life_days=half_life_days)
    )
    wished = types[begun] == EventType.WISHLIST.code
    is_open = (times[begun] > settled_s) & (wished | (times[begun] > removed_s)) & (values > 0)
    left = begun[is_open]
    return summed(values[is_open], item_rows[left], people[left], shape)


def _latest(
    pairs: NDArray[np.int64],
    times: NDArray[np.int64],
    chosen: NDArray[np.bool_],
    asked: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Tell when the latest chosen entry of each asked entry's pair happened, shape (n_asked,)."""
    among, at = pairs[chosen], times[chosen]
    if not (len(among) and len(asked)):
        return np.full(len(asked), _LONG_AGO)
    order = np.lexsort((at, among))
    among, at = among[order], at[order]
    # The last of a pair's entries stands just before where a larger pair would be put in.
    place = np.searchsorted(among, pairs[asked], side="right") - 1
    latest: NDArray[np.int64] = np.where(among[place] == pairs[asked], at[place], _LONG_AGO)
    return latest
