"""Retention: what is dropped because it is old, some at a time so that nobody waits for it."""

from typing import Final

from sqlalchemy import ColumnElement, Table, select

from serving.store import tables
from serving.store.database import Database

_AT_ONCE: Final = 5_000


def drop_events(database: Database, before_us: int, *, synced_only: bool) -> int:
    """Drop events that happened earlier; see `Store.drop_events`."""
    columns = tables.events.c
    old = columns.timestamp_us < before_us
    return _drop(
        database, tables.events, old & columns.sync_batch.is_not(None) if synced_only else old
    )


def drop_recommendations(database: Database, before_us: int) -> int:
    """Drop lists that were given earlier; see `Store.drop_recommendations`."""
    return _drop(database, tables.recommendations, tables.recommendations.c.at_us < before_us)


def drop_item_changes(database: Database, before_us: int, *, up_to_batch: int) -> int:
    """Drop item changes that a bundle knows; see `Store.drop_item_changes`."""
    columns = tables.item_overrides.c
    known = columns.sync_batch <= up_to_batch
    return _drop(database, tables.item_overrides, known & (columns.at_us < before_us))


def _drop(database: Database, table: Table, old: ColumnElement[bool]) -> int:
    (key,) = table.primary_key
    some = select(key).where(old).limit(_AT_ONCE)
    statement = table.delete().where(key.in_(some.scalar_subquery()))
    n_dropped = 0
    while True:
        with database.writing() as connection:
            n_now = connection.execute(statement).rowcount
        n_dropped += n_now
        if n_now < _AT_ONCE:
            return n_dropped
