"""Own events: what each person did with each item, as sorted pairs that can be looked up."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.sparse_rows import changes


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
        chosen = wanted[histories.event_types].nonzero()[0]
        if not len(chosen):
            nothing = np.empty(0, dtype=np.float32)
            return cls(chosen, nothing, nothing, nothing, nothing, n_items)
        keys = histories.person_of_entry[chosen] * n_items + histories.item_rows[chosen]
        # Entries stand in the order of time, and a stable sort keeps them so.
        order = keys.argsort(kind="stable")
        keys, chosen = keys[order], chosen[order]
        is_first = changes(keys)
        starts = is_first.nonzero()[0]
        stops = np.append(starts[1:], len(keys)) - 1
        ages = as_of_s // SECONDS_PER_DAY - histories.timestamps[chosen] // SECONDS_PER_DAY
        days_ago: NDArray[np.float32] = np.maximum(ages, 0).astype(np.float32)
        is_new_day = (is_first | changes(days_ago)).astype(np.float32)
        return cls(
            keys=keys[starts],
            n_days=np.add.reduceat(is_new_day, starts),
            n_events=np.add.reduceat(histories.counts[chosen], starts),
            first_days=days_ago[starts],
            last_days=days_ago[stops],
            n_items=n_items,
        )

    @property
    def people(self) -> NDArray[np.int64]:
        """Whose each of the pairs is."""
        return self.keys // self.n_items
