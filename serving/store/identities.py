"""Identities: which anonymous visitor turned out to be which user."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    TextClause,
    Update,
    bindparam,
    select,
    update,
)

from features.events import ANONYMOUS_PREFIX
from serving.store import locks, tables
from serving.store.among import among
from serving.store.revisions import bump
from serving.store.upsert import put

# How many rows of each kind are moved in one change; a visitor with more is a robot.
_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved from a visitor to a user in one change.

    Parameters
    ----------
    n_events : int
        How many events.
    are_all : bool
        False where there may be more to move.
    """

    n_events: int
    are_all: bool


def _move(key: Column[Any], *which: ColumnElement[bool] | TextClause) -> Update:
    """Write the change that gives some rows of a visitor to the user."""
    rows = key.table
    theirs = select(key).where(rows.c.person == bindparam("visitor"), *which)
    return update(rows).where(key.in_(theirs.limit(_AT_ONCE))).values(person=bindparam("user"))


_MOVE_EVENTS: Final = (
    _move(tables.events.c.seq, tables.is_no_impression),
    _move(tables.events.c.seq, tables.is_impression),
)
_MOVE_LISTS: Final = _move(tables.recommendations.c.recommendation_id)


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


def link(connection: Connection, anonymous_id: str, user_id: str, *, at_us: int) -> Moved:
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
    Moved
        What was moved; the rest of very many is left to `move`.
    """
    locks.linking(connection)
    if users_of(connection, [anonymous_id]).get(anonymous_id) != user_id:
        row = {"anonymous_id": anonymous_id, "user_id": user_id, "at_us": at_us}
        put(connection, tables.identities, [row])
        bump(connection, "identities")
    return move(connection, anonymous_id, user_id)


def move(connection: Connection, anonymous_id: str, user_id: str) -> Moved:
    """Give a user some of the events and the lists of a visitor who is linked to them."""
    whose = {"visitor": ANONYMOUS_PREFIX + anonymous_id, "user": user_id}
    n_events = [connection.execute(statement, whose).rowcount for statement in _MOVE_EVENTS]
    n_lists = connection.execute(_MOVE_LISTS, whose).rowcount
    return Moved(sum(n_events), are_all=max(*n_events, n_lists) < _AT_ONCE)
