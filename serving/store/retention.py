"""Retention: what is dropped because it is old, some at a time so that nobody waits for it."""

from typing import Final

from sqlalchemy import ColumnElement, Table, select

from serving.store import tables
from serving.store.among import among
from serving.store.database import Database

_AT_ONCE: Final = 5_000


def drop_events(database: Database, before_us: int, *, synced_only: bool) -> int:
    """Drop events that happened earlier; see `Store.drop_events`."""
    columns = tables.events.c
    old = columns.timestamp_us < before_us
    droppable = old & columns.sync_batch.is_not(None) if synced_only else old
    return _drop(database, tables.events, droppable)


def drop_recommendations(database: Database, before_us: int) -> int:
    """Drop lists that were given earlier; see `Store.drop_recommendations`."""
    return _drop(database, tables.recommendations, tables.recommendations.c.at_us < before_us)


def drop_item_changes(database: Database, before_us: int, *, up_to_batch: int) -> int:
    """Drop item changes that a bundle knows; see `Store.drop_item_changes`."""
    columns = tables.item_overrides.c
    known = columns.sync_batch <= up_to_batch
    return _drop(database, tables.item_overrides, known & (columns.at_us < before_us))


def _drop(database: Database, table: Table, old: ColumnElement[bool]) -> int:
    n_dropped = 0
    while n_now := _drop_some(database, table, old):
        n_dropped += n_now
    return n_dropped


def _drop_some(database: Database, table: Table, old: ColumnElement[bool]) -> int:
    (key,) = table.primary_key
    # To look for them may take a while, and nobody who writes shall wait that long.
    with database.reading(patiently=True) as connection:
        found = connection.scalars(select(key).where(old).limit(_AT_ONCE)).all()
    if not found:
        return 0
    with database.writing() as connection:
        # An item may have been stated anew since it was looked for.
        return connection.execute(table.delete().where(among(key, found, connection), old)).rowcount
