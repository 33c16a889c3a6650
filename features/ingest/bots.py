"""Who is no person: the rule by which visitors are set aside.

More than 1,000 views and clicks on one UTC day without putting anything into a cart, on a
wishlist or through the till that day. A person who opens a page every half minute for eight hours
comes to 960; price watchers and crawlers come to many thousands and never buy. Buying is what
tells a busy buyer from a robot, so no wholesaler is caught, however many lines an order has.
Impressions do not count: the shop shows them, nobody does them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import ibis

from features.event_log import engine
from features.event_log.engine import Connection
from features.event_log.words import microseconds
from features.events import ANONYMOUS_PREFIX, EVENT_SCHEMA, EventType
from features.ingest.places import Places

MAX_BROWSING_A_DAY: Final = 1_000
"""Views and clicks on one UTC day that a person may come to."""

_BROWSING: Final = (EventType.VIEW.value, EventType.CLICK.value)
_BUYING: Final = (EventType.CART.value, EventType.WISHLIST.value, EventType.PURCHASE.value)
_MICROSECONDS_A_DAY: Final = 86_400_000_000


def busy_days(events: ibis.Table) -> ibis.Table:
    """Find the days on which somebody browsed more than people do.

    Parameters
    ----------
    events : ibis.Table
        Checked events.

    Returns
    -------
    ibis.Table
        `person`, as `with_person` names them, and `day`, counted from 1970 UTC.
    """
    browsing = _by_day(events.filter(events.event_type.isin(_BROWSING)))
    counted = browsing.group_by("person", "day").agg(n=browsing.count())
    return counted.filter(counted.n > MAX_BROWSING_A_DAY).drop("n")


def bots(events: ibis.Table, busy: ibis.Table) -> ibis.Table:
    """Find who bought nothing on such a day: one row each, with `person`."""
    buying = _by_day(events.filter(events.event_type.isin(_BUYING)))
    return busy.anti_join(buying, ["person", "day"]).select("person").distinct()


def with_person(events: ibis.Table) -> ibis.Table:
    """Add `person`: the `user_id`, or the key of an `anonymous_id`; null where there is neither."""
    anonymous = ibis.literal(ANONYMOUS_PREFIX) + events.anonymous_id
    return events.mutate(person=events.user_id.coalesce(anonymous))


def _by_day(events: ibis.Table) -> ibis.Table:
    named = with_person(events)
    day = microseconds(named.timestamp) // _MICROSECONDS_A_DAY
    return named.filter(named.person.notnull()).select("person", day=day)


@dataclass(frozen=True, slots=True, eq=False)
class Visitors:
    """The events of people, and how many were not.

    Parameters
    ----------
    events : ibis.Table
        `EVENT_SCHEMA`, over tables that the engine stores.
    n_bots : int
        Visitors that look like bots.
    n_set_aside : int
        Their events, which are not among `events`.
    """

    events: ibis.Table
    n_bots: int
    n_set_aside: int


def set_bots_aside(
    connection: Connection,
    parts: Sequence[ibis.Table],
    places: Places,
) -> Visitors:
    """Part the events of people from those of bots, which go to a file of their own.

    Parameters
    ----------
    connection : Connection
        Keeps the tables.
    parts : sequence of ibis.Table
        Checked events, stored.
    places : Places
        Where the bots' events go.
    """
    if not parts:
        return Visitors(engine.empty(connection, "no_events", EVENT_SCHEMA), 0, 0)
    together = ibis.union(*(part.select(*EVENT_SCHEMA.names) for part in parts))
    events = engine.view(connection, "valid_events", together)
    busy = engine.store(connection, "busy_days", busy_days(events))
    if not engine.rows(connection, busy.limit(1)):
        return Visitors(events, 0, 0)
    robots = engine.store(connection, "bots", bots(events, busy))
    (counted,) = engine.rows(connection, robots.aggregate(n=robots.count()))
    if not counted["n"]:
        return Visitors(events, 0, 0)
    named = with_person(events)
    theirs = named.semi_join(robots, "person").select(*EVENT_SCHEMA.names)
    places.set_aside.parent.mkdir(parents=True, exist_ok=True)
    n_set_aside = engine.copy(
        connection, theirs.order_by("timestamp", "event_id"), places.set_aside
    )
    people = named.anti_join(robots, "person").drop("person")
    kept = engine.store(connection, "events_of_people", people)
    return Visitors(kept, counted["n"], n_set_aside)
