"""Activity: how often and how lately each person came and bought, from the history alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.sparse_rows import changes


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """Numbers about n people; all float32, shape (n,).

    Days are differences of UTC dates, NaN where there is nothing to count from; counts and shares
    are 0 there. All purchases of one date are one order.

    Parameters
    ----------
    orders : ndarray
        Dates with a purchase.
    idle_days, known_days : ndarray
        Days since the last and since the first event; NaN for somebody without events.
    since_order_days : ndarray
        Days since the last order; NaN without one.
    mean_gap_days : ndarray
        Days from one order to the next, on average; NaN below two orders.
    last_gap_days : ndarray
        Days between the last two orders; NaN below two orders.
    items : ndarray
        Different items bought.
    repeat_share : ndarray
        Of the purchases, counted once for each item and date, the share that bought an item again
        after an earlier date; in [0, 1).
    """

    orders: NDArray[np.float32]
    idle_days: NDArray[np.float32]
    known_days: NDArray[np.float32]
    since_order_days: NDArray[np.float32]
    mean_gap_days: NDArray[np.float32]
    last_gap_days: NDArray[np.float32]
    items: NDArray[np.float32]
    repeat_share: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.orders)


def activity(histories: Histories, *, as_of_s: int) -> Activity:
    """Count what n people's histories say about their rhythm.

    Parameters
    ----------
    histories : Histories
        n people, each one's entries oldest first. What came after `as_of` counts as of that date.
    as_of_s : int
        The moment, in seconds since 1970 UTC.

    Examples
    --------
    Somebody bought item 3 ten days ago, and again four days ago; today is day 20.

    >>> twice = [(3, EventType.PURCHASE.code, day * SECONDS_PER_DAY) for day in (10, 16)]
    >>> seen = activity(Histories.of([twice]), as_of_s=20 * SECONDS_PER_DAY)
    >>> [float(one[0]) for one in (seen.orders, seen.since_order_days, seen.mean_gap_days)]
    [2.0, 4.0, 6.0]
    >>> float(seen.items[0]), float(seen.repeat_share[0])
    (1.0, 0.5)
    """
    n, today = len(histories), as_of_s // SECONDS_PER_DAY
    event_dates = histories.timestamps // SECONDS_PER_DAY
    bought = (histories.event_types == EventType.PURCHASE.code).nonzero()[0]
    people, dates = histories.person_of_entry[bought], event_dates[bought]
    # Entries stand in the order of time: an order begins where person or date change.
    begins = changes(people) | changes(dates)
    orders = np.bincount(people[begins], minlength=n)
    ends, several = orders.cumsum(), orders > 1
    last, first, last_but_one = _picked(
        dates[begins],
        (ends - 1, ends - orders, ends - 2),
        where=(orders > 0, orders > 0, several),
    )
    some, bounds = histories.lengths > 0, histories.indptr
    latest, earliest = _picked(event_dates, (bounds[1:] - 1, bounds[:-1]), where=(some, some))
    items = _different(people, histories.item_rows[bought], n)
    n_bought = np.bincount(people, minlength=n)
    gaps = (last - first) / np.maximum(orders - 1, 1)
    return Activity(
        orders=orders.astype(np.float32),
        idle_days=_age(today, latest),
        known_days=_age(today, earliest),
        since_order_days=_age(today, last),
        mean_gap_days=np.where(several, gaps, np.nan).astype(np.float32),
        last_gap_days=(last - last_but_one).astype(np.float32),
        items=items.astype(np.float32),
        repeat_share=(1 - items / np.maximum(n_bought, 1)).astype(np.float32) * (orders > 0),
    )


def _picked(
    dates: NDArray[np.int64],
    places: Sequence[NDArray[np.int64]],
    *,
    where: Sequence[NDArray[np.bool_]],
) -> NDArray[np.float64]:
    """Take dates for each person, shape (n_places, n); NaN for those who have none."""
    # The place behind the last, which is also the place -1, stands for no date.
    padded = np.empty(len(dates) + 1)
    padded[:-1], padded[-1] = dates, np.nan
    return padded[np.where(where, places, -1)]


def _age(today: int, dates: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.maximum(today - dates, 0).astype(np.float32)


def _different(
    people: NDArray[np.int64], item_rows: NDArray[np.int32], n: int
) -> NDArray[np.int64]:
    """Count each person's different items."""
    n_items = int(item_rows.max(initial=0)) + 1
    # Sorted and compared: on a million pairs ten times as fast as np.unique.
    pairs = np.sort(people * n_items + item_rows)
    return np.bincount(pairs[changes(pairs)] // n_items, minlength=n)
