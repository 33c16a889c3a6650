"""Known people: who asks, as rows of a bundle, with all that they did since it was made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from features.events import EventType
from features.history import Histories
from features.seen import Persons
from serving.store import PersonNews
from training.bundle import Bundle

_BUY: Final = EventType.PURCHASE.code
_RETURN: Final = EventType.RETURN.code
_NOTHING: Final = np.empty(0, dtype=np.int64)

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class KnownPeople:
    """n people.

    Parameters
    ----------
    user_rows : ndarray of int64, shape (n,)
        Rows of the bundle's users; -1 for somebody whom it does not know.
    newer : Histories
        What they did since, and before under other ids.
    bought : list of n ndarrays of int64
        Item rows that they bought since, and did not send back.
    """

    user_rows: Rows
    newer: Histories
    bought: list[Rows]

    @classmethod
    def of(
        cls,
        bundle: Bundle,
        people: Sequence[PersonNews],
        *,
        sessions: Sequence[Rows] = (),
        now_s: int = 0,
    ) -> Self:
        """Find people in a bundle, and add what is new.

        Parameters
        ----------
        bundle : Bundle
            What is known of them.
        people : sequence of n PersonNews
            What is new.
        sessions : sequence of n ndarrays of int64, optional
            Item rows that each looks at right now.
        now_s : int
            When that is, in seconds since 1970 UTC.
        """
        # Nobody is called "": it stands for somebody who does not say who they are.
        user_rows = bundle.users.rows([one.person or "" for one in people])
        events = [_events(bundle, one) for one in people]
        bought = [_bought(some) for some in events]
        for some, session in zip(events, sessions, strict=False):
            some.extend((int(row), EventType.VIEW.code, now_s) for row in session)
        newer = Histories.counted(events) if any(events) else Histories.empty(len(people))
        return cls(user_rows, _with_aliases(bundle, people, newer), bought)

    def persons(self, bundle: Bundle, places: Rows) -> Persons:
        """Give some of these people as the bundle's models see them.

        Parameters
        ----------
        bundle : Bundle
            Where they were looked up.
        places : ndarray of int64
            Which of them.
        """
        newer = self.newer.take(places) if self.newer.lengths.any() else None
        return bundle.persons(self.user_rows[places], newer)

    def histories(self, bundle: Bundle, place: int) -> Histories:
        """Give all that one person did, at the times when they did it."""
        here = np.array([place])
        return bundle.histories.take(self.user_rows[here]).joined(self.newer.take(here))


def _events(bundle: Bundle, news: PersonNews) -> list[tuple[int, int, int]]:
    """Give a person's events by item row; those with items that nobody knows are passed over."""
    if not news.item_ids:
        return []
    rows = bundle.items.rows(news.item_ids).tolist()
    every = zip(rows, news.event_types, news.timestamps_s, strict=True)
    kept = [event for event in every if event[0] >= 0]
    returned = {row: at_s for row, kind, at_s in kept if kind == _RETURN}
    # What was sent back was not bought, as in a training.
    return [
        event
        for event in kept
        if event[1] != _BUY or event[2] > returned.get(event[0], event[2] - 1)
    ]


def _bought(events: list[tuple[int, int, int]]) -> Rows:
    rows = [row for row, kind, _ in events if kind == _BUY]
    return np.unique(np.array(rows, dtype=np.int64)) if rows else _NOTHING


def _with_aliases(bundle: Bundle, people: Sequence[PersonNews], newer: Histories) -> Histories:
    """Add what the bundle knows of each person under the ids that were linked to them since."""
    most = max((len(one.aliases) for one in people), default=0)
    for nth in range(most):
        ids = [one.aliases[nth] if nth < len(one.aliases) else "" for one in people]
        newer = newer.joined(bundle.histories.take(bundle.users.rows(ids)))
    return newer
