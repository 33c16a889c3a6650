"""People: what each person did since the bundle, whoever they turned out to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    select,
    union_all,
)

from features.events import ANONYMOUS_PREFIX, EventType
from serving.store import tables
from serving.store.database import Database, Rows
from serving.store.per_key import PerKey
from serving.store.text import check_text

_CODES: Final = {event_type.value: event_type.code for event_type in EventType}
_MICROSECONDS: Final = 1_000_000
_AFTER_US: Final = bindparam("after_us", type_=BigInteger)
_AFTER_BATCH: Final = bindparam("after_batch", type_=BigInteger)
_events: Final = tables.events.c


@dataclass(frozen=True, slots=True)
class PersonNews:
    """What the store knows of one person; the lists are parallel, the oldest event first.

    Parameters
    ----------
    person : str or None
        Whose events these are: a linked visitor has become the user. None for nobody.
    aliases : tuple of str
        Under which keys the bundle may hold more of them: the visitors linked to the user.
    item_ids : list of str
        With what.
    event_types : list of int
        What was done (`EventType.code`); impressions are left out.
    timestamps_s : list of int
        When, in UTC seconds since 1970.
    counts : list of int
        How many pieces.
    """

    person: str | None
    aliases: tuple[str, ...]
    item_ids: list[str]
    event_types: list[int]
    timestamps_s: list[int]
    counts: list[int]


class ReadPeople:
    """The questions about people, prepared.

    Parameters
    ----------
    database : Database
        Where their events are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._links = PerKey(database, _links)
        self._newer = PerKey(database, _newer)
        self._newer_or_late = PerKey(database, _newer_or_late)

    def __call__(
        self,
        persons: Sequence[str | None],
        *,
        after_us: int,
        after_batch: int | None,
        most: int,
    ) -> list[PersonNews]:
        """Tell what each person did; see `Store.people`."""
        check_text(persons)
        keys = [person for person in persons if person is not None]
        given = {"after_us": after_us, "most": most}
        events = self._newer
        if after_batch is not None:
            events, given = self._newer_or_late, given | {"after_batch": after_batch}
        answers = iter(
            self._database.ask([*self._links.questions(keys), *events.questions(keys, **given)])
        )
        links_of = self._links.by_key(keys, answers)
        known = zip(keys, links_of, events.by_key(keys, answers), strict=True)
        return [
            _news(*((None, [], []) if person is None else next(known)), most=most)
            for person in persons
        ]


def _news(key: str | None, links: Rows, found: Rows, *, most: int) -> PersonNews:
    # By time, and within a microsecond in the order of arrival.
    events = sorted(found)[-most:]
    return PersonNews(
        person=links[0][1] if links else key,
        aliases=tuple(ANONYMOUS_PREFIX + anonymous_id for anonymous_id, _ in links),
        item_ids=[item_id for _, _, item_id, _, _ in events],
        event_types=[_CODES[event_type] for _, _, _, event_type, _ in events],
        timestamps_s=[timestamp_us // _MICROSECONDS for timestamp_us, _, _, _, _ in events],
        counts=[quantity for _, _, _, _, quantity in events],
    )


def _links(key: ColumnElement[str]) -> Select[Any]:
    links = tables.identities.c
    return select(links.anonymous_id, links.user_id).where(links.user_id == _owner(key))


def _newer(key: ColumnElement[str]) -> Select[Any]:
    """Ask for what a person did after the bundle."""
    return _newest(key, _events.timestamp_us > _AFTER_US, order=[_events.timestamp_us])


def _newer_or_late(key: ColumnElement[str]) -> Select[Any]:
    """Ask for what a person did after the bundle, or earlier and unknown to it.

    Each part is a stretch of an index in the index's order, so that of a million events only those
    are read that are told. One condition with OR would walk through all that the bundle knows.
    """
    is_late = _events.timestamp_us <= _AFTER_US
    order = [_events.sync_batch, _events.timestamp_us]
    unsynced = _newest(key, is_late, _events.sync_batch.is_(None), order=order)
    synced_since = _newest(key, is_late, _events.sync_batch > _AFTER_BATCH, order=order)
    parts = (_newer(key), unsynced, synced_since)
    return select(union_all(*(select(part.subquery()) for part in parts)).subquery())


def _newest(
    key: ColumnElement[str],
    *conditions: ColumnElement[bool],
    order: Sequence[ColumnElement[int]],
) -> Select[Any]:
    columns = (_events.item_id, _events.event_type, _events.quantity)
    return (
        select(_events.timestamp_us, _events.seq, *columns)
        .where(_events.person == _owner(key), tables.is_no_impression, *conditions)
        .order_by(*(column.desc() for column in order))
        .limit(bindparam("most", type_=BigInteger))
    )


def _owner(key: ColumnElement[str]) -> ColumnElement[str]:
    """Name the user that a visitor's key is linked to, else the key itself."""
    links = tables.identities.c
    prefix = func.substr(key, 1, len(ANONYMOUS_PREFIX))
    anonymous_id = case((prefix == ANONYMOUS_PREFIX, func.substr(key, len(ANONYMOUS_PREFIX) + 1)))
    user = select(links.user_id).where(links.anonymous_id == anonymous_id)
    return func.coalesce(user.scalar_subquery(), key)
