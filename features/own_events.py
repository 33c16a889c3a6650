"""Own events: what each person did with each item, as sorted pairs that can be looked up."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.candidates import Candidates
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories


@dataclass(frozen=True, slots=True, eq=False)
class OwnEvents:
    """Events of some types by (person, item), sorted by person, then item.

    Parameters
    ----------
    keys : ndarray of int64, shape (n_pairs,)
        ``person * n_items + item``, rising.
    n_days : ndarray of float32, shape (n_pairs,)
        On how many days it happened.
    n_events : ndarray of float32, shape (n_pairs,)
        How often it happened.
    first_days, last_days : ndarray of float32, shape (n_pairs,)
        UTC days before `as_of`, both at least 0.
    n_items : int
        Size of the catalogue.
    """

    keys: NDArray[np.int64]
    n_days: NDArray[np.float32]
    n_events: NDArray[np.float32]
    first_days: NDArray[np.float32]
    last_days: NDArray[np.float32]
    n_items: int

    @classmethod
    def of(
        cls, histories: Histories, event_types: Iterable[EventType], *, n_items: int, as_of_s: int
    ) -> Self:
        """Add up the histories' entries; one later than `as_of` counts as of that day."""
        wanted = np.zeros(len(EventType), dtype=np.bool_)
        wanted[[one.code for one in event_types]] = True
        chosen = np.flatnonzero(wanted[histories.event_types])
        keys = histories.person_of_entry[chosen] * n_items + histories.item_rows[chosen]
        # Entries stand in the order of time, and a stable sort keeps them so.
        order = np.argsort(keys, kind="stable")
        sorted_keys = keys[order]
        starts = np.flatnonzero(np.diff(sorted_keys, prepend=-1))
        stops = np.append(starts[1:], len(order))[: len(starts)] - 1
        ages = as_of_s // SECONDS_PER_DAY - histories.timestamps[chosen] // SECONDS_PER_DAY
        days_ago: NDArray[np.float32] = np.maximum(ages[order], 0).astype(np.float32)
        is_new_day = np.diff(days_ago, prepend=-1) != 0
        is_new_day[starts] = True
        counts = histories.counts[chosen][order]
        return cls(
            keys=sorted_keys[starts],
            n_days=_sums(is_new_day.astype(np.float32), starts),
            n_events=_sums(counts, starts),
            first_days=days_ago[starts],
            last_days=days_ago[stops],
            n_items=n_items,
        )

    def find(self, candidates: Candidates) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Find where candidate pairs stand, and which of them do.

        Returns
        -------
        places : ndarray of int64, shape (n_pairs,)
            Place in these arrays; 0 where a pair is not among them.
        found : ndarray of bool, shape (n_pairs,)
            Whether the person did any of it with the item.
        """
        return find_keys(self.keys, candidates, n_items=self.n_items)


def find_keys(
    keys: NDArray[np.int64], candidates: Candidates, *, n_items: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Find candidate pairs among keys ``person * n_items + item``; see `OwnEvents.find`."""
    # One cell for each person and item: quicker than a binary search for every pair.
    places = np.zeros(len(candidates) * n_items, dtype=np.int32)
    places[keys] = np.arange(1, len(keys) + 1)
    wanted = places[candidates.person_rows * n_items + candidates.item_rows]
    return np.maximum(wanted - 1, 0).astype(np.int64), wanted > 0


def looked_up(
    values: NDArray[np.float32],
    places: NDArray[np.int64],
    found: NDArray[np.bool_],
    *,
    missing: float = 0,
) -> NDArray[np.float32]:
    """Give the values at places that `OwnEvents.find` gave, and a number where nothing was found.

    Parameters
    ----------
    values : ndarray of float32, shape (n_keys,)
        May be empty.
    places, found : ndarray, shape (n_pairs,)
        See `OwnEvents.find`.
    missing : float
        What stands for nothing.
    """
    if not len(values):
        return np.full(len(found), missing, dtype=np.float32)
    known: NDArray[np.float32] = np.where(found, values[places], np.float32(missing))
    return known


def _sums(values: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.add.reduceat(values, starts) if len(starts) else np.empty(0, dtype=np.float32)
