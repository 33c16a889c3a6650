"""Identities: which anonymous visitor turned out to be which user."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, TextClause, func, select, update

from features.events import ANONYMOUS_PREFIX
from serving.store import locks, tables
from serving.store.among import among
from serving.store.revisions import bump
from serving.store.upsert import put

# How many rows of each kind are moved in one change; a visitor with more is a robot.
_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Link:
    """An anonymous visitor, and the user that this turned out to be."""

    anonymous_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved from visitors to their users in one change.

    Parameters
    ----------
    n_events : int
        How many events.
    are_all : bool
        False where there may be more to move.
    """

    n_events: int
    are_all: bool


def users_of(connection: Connection, anonymous_ids: Collection[str]) -> dict[str, str]:
    """Name the users that anonymous ids are linked to; others are left out."""
    if not anonymous_ids:
        return {}
    links = tables.identities.c
    question = select(links.anonymous_id, links.user_id).where(
        among(links.anonymous_id, anonymous_ids, connection)
    )
    return dict(connection.execute(question).all())


def all_links(connection: Connection) -> list[tuple[Link, int]]:
    """Give every link, and since when it is known in UTC microseconds, by anonymous id."""
    links = tables.identities.c
    question = select(links.anonymous_id, links.user_id, links.at_us).order_by(links.anonymous_id)
    return [
        (Link(anonymous_id, user_id), at_us)
        for anonymous_id, user_id, at_us in connection.execute(question)
    ]


def link_all(connection: Connection, links: Sequence[Link], *, at_us: int) -> Moved:
    """Link anonymous ids to users, and give the users what these visitors did.

    Parameters
    ----------
    connection : Connection
        Within a change.
    links : sequence of Link
        Who turned out to be whom; of two of one visitor the last counts.
    at_us : int
        When, in UTC microseconds.

    Returns
    -------
    Moved
        What was moved; the rest of very many is left to `move`.
    """
    locks.linking(connection)
    wanted = {one.anonymous_id: one.user_id for one in links}
    known = users_of(connection, wanted)
    new = [
        {"anonymous_id": anonymous_id, "user_id": user_id, "at_us": at_us}
        for anonymous_id, user_id in wanted.items()
        if known.get(anonymous_id) != user_id
    ]
    if new:
        put(connection, tables.identities, new)
        bump(connection, "identities")
    return move(connection, wanted)


def move(connection: Connection, anonymous_ids: Collection[str]) -> Moved:
    """Give users some of the events and the lists of visitors who are linked to them."""
    visitors = [ANONYMOUS_PREFIX + anonymous_id for anonymous_id in anonymous_ids]
    events, lists = tables.events.c, tables.recommendations.c
    n_events = [
        _move(connection, events.seq, visitors, kind)
        for kind in (tables.is_no_impression, tables.is_impression)
    ]
    n_lists = _move(connection, lists.recommendation_id, visitors)
    return Moved(sum(n_events), are_all=max(*n_events, n_lists) < _AT_ONCE)


def _move(
    connection: Connection,
    key: Column[Any],
    visitors: Collection[str],
    *which: ColumnElement[bool] | TextClause,
) -> int:
    """Give some rows of linked visitors to their users, and tell how many."""
    person = key.table.c.person
    theirs = select(key).where(among(person, visitors, connection), *which).limit(_AT_ONCE)
    links = tables.identities.c
    anonymous_id = func.substr(person, len(ANONYMOUS_PREFIX) + 1)
    user = select(links.user_id).where(links.anonymous_id == anonymous_id).scalar_subquery()
    statement = update(key.table).where(key.in_(theirs)).values(person=user)
    return connection.execute(statement).rowcount
