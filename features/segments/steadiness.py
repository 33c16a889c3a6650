"""Steadiness: whether people keep buying something, like nappies, or once, like a gift."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.events import EventType
from features.history import Histories

_MONTH_DAYS: Final = 30


def steadiness(
    histories: Histories,
    *,
    taste_of_person: NDArray[np.integer],
    taste_of_item: NDArray[np.integer],
    n_tastes: int,
    as_of_s: int,
) -> NDArray[np.float32]:
    """Say in how many of the months after their first purchase in a taste its people buy again.

    Months are of 30 days, counted back from `as_of`. With the months m in which somebody bought
    items of the own taste, and the months M that have passed since the first of them, it is
    ``sum(m - 1) / sum(M)`` over the taste's people.

    Parameters
    ----------
    histories : Histories
        n people.
    taste_of_person : ndarray of int, shape (n,)
        Each person's taste; -1 without one.
    taste_of_item : ndarray of int, shape (n_items,)
        The taste that each item is most typical of; -1 for an item of no taste.
    n_tastes : int
        How many tastes there are.
    as_of_s : int
        The moment, in seconds since 1970 UTC; nothing in the histories is later.

    Returns
    -------
    ndarray of float32, shape (n_tastes,)
        From 0, nobody came back, to 1, everybody came every month; NaN where no month has passed
        since anybody's first purchase.

    Examples
    --------
    Bought on the first and on the last day of four months: in one of three further months.

    >>> both = [(0, EventType.PURCHASE.code, day * 86_400) for day in (0, 100)]
    >>> one = np.zeros(1, dtype=np.int64)
    >>> steadiness(Histories.of([both]), taste_of_person=one, taste_of_item=one, n_tastes=1,
    ...            as_of_s=100 * 86_400).round(2)
    array([0.33], dtype=float32)
    """
    people, tastes = histories.person_of_entry, taste_of_person[histories.person_of_entry]
    in_taste = (tastes >= 0) & (taste_of_item[histories.item_rows] == tastes)
    keep = in_taste & (histories.event_types == EventType.PURCHASE.code)
    months_ago = histories.age_days(as_of_s)[keep] // _MONTH_DAYS
    n_months = int(months_ago.max(initial=0)) + 1
    different = np.unique(people[keep] * n_months + months_ago)
    buyers, first = np.unique(people[keep], return_inverse=True)
    passed = np.zeros(len(buyers), dtype=np.int64)
    np.maximum.at(passed, first, months_ago)
    bought = np.unique(different // n_months, return_counts=True)[1]
    of_buyer = taste_of_person[buyers]
    again = np.bincount(of_buyer, bought - 1, minlength=n_tastes)
    possible = np.bincount(of_buyer, passed, minlength=n_tastes)
    return np.where(possible > 0, again / np.maximum(possible, 1), np.nan).astype(np.float32)
