"""Outcomes: what people did following the lists that they were given."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import JSON, ColumnElement, Connection, cast, func, select

from features.events import EventType
from serving.store import recommendations, tables
from serving.store.recommendations import LoggedList

HOUR_US: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """An event that named the list it followed, and what is known of that list.

    Parameters
    ----------
    event_type : EventType
        What was done.
    at_us : int
        When, in UTC microseconds.
    item_id : str
        With what.
    person : str or None
        Whose event it is, by key.
    recommendation_id, placement, model_version : str
        Of the list.
    given_us : int
        When the list was given, in UTC microseconds.
    scenario : str or None
        Of the list.
    position : int or None
        Where the item stood; None where it was not in the list.
    score, propensity : float or None
        The item's in the list; None where it was not in it.
    """

    event_type: EventType
    at_us: int
    item_id: str
    person: str | None
    recommendation_id: str
    given_us: int
    placement: str
    scenario: str | None
    model_version: str
    position: int | None
    score: float | None
    propensity: float | None


@dataclass(frozen=True, slots=True)
class GivenLists:
    """The lists of one placement and scenario that were given within one hour.

    Parameters
    ----------
    placement : str
        Where they stood.
    scenario : str or None
        Which scenario made them.
    hour_us : int
        When that hour began, in UTC microseconds.
    n_lists, n_items : int
        How many there are, and how many items they hold together.
    """

    placement: str
    scenario: str | None
    hour_us: int
    n_lists: int
    n_items: int


def given_since(connection: Connection, since_us: int) -> list[GivenLists]:
    """Count logged lists by placement, scenario and hour; see `Store.lists_given`."""
    rows = tables.recommendations.c
    hour_us = rows.at_us - rows.at_us % HOUR_US
    held = func.sum(_n_items(rows["items"], connection))
    question = (
        select(rows.placement, rows.scenario, hour_us, func.count(), held)
        .where(rows.at_us >= since_us)
        .group_by(rows.placement, rows.scenario, hour_us)
        .order_by(rows.placement, rows.scenario, hour_us)
    )
    return [
        GivenLists(placement, scenario, began_us, n_lists, int(n_items))
        for placement, scenario, began_us, n_lists, n_items in connection.execute(question)
    ]


def _n_items(column: ColumnElement[str], connection: Connection) -> ColumnElement[int]:
    if connection.dialect.name == "sqlite":
        return func.json_array_length(column, "$.item_ids")
    return func.json_array_length(cast(column, JSON)["item_ids"])


def count_following(connection: Connection, since_us: int) -> int:
    """Count the events since then that name a list, logged or not."""
    rows = tables.events.c
    question = select(func.count()).where(
        rows.recommendation_id.is_not(None), rows.timestamp_us >= since_us
    )
    return int(connection.execute(question).scalar_one())


def outcomes_since(connection: Connection, since_us: int) -> list[Outcome]:
    """Give events that happened since then and followed a logged list; see `Store.outcomes`."""
    rows = tables.events.c
    question = (
        select(
            rows.event_type, rows.timestamp_us, rows.item_id, rows.person, rows.recommendation_id
        )
        .where(rows.recommendation_id.is_not(None), rows.timestamp_us >= since_us)
        .order_by(rows.timestamp_us, rows.seq)
    )
    followed = connection.execute(question).all()
    lists = recommendations.find(connection, {row.recommendation_id for row in followed})
    return [
        _outcome(EventType(row.event_type), *row[1:4], lists[row.recommendation_id])
        for row in followed
        if row.recommendation_id in lists
    ]


def _outcome(
    event_type: EventType, at_us: int, item_id: str, person: str | None, followed: LoggedList
) -> Outcome:
    place = followed.item_ids.index(item_id) if item_id in followed.item_ids else None
    return Outcome(
        event_type=event_type,
        at_us=at_us,
        item_id=item_id,
        person=person,
        recommendation_id=followed.recommendation_id,
        given_us=followed.at_us,
        placement=followed.placement,
        scenario=followed.scenario,
        model_version=followed.model_version,
        position=None if place is None else followed.positions[place],
        score=None if place is None else followed.scores[place],
        propensity=None if place is None else followed.propensities[place],
    )
