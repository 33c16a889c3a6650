"""Identities: which anonymous visitor turned out to be which user."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, TextClause, Update, bindparam, select

from features.events import ANONYMOUS_PREFIX
from serving.store import locks, tables
from serving.store.among import among
from serving.store.revisions import bump
from serving.store.upsert import put

# How many events are moved in one change, of each kind; a visitor with more is a robot.
_AT_ONCE: Final = 10_000


def _move_events(which: TextClause) -> Update:
    events = tables.events
    theirs = events.c.person == bindparam("visitor")
    some = select(events.c.seq).where(theirs, which).order_by(events.c.timestamp_us.desc())
    chosen = events.c.seq.in_(some.limit(_AT_ONCE).scalar_subquery())
    return events.update().where(chosen).values(person=bindparam("user"))


_MOVE_EVENTS: Final = tuple(
    _move_events(which) for which in (tables.is_no_impression, tables.is_impression)
)
_MOVE_LISTS: Final = (
    tables.recommendations.update()
    .where(tables.recommendations.c.person == bindparam("visitor"))
    .values(person=bindparam("user"))
)


def users_of(connection: Connection, anonymous_ids: Collection[str]) -> dict[str, str]:
    """Name the users that anonymous ids are linked to; others are left out."""
    if not anonymous_ids:
        return {}
    links = tables.identities.c
    question = select(links.anonymous_id, links.user_id).where(
        among(links.anonymous_id, anonymous_ids, connection)
    )
    return dict(connection.execute(question).all())


def all_links(connection: Connection) -> list[tuple[str, str]]:
    """Give every link as anonymous id and user id, by anonymous id."""
    links = tables.identities.c
    question = select(links.anonymous_id, links.user_id).order_by(links.anonymous_id)
    return [(anonymous_id, user_id) for anonymous_id, user_id in connection.execute(question)]


def link(connection: Connection, anonymous_id: str, user_id: str, *, at_us: int) -> int:
    """Link an anonymous id to a user, and give the user what the visitor did.

    Parameters
    ----------
    connection : Connection
        Within a change.
    anonymous_id, user_id : str
        Who turned out to be whom.
    at_us : int
        When, in UTC microseconds.

    Returns
    -------
    int
        How many events were moved; where it is not 0, there may be more: see `move`.
    """
    locks.linking(connection)
    if users_of(connection, [anonymous_id]).get(anonymous_id) != user_id:
        row = {"anonymous_id": anonymous_id, "user_id": user_id, "at_us": at_us}
        put(connection, tables.identities, [row])
        bump(connection, "identities")
    return move(connection, anonymous_id, user_id)


def move(connection: Connection, anonymous_id: str, user_id: str) -> int:
    """Move some of a linked visitor's events, and the lists that were shown, to the user.

    Returns
    -------
    int
        How many events were moved; where it is 0, none is left.
    """
    whose = {"visitor": ANONYMOUS_PREFIX + anonymous_id, "user": user_id}
    connection.execute(_MOVE_LISTS, whose)
    return sum(connection.execute(statement, whose).rowcount for statement in _MOVE_EVENTS)
