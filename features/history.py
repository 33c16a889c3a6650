"""A person's recent history as arrays, the same offline from the log and online from a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput

SECONDS_PER_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """What each of n people did, as rows of ragged arrays.

    One entry stands for all events of one type with one item on one UTC day: that is the grain
    at which confidence counts, so that ten clicks in a minute are one day's interest.

    Parameters
    ----------
    indptr : ndarray of int64, shape (n + 1,)
        Person i's entries are `indptr[i]:indptr[i + 1]`, oldest first.
    item_rows : ndarray of int32, shape (n_entries,)
        The item's row.
    event_types : ndarray of uint8, shape (n_entries,)
        `EventType.code`.
    timestamps : ndarray of int64, shape (n_entries,)
        When it last happened on that day, in seconds since 1970 UTC.
    counts : ndarray of float32, shape (n_entries,)
        How often it happened on that day.

    Examples
    --------
    >>> two = Histories.of([[(7, 0, 60)], []])
    >>> len(two), two.lengths.tolist()
    (2, [1, 0])
    """

    indptr: NDArray[np.int64]
    item_rows: NDArray[np.int32]
    event_types: NDArray[np.uint8]
    timestamps: NDArray[np.int64]
    counts: NDArray[np.float32]

    @classmethod
    def of(cls, people: list[list[tuple[int, int, int]]]) -> Self:
        """Build from lists of `(item_row, event type code, epoch seconds)`, oldest first."""
        flat = [event for events in people for event in events]
        columns = np.array(flat, dtype=np.int64).reshape(len(flat), 3)
        lengths = [len(events) for events in people]
        return cls(
            indptr=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            item_rows=columns[:, 0].astype(np.int32),
            event_types=columns[:, 1].astype(np.uint8),
            timestamps=columns[:, 2],
            counts=np.ones(len(flat), dtype=np.float32),
        )

    @classmethod
    def counted(cls, people: Sequence[Sequence[tuple[int, int, int]]]) -> Self:
        """Build from single events, as `of`; those of one type with one item on one day add up.

        Examples
        --------
        >>> one = Histories.counted([[(7, 0, 60), (7, 0, 120), (7, 5, 180)]])
        >>> one.timestamps.tolist(), one.counts.tolist()
        ([120, 180], [2.0, 1.0])
        """
        single = cls.of([list(events) for events in people])
        days = single.timestamps // SECONDS_PER_DAY
        keys = (days, single.event_types, single.item_rows, single.person_of_entry)
        order = np.lexsort((single.timestamps, *keys))
        changes = np.any([np.diff(key[order], append=-1) != 0 for key in keys], axis=0)
        last = np.flatnonzero(changes)
        counts = np.diff(last, prepend=-1)
        # Back into the order of time, each entry where the last of its events stood.
        back = np.argsort(order[last], kind="stable")
        entries = order[last][back]
        lengths = np.bincount(single.person_of_entry[entries], minlength=len(single))
        indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        return replace(single._entries(entries, indptr), counts=counts[back].astype(np.float32))

    @classmethod
    def empty(cls, n_people: int) -> Self:
        """Build n people who have done nothing yet."""
        return cls.of([[] for _ in range(n_people)])

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many entries each person has, shape (n,)."""
        return self.indptr[1:] - self.indptr[:-1]

    @property
    def person_of_entry(self) -> NDArray[np.int64]:
        """Which person each entry belongs to, shape (n_entries,)."""
        if len(self) == 1:  # of whom everything is, which need not be spelt out
            return np.zeros(len(self.item_rows), dtype=np.int64)
        return np.repeat(np.arange(len(self)), self.lengths)

    def up_to(self, as_of_s: int) -> Self:
        """Put what is later than `as_of` onto its day, in the order in which it happened.

        A model counts ages in dates up to `as_of`. What somebody does afterwards is of age 0, and
        the cart that comes after the purchase must still come after it.
        """
        later = self.timestamps > as_of_s
        if not later.any():
            return self
        # Entries are sorted by time: those that are later stand together, behind the others.
        so_far = np.cumsum(later)
        before = np.concatenate(([0], so_far))[self.indptr[:-1]]
        nth = so_far - np.repeat(before, self.lengths)
        last_s = (as_of_s // SECONDS_PER_DAY + 1) * SECONDS_PER_DAY - 1
        moved = np.minimum(as_of_s + nth, last_s)
        return replace(self, timestamps=np.where(later, moved, self.timestamps))

    def take(self, rows: NDArray[np.integer]) -> Self:
        """Give these people's histories, in this order; row -1 gives an empty one.

        Parameters
        ----------
        rows : ndarray of int, shape (n_wanted,)
            Rows of this object, or -1 for somebody unknown.
        """
        if len(rows) == 1 and rows[0] >= 0:  # one person's entries lie together
            start, stop = self.indptr[rows[0] : rows[0] + 2].tolist()
            return self._entries(slice(start, stop), np.array([0, stop - start]))
        known = rows >= 0
        safe = np.where(known, rows, 0)
        starts = np.where(known, self.indptr[safe] if len(self) else 0, 0)
        lengths = np.where(known, self.indptr[safe + 1] - starts if len(self) else 0, 0)
        indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        entries = np.repeat(starts - indptr[:-1], lengths) + np.arange(indptr[-1])
        return self._entries(entries, indptr)

    def joined(self, newer: Self) -> Self:
        """Add to each person's history what the same person did besides, in the order of time.

        Raises
        ------
        InvalidInput
            The two do not hold the same number of people.
        """
        if len(newer) != len(self):
            raise InvalidInput(
                f"{len(self)} histories cannot take the events of {len(newer)} people;"
                " give one (maybe empty) history for each person"
            )
        if not len(newer.item_rows):
            return self
        people = np.concatenate((self.person_of_entry, newer.person_of_entry))
        times = np.concatenate((self.timestamps, newer.timestamps))
        order = np.lexsort((times, people))
        both = Histories(
            indptr=self.indptr + newer.indptr,
            item_rows=np.concatenate((self.item_rows, newer.item_rows)),
            event_types=np.concatenate((self.event_types, newer.event_types)),
            timestamps=times,
            counts=np.concatenate((self.counts, newer.counts)),
        )
        return type(self)(**both._entries(order, both.indptr).arrays())

    def select(self, keep: NDArray[np.bool_]) -> Self:
        """Keep the marked entries; every person stays, maybe with nothing left.

        Parameters
        ----------
        keep : ndarray of bool, shape (n_entries,)
            True for an entry that stays.
        """
        kept_before = np.concatenate(([0], np.cumsum(keep))).astype(np.int64)
        return self._entries(np.flatnonzero(keep), kept_before[self.indptr])

    def age_days(self, as_of_s: int) -> NDArray[np.int64]:
        """Count the UTC dates from each entry to `as_of`; negative for later ones.

        Dates, not seconds: the table engines agree on date differences and on nothing finer.
        """
        return as_of_s // SECONDS_PER_DAY - self.timestamps // SECONDS_PER_DAY

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays that `Histories(**arrays)` needs, for storage."""
        return {
            "indptr": self.indptr,
            "item_rows": self.item_rows,
            "event_types": self.event_types,
            "timestamps": self.timestamps,
            "counts": self.counts,
        }

    def _entries(self, entries: NDArray[np.integer] | slice, indptr: NDArray[np.int64]) -> Self:
        return type(self)(
            indptr=indptr,
            item_rows=self.item_rows[entries],
            event_types=self.event_types[entries],
            timestamps=self.timestamps[entries],
            counts=self.counts[entries],
        )
