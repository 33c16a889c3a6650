"""Sync: what has not gone to the event log yet, and how it is marked on its way there."""

from collections.abc import Collection, Sequence

import orjson
from sqlalchemy import Connection, bindparam, or_, select

from serving.store import tables
from serving.store.among import among
from serving.store.events import COLUMNS, Event, event_of
from serving.store.items import ItemChange

_events = tables.events
_items = tables.item_overrides
_columns = [_events.c[name] for name in COLUMNS]


def unsynced_events(connection: Connection, limit: int) -> list[tuple[int, Event]]:
    """Give the oldest events that are in no batch yet, each with its number."""
    question = (
        select(_events.c.seq, *_columns)
        .where(_events.c.sync_batch.is_(None))
        .order_by(_events.c.seq)
        .limit(limit)
    )
    return [(seq, event_of(values)) for seq, *values in connection.execute(question)]


def mark_events(connection: Connection, seqs: Collection[int], batch: int) -> None:
    """Note in which batch events go to the event log."""
    theirs = among(_events.c.seq, seqs, connection)
    connection.execute(_events.update().where(theirs).values(sync_batch=batch))


def batches_after(connection: Connection, batch: int) -> list[int]:
    """Give the numbers of later batches that have events, in their order."""
    number = _events.c.sync_batch
    question = select(number).where(number > batch).distinct().order_by(number)
    return list(connection.scalars(question))


def events_of_batch(connection: Connection, batch: int) -> list[Event]:
    """Give the events that were marked with a batch, in the order of their numbers."""
    question = select(*_columns).where(_events.c.sync_batch == batch).order_by(_events.c.seq)
    return [event_of(values) for values in connection.execute(question)]


def unsynced_items(connection: Connection, after_batch: int) -> list[tuple[int, ItemChange]]:
    """Give item changes in no batch up to this one, each with the revision that made it."""
    number = _items.c.sync_batch
    question = (
        select(_items.c.revision, _items.c.item_id, _items.c.stated)
        .where(or_(number.is_(None), number > after_batch))
        .order_by(_items.c.revision, _items.c.item_id)
    )
    return [
        (revision, ItemChange(item_id, orjson.loads(stated)))
        for revision, item_id, stated in connection.execute(question)
    ]


def mark_items(
    connection: Connection, changes: Sequence[tuple[int, ItemChange]], batch: int
) -> None:
    """Note in which batch item changes went; an item that changed again meanwhile stays new."""
    if not changes:
        return
    statement = _items.update().where(
        _items.c.item_id == bindparam("changed_item"), _items.c.revision == bindparam("of_revision")
    )
    connection.execute(
        statement.values(sync_batch=batch),
        [{"changed_item": change.item_id, "of_revision": revision} for revision, change in changes],
    )
