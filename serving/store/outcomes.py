"""Outcomes: what people did following the lists that they were given."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from features.events import EventType
from serving.store import recommendations, tables
from serving.store.recommendations import LoggedList


@dataclass(frozen=True, slots=True)
class Outcome:
    """An event that named the list it followed, and what is known of that list.

    Parameters
    ----------
    event_type : EventType
        What was done.
    item_id : str
        With what.
    person : str or None
        Whose event it is, by key.
    recommendation_id, placement, model_version : str
        Of the list.
    scenario : str or None
        Of the list.
    position : int or None
        Where the item stood; None where it was not in the list.
    score, propensity : float or None
        The item's in the list; None where it was not in it.
    """

    event_type: EventType
    item_id: str
    person: str | None
    recommendation_id: str
    placement: str
    scenario: str | None
    model_version: str
    position: int | None
    score: float | None
    propensity: float | None


def outcomes_since(connection: Connection, since_us: int) -> list[Outcome]:
    """Give events that happened since then and followed a logged list; see `Store.outcomes`."""
    rows = tables.events.c
    question = (
        select(rows.event_type, rows.item_id, rows.person, rows.recommendation_id)
        .where(rows.recommendation_id.is_not(None), rows.timestamp_us >= since_us)
        .order_by(rows.timestamp_us, rows.seq)
    )
    followed = connection.execute(question).all()
    lists = recommendations.find(connection, {row.recommendation_id for row in followed})
    return [
        _outcome(EventType(event_type), item_id, person, lists[recommendation_id])
        for event_type, item_id, person, recommendation_id in followed
        if recommendation_id in lists
    ]


def _outcome(
    event_type: EventType, item_id: str, person: str | None, followed: LoggedList
) -> Outcome:
    place = followed.item_ids.index(item_id) if item_id in followed.item_ids else None
    return Outcome(
        event_type=event_type,
        item_id=item_id,
        person=person,
        recommendation_id=followed.recommendation_id,
        placement=followed.placement,
        scenario=followed.scenario,
        model_version=followed.model_version,
        position=None if place is None else followed.positions[place],
        score=None if place is None else followed.scores[place],
        propensity=None if place is None else followed.propensities[place],
    )
