"""Purchase days: on which days each person bought each item, and how far these lie apart."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.errors import FutureEventError
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.sparse_rows import changes


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseDays:
    """Every pair of a person and an item that the person bought, by person, then item.

    Days are UTC days counted from 1970-01-01; two purchases on one day are one.

    Parameters
    ----------
    people : ndarray of int64, shape (n_pairs,)
        Rows of the histories.
    item_rows : ndarray of int32, shape (n_pairs,)
        The item.
    first_days, last_days : ndarray of int64, shape (n_pairs,)
        When it was bought first and last.
    n_again : ndarray of int64, shape (n_pairs,)
        On how many days it was bought again.
    interval_days : ndarray of int64, shape (n_intervals,)
        Days between one purchase day and the next, at least 1, oldest first within a pair.
    interval_pairs : ndarray of int64, shape (n_intervals,)
        Whose interval it is: ascending, a row of the pairs.

    Examples
    --------
    >>> day = SECONDS_PER_DAY
    >>> one = PurchaseDays.of(Histories.of([[(7, 5, 0), (7, 5, 30 * day)]]), as_of_s=40 * day)
    >>> one.n_again.tolist(), one.interval_days.tolist()
    ([1], [30])
    """

    people: NDArray[np.int64]
    item_rows: NDArray[np.int32]
    first_days: NDArray[np.int64]
    last_days: NDArray[np.int64]
    n_again: NDArray[np.int64]
    interval_days: NDArray[np.int64]
    interval_pairs: NDArray[np.int64]

    @classmethod
    def of(cls, histories: Histories, *, as_of_s: int) -> Self:
        """Find the purchase days in histories.

        Raises
        ------
        FutureEventError
            A purchase is of a later date than `as_of`.
        """
        bought = (histories.event_types == EventType.PURCHASE.code).nonzero()[0]
        people, items = histories.person_of_entry[bought], histories.item_rows[bought]
        days = histories.timestamps[bought] // SECONDS_PER_DAY
        latest = int(days.max(initial=0)) - as_of_s // SECONDS_PER_DAY
        if latest > 0:
            raise FutureEventError(
                f"a purchase is {latest} days after as_of; filter it or move as_of"
            )
        order = np.lexsort((days, items, people))
        people, items, days = people[order], items[order], days[order]
        is_first = changes(people) | changes(items)
        firsts = is_first.nonzero()[0]
        lasts = firsts - 1
        lasts[:-1], lasts[-1:] = lasts[1:], len(order) - 1
        since_previous = np.zeros(len(order), dtype=np.int64)
        np.subtract(days[1:], days[:-1], out=since_previous[1:])
        again = (~is_first & (since_previous > 0)).nonzero()[0]
        pairs = is_first.cumsum()[again] - 1
        return cls(
            people=people[firsts],
            item_rows=items[firsts],
            first_days=days[firsts],
            last_days=days[lasts],
            n_again=np.bincount(pairs, minlength=len(firsts)),
            interval_days=since_previous[again],
            interval_pairs=pairs,
        )

    def summed(self, of_intervals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up a value of each interval by pair, shape (n_pairs,)."""
        sums = np.bincount(self.interval_pairs, of_intervals, minlength=len(self.people))
        return sums.astype(np.float64)
