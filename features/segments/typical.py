"""Typical items: what a group of people goes for more than everybody does."""

from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.events import EventType
from features.history import Histories

_SHOWS_INTEREST: Final = tuple(
    one.code
    for one in (
        EventType.VIEW,
        EventType.CLICK,
        EventType.CART,
        EventType.WISHLIST,
        EventType.PURCHASE,
    )
)
FEWEST_PEOPLE: Final = 3
"""Whom it takes before an item says something about a group and not about somebody."""


def interest(histories: Histories, *, n_items: int) -> sp.csr_array:
    """Mark who showed interest in what: a view, click, cart, wish or purchase.

    Returns
    -------
    csr_array of float32, shape (n, n_items)
        1 for each pair, however often it happened.
    """
    shown = histories.select(np.isin(histories.event_types, _SHOWS_INTEREST))
    marks = np.ones(len(shown.item_rows), dtype=np.float32)
    pairs = sp.csr_array(
        (marks, shown.item_rows.copy(), shown.indptr.copy()), shape=(len(histories), n_items)
    )
    pairs.sum_duplicates()
    pairs.data[:] = 1
    return pairs


def typicality(
    interested: sp.csr_array, groups: NDArray[np.integer], *, n_groups: int
) -> NDArray[np.float32]:
    """Say how typical each item is of each group.

    With the share p of a group, and the share q of all groups, that is interested in an item, it
    is ``p ln(p / q)``: high for what many of the group and few others want, 0 for what everybody
    wants alike, negative for what the group leaves aside. The ratio p / q alone would name what
    three people bought by chance.

    Parameters
    ----------
    interested : csr_array of float32, shape (n, n_items)
        From `interest`.
    groups : ndarray of int, shape (n,)
        Each person's group; -1 for people who count in none.
    n_groups : int
        How many groups there are.

    Returns
    -------
    ndarray of float32, shape (n_groups, n_items)
        0 where fewer than `FEWEST_PEOPLE` of the group are interested.

    Examples
    --------
    Four people want item 0 and four want item 1; everybody wants item 2.

    >>> wants = sp.csr_array(np.array([[1, 0, 1]] * 4 + [[0, 1, 1]] * 4, dtype=np.float32))
    >>> typicality(wants, np.repeat([0, 1], 4), n_groups=2).round(2)
    array([[0.69, 0.  , 0.  ],
           [0.  , 0.69, 0.  ]], dtype=float32)
    """
    placed = np.flatnonzero(groups >= 0)
    chosen = (np.ones(len(placed), dtype=np.float32), (groups[placed], placed))
    members = sp.csr_array(chosen, shape=(n_groups, len(groups)))
    counts = (members @ interested).toarray()
    sizes = np.bincount(groups[placed], minlength=n_groups)[:, None]
    within = counts / np.maximum(sizes, 1)
    overall = counts.sum(axis=0) / max(len(placed), 1)
    supported = counts >= FEWEST_PEOPLE
    lift = np.where(supported, within / np.where(overall > 0, overall, 1), 1)
    scores: NDArray[np.float32] = (within * np.log(lift)).astype(np.float32)
    return scores


def most_typical(scores: NDArray[np.float32], *, k: int) -> NDArray[np.int32]:
    """Choose each group's k most typical items, the most typical first.

    Parameters
    ----------
    scores : ndarray of float32, shape (n_groups, n_items)
        From `typicality`.
    k : int
        How many.

    Returns
    -------
    ndarray of int32, shape (n_groups, min(k, n_items))
        Item rows; -1 where no further item is more typical of the group than of all.
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    is_typical = np.take_along_axis(scores, best, axis=1) > 0
    return np.where(is_typical, best, -1).astype(np.int32)
