"""Events: what people did since the bundle, each kept once."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection

from features.events import ANONYMOUS_PREFIX, EventType
from serving.store import identities, locks, tables
from serving.store.bulk import insert_new
from serving.store.text import check_numbers, check_text


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
_values: Final = attrgetter(*COLUMNS)
_texts: Final = attrgetter(
    *("event_id", "user_id", "anonymous_id", "item_id", "order_id", "session_id"),
    *("country", "device", "recommendation_id"),
)
_WRITTEN: Final = tuple(one for one in tables.events.c if one.name not in {"seq", "sync_batch"})
_names: Final = {event_type: event_type.value for event_type in EventType}


def check(events: Sequence[Event]) -> None:
    """Refuse events that one of the databases cannot hold.

    Raises
    ------
    InvalidInput
        See `serving.store.text`.
    """
    check_text(text for event in events for text in _texts(event))
    check_numbers([event.price for event in events])


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
    locks.adding_events(connection)
    visitors = {event.anonymous_id for event in events if event.anonymous_id is not None}
    users = identities.users_of(connection, visitors)
    # Of those with one id the first one counts.
    rows = {
        event.event_id: _row(event, users, received_us=received_us) for event in reversed(events)
    }
    new = insert_new(connection, _WRITTEN, list(rows.values()))
    return [_take(new, event.event_id) for event in events]


def event_of(values: Sequence[Any]) -> Event:
    """Make an event of its values, in the order of `COLUMNS`."""
    event_id, event_type, *others = values
    return Event(event_id, EventType(event_type), *others)


def _row(event: Event, users: dict[str, str], *, received_us: int) -> tuple[Any, ...]:
    event_id, event_type, user_id, anonymous_id, *others = _values(event)
    person = event.person if user_id is not None else users.get(anonymous_id, event.person)
    whose = (person, user_id, anonymous_id)
    return (event_id, _names[event_type], *whose, *others, received_us)


def _take(ids: set[str], event_id: str) -> bool:
    """Tell whether an id is there, and take it away: the next event of that id is a repetition."""
    if event_id not in ids:
        return False
    ids.remove(event_id)
    return True
