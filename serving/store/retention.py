"""Retention: what is dropped because it is old, some at a time so that nobody waits for it."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Table, func, select

from serving.store import tables
from serving.store.among import among
from serving.store.database import Database

_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Old:
    """What may be dropped.

    Parameters
    ----------
    table : Table
        Where it is.
    rows : ColumnElement of bool
        Which rows of it.
    """

    table: Table
    rows: ColumnElement[bool]


def old_events(before_us: int, *, up_to_batch: int | None) -> Old:
    """Name events that happened earlier; see `Store.drop_events`."""
    columns = tables.events.c
    rows = columns.timestamp_us < before_us
    if up_to_batch is not None:
        rows &= columns.sync_batch <= up_to_batch
    return Old(tables.events, rows)


def old_recommendations(before_us: int) -> Old:
    """Name lists that were given earlier; see `Store.drop_recommendations`."""
    return Old(tables.recommendations, tables.recommendations.c.at_us < before_us)


def old_item_changes(before_us: int, *, up_to_batch: int) -> Old:
    """Name item changes that a bundle knows; see `Store.drop_item_changes`."""
    columns = tables.item_overrides.c
    is_known = columns.sync_batch <= up_to_batch
    return Old(tables.item_overrides, is_known & (columns.at_us < before_us))


def drop(database: Database, old: Old, *, is_trial: bool) -> int:
    """Drop what is old, and give how much; as a trial it is only counted."""
    if is_trial:
        with database.reading(patiently=True) as connection:
            question = select(func.count()).select_from(old.table).where(old.rows)
            return connection.scalars(question).one()
    n_dropped = 0
    while n_now := _drop_some(database, old):
        n_dropped += n_now
    return n_dropped


def _drop_some(database: Database, old: Old) -> int:
    (key,) = old.table.primary_key
    # To look for them may take a while, and nobody who writes shall wait that long.
    with database.reading(patiently=True) as connection:
        found = connection.scalars(select(key).where(old.rows).limit(_AT_ONCE)).all()
    if not found:
        return 0
    with database.writing() as connection:
        # An item may have been stated anew since it was looked for.
        statement = old.table.delete().where(among(key, found, connection), old.rows)
        return connection.execute(statement).rowcount
