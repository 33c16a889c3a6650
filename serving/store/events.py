"""Events: what people did since the bundle, each kept once."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection

from features.events import ANONYMOUS_PREFIX, EventType
from serving.store import identities, locks, tables
from serving.store.text import check_numbers, check_text
from serving.store.upsert import insert_into


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that somebody did with one item; see `features.events.EVENT_SCHEMA`.

    Parameters
    ----------
    event_id : str
        Names the event; a second one of this name is a repetition.
    event_type : EventType
        What was done.
    user_id, anonymous_id : str or None
        Who did it; both None where nobody is named.
    item_id : str
        With what.
    timestamp_us : int
        When, in UTC microseconds since 1970.
    quantity : int
        How many pieces.
    price : float or None
        One piece's, in the shop's currency.
    order_id, session_id, country, device, recommendation_id : str or None
        In which order and visit, from where, with what, and following which list.

    Examples
    --------
    >>> Event("e1", EventType.VIEW, None, "browser7", "mug", 1_700_000_000_000_000).person
    'anonymous:browser7'
    """

    event_id: str
    event_type: EventType
    user_id: str | None
    anonymous_id: str | None
    item_id: str
    timestamp_us: int
    quantity: int = 1
    price: float | None = None
    order_id: str | None = None
    session_id: str | None = None
    country: str | None = None
    device: str | None = None
    recommendation_id: str | None = None

    @property
    def person(self) -> str | None:
        """Whose event it is, as people are keyed among a bundle's users; None where nobody's."""
        if self.user_id is not None:
            return self.user_id
        return None if self.anonymous_id is None else ANONYMOUS_PREFIX + self.anonymous_id


COLUMNS: Final = tuple(Event.__dataclass_fields__)
_TEXTS: Final = tuple(name for name in COLUMNS if name.endswith(("_id", "country", "device")))
_values: Final = attrgetter(*COLUMNS)
_texts: Final = attrgetter(*_TEXTS)


def add(connection: Connection, events: Sequence[Event], *, received_us: int) -> list[bool]:
    """Keep events that are not known yet.

    Parameters
    ----------
    connection : Connection
        Within a change.
    events : sequence of Event
        In any order, repetitions included.
    received_us : int
        Now.

    Returns
    -------
    list of bool
        For each event whether it is new.
    """
    first = {event.event_id: place for place, event in reversed(list(enumerate(events)))}
    locks.adding_events(connection)
    users = identities.users_of(
        connection,
        {event.anonymous_id for event in events if event.user_id is None and event.anonymous_id},
    )
    # In the order of their ids: two processes with the same events must not wait for each other.
    rows = [
        _row(events[first[event_id]], users, received_us=received_us) for event_id in sorted(first)
    ]
    statement = (
        insert_into(tables.events, connection)
        .on_conflict_do_nothing(index_elements=[tables.events.c.event_id])
        .returning(tables.events.c.event_id)
    )
    new = set(connection.scalars(statement, rows))
    return [
        event.event_id in new and first[event.event_id] == place
        for place, event in enumerate(events)
    ]


def check(events: Sequence[Event]) -> None:
    """Refuse events that one of the databases cannot hold.

    Raises
    ------
    InvalidInput
        See `serving.store.text`.
    """
    check_text(text for event in events for text in _texts(event))
    check_numbers([event.price for event in events])


def event_of(values: Sequence[Any]) -> Event:
    """Make an event of its values, in the order of `COLUMNS`."""
    event_id, event_type, *others = values
    return Event(event_id, EventType(event_type), *others)


def _row(event: Event, users: dict[str, str], *, received_us: int) -> dict[str, Any]:
    row = dict(zip(COLUMNS, _values(event), strict=True))
    row["event_type"] = event.event_type.value
    row["person"] = (
        users.get(event.anonymous_id or "", event.person)
        if event.user_id is None
        else event.user_id
    )
    row["received_us"] = received_us
    return row
