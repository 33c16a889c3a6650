"""How new rows change the catalogue and the user table."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ibis
import pyarrow as pa

from features.catalog import ITEM_SCHEMA, USER_SCHEMA
from features.event_log import engine
from features.event_log.engine import Connection
from features.ingest.checking import CheckedKind
from features.ingest.mapping import UserMapping
from features.ingest.tables import PLACE

_NEW: Final = "_new_"
_DEFAULTS: Final = {"available": True, "hidden": False}


@dataclass(frozen=True, slots=True, eq=False)
class Updated:
    """A table as it is from now on.

    Parameters
    ----------
    table : ibis.Table
        All its rows.
    written : Path, optional
        The file that holds them, to be put in place; None where nothing changed.
    n_written : int
        Ids of the files that were added or updated.
    n_from_events : int
        Ids that were added because an event named them.
    """

    table: ibis.Table
    written: Path | None = None
    n_written: int = 0
    n_from_events: int = 0


def update_items(
    connection: Connection,
    items: CheckedKind,
    path: Path,
    folder: Path,
) -> Updated:
    """Put the valid rows of all item files into the catalogue.

    Parameters
    ----------
    connection : Connection
        Keeps the tables.
    items : CheckedKind
        The files.
    path : Path
        The catalogue so far.
    folder : Path
        Where the new one is written.
    """
    table = _current(connection, path, ITEM_SCHEMA)
    if not items.parts:
        return Updated(table)
    table = _put(connection, table, items, ITEM_SCHEMA)
    return Updated(table, _write(connection, table, folder / path.name), _n_ids(connection, items))


def update_users(
    connection: Connection,
    users: CheckedKind,
    path: Path,
    folder: Path,
    *,
    events: ibis.Table,
    mapping: UserMapping,
) -> Updated:
    """Put the valid rows of all user files into the user table, and users of the events.

    Where the mapping says `from_events`, each new `user_id` of the events is added with the
    mapping's constants. Users that the table has stay as they are then: a consent that was
    withdrawn must not come back.

    Parameters
    ----------
    connection, users, path, folder
        As for `update_items`.
    events : ibis.Table
        The checked events.
    mapping : UserMapping
        The mapping of the users.
    """
    table = _current(connection, path, USER_SCHEMA)
    n_added = 0
    if users.parts:
        table = _put(connection, table, users, USER_SCHEMA)
    if mapping.from_events:
        named = events.filter(events.user_id.notnull()).select("user_id").distinct()
        added = engine.store(connection, "users_of_events", named.anti_join(table, "user_id"))
        n_added = _count(connection, added)
        types = ibis.Schema.from_pyarrow(USER_SCHEMA)
        constants = mapping.constants.items()
        new = added.mutate(**{name: ibis.literal(one).cast(types[name]) for name, one in constants})
        merged = _merge(table, new, schema=USER_SCHEMA, stated=new.columns)
        table = engine.store(connection, "users_with_events", merged)
    if not users.parts and not n_added:
        return Updated(table)
    written = _write(connection, table, folder / path.name)
    return Updated(table, written, _n_ids(connection, users), n_added)


def _current(
    connection: Connection,
    path: Path,
    schema: pa.Schema,
) -> ibis.Table:
    if path.exists():
        return engine.read_parquet(connection, [path])
    return engine.empty(connection, path.stem, schema)


def _put(
    connection: Connection,
    old: ibis.Table,
    kind: CheckedKind,
    schema: pa.Schema,
) -> ibis.Table:
    table = old
    for place, part in enumerate(kind.parts):
        new = _latest(part.valid, schema.names[0])
        merged = _merge(table, new, schema=schema, stated=part.stated)
        table = engine.store(connection, f"{kind.kind}_merged_{place}", merged)
    return table


def _n_ids(connection: Connection, kind: CheckedKind) -> int:
    if not kind.parts:
        return 0
    ids = [part.valid.select(part.valid.columns[0]) for part in kind.parts]
    return _count(connection, ibis.union(*ids).distinct())


def _count(connection: Connection, table: ibis.Table) -> int:
    (counted,) = engine.rows(connection, table.aggregate(n=table.count()))
    return int(counted["n"])


def _write(connection: Connection, table: ibis.Table, path: Path) -> Path:
    engine.copy(connection, table.order_by(table.columns[0]), path)
    return path


def _latest(rows: ibis.Table, key: str) -> ibis.Table:
    """Keep the last row of each id: the last line of the last file, by the files' names."""
    window = ibis.window(group_by=key, order_by=[rows[name].desc() for name in PLACE])
    ranked = rows.mutate(_rank=ibis.row_number().over(window))
    return ranked.filter(ranked["_rank"] == 0).drop("_rank", *PLACE)


def _merge(
    old: ibis.Table, new: ibis.Table, *, schema: pa.Schema, stated: Collection[str]
) -> ibis.Table:
    """Replace what the new rows' files state; columns that they lack keep their old values."""
    key = schema.names[0]
    renamed = new.rename({_NEW + name: name for name in new.columns})
    joined = old.outer_join(renamed, old[key] == renamed[_NEW + key])
    columns = {
        name: _value(joined, name, is_new=joined[_NEW + key].notnull(), is_stated=name in stated)
        for name in dict.fromkeys((*schema.names, *old.columns, *stated))
        if name != key
    }
    for name in _DEFAULTS.keys() & columns.keys():
        columns[name] = columns[name].fill_null(_DEFAULTS[name])
    return joined.select(**{key: joined[_NEW + key].coalesce(joined[key])}, **columns)


def _value(joined: ibis.Table, name: str, *, is_new: ibis.Value, is_stated: bool) -> ibis.Value:
    if name not in joined.columns:
        return joined[_NEW + name]
    if not is_stated:
        return joined[name]
    old, new = joined[name], joined[_NEW + name]
    if old.type() == new.type():
        return ibis.ifelse(is_new, new, old)
    numeric = old.type().is_numeric() and new.type().is_numeric()
    common = "float64" if numeric else "string"
    return ibis.ifelse(is_new, new.cast(common), old.cast(common))
