"""What a shop's log is made of: how many events of which type, by how many people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import ibis

from features.coverage.measure import Measured
from features.event_log import engine
from features.event_log.engine import Connection
from features.event_log.words import microseconds
from features.events import EventType
from features.ingest.bots import with_person


@dataclass(frozen=True, slots=True)
class Shop:
    """The log as a whole.

    Parameters
    ----------
    n_events, n_items : int
        Events, and the items that they name.
    first, latest : datetime
        Of the events.
    n_people, n_buyers, n_browsers : int
        People who did something, users and visitors; those who bought; those who did something,
        but neither bought nor returned anything.
    n_of_nobody : int
        Events that name neither a user nor a visitor.
    by_day_alone : bool
        True where every time is midnight: the day is known, the hour is not.
    """

    n_events: int
    n_items: int
    first: datetime
    latest: datetime
    n_people: int
    n_buyers: int
    n_browsers: int
    n_of_nobody: int
    by_day_alone: bool


def look_at_shop(connection: Connection, events: ibis.Table) -> Shop | None:
    """Count events and people; None where there is no event.

    Parameters
    ----------
    connection : Connection
        Reads the events.
    events : ibis.Table
        With the columns of `EVENT_SCHEMA`.
    """
    named = with_person(events)
    off_midnight = microseconds(named.timestamp) // 1_000_000 % 86_400 != 0
    (row,) = engine.rows(
        connection,
        named.aggregate(
            n_events=named.count(),
            n_items=named.item_id.nunique(),
            first=named.timestamp.min(),
            latest=named.timestamp.max(),
            n_of_nobody=named.count(where=named.person.isnull()),
            n_off_midnight=named.count(where=off_midnight),
        ),
    )
    if not row["n_events"]:
        return None
    people = _people(connection, named)
    return Shop(
        n_events=row["n_events"],
        n_items=row["n_items"],
        first=row["first"],
        latest=row["latest"],
        n_people=people["n_people"],
        n_buyers=people["n_buyers"],
        n_browsers=people["n_browsers"],
        n_of_nobody=row["n_of_nobody"],
        by_day_alone=not row["n_off_midnight"],
    )


def measure_types(
    connection: Connection, events: ibis.Table, *, n_events: int
) -> Mapping[EventType, Measured]:
    """Measure each type of event: its share of all events, its people as the distinct values.

    Parameters
    ----------
    connection : Connection
        Reads the events.
    events : ibis.Table
        With the columns of `EVENT_SCHEMA`.
    n_events : int
        How many they are.
    """
    named = with_person(events)
    counted = named.group_by("event_type").agg(
        n=named.count(), n_people=named.person.nunique(), latest=named.timestamp.max()
    )
    found = {
        row["event_type"]: Measured(n_events, row["n"], row["n_people"], row["latest"])
        for row in engine.rows(connection, counted)
    }
    return {one: found.get(one.value, Measured(n_events, 0)) for one in EventType}


def _people(connection: Connection, named: ibis.Table) -> dict[str, int]:
    def did(*types: EventType) -> ibis.Value:
        return known.event_type.isin([one.value for one in types]).any()

    acts = set(EventType) - {EventType.IMPRESSION}
    known = named.filter(
        named.person.notnull(), named.event_type.isin(sorted(one.value for one in acts))
    )
    people = known.group_by("person").agg(
        bought=did(EventType.PURCHASE), returned=did(EventType.RETURN)
    )
    counts = people.aggregate(
        n_people=people.count(),
        n_buyers=people.count(where=people.bought),
        n_browsers=people.count(where=~(people.bought | people.returned)),
    )
    (row,) = engine.rows(connection, counts)
    return row
