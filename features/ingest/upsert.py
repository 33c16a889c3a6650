"""How new rows change the catalogue and the user table."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import ibis
import pyarrow as pa

from features.event_log import engine
from features.ingest.checking import CheckedKind
from features.ingest.mapping import Constant
from features.ingest.tables import PLACE

_NEW: Final = "_new_"
_DEFAULTS: Final = {"available": True, "hidden": False}


def current(
    connection: Any,  # noqa: ANN401 -- Ibis is untyped
    path: Path,
    schema: pa.Schema,
) -> ibis.Table:
    """Open the table so far; without a file it is empty."""
    if path.exists():
        return engine.read_parquet(connection, [path])
    return engine.empty(connection, path.stem, schema)


def upsert(
    connection: Any,  # noqa: ANN401 -- Ibis is untyped
    old: ibis.Table,
    kind: CheckedKind,
    schema: pa.Schema,
) -> tuple[ibis.Table, int]:
    """Put the valid rows of all files into a table.

    Parameters
    ----------
    connection : ibis.backends.duckdb.Backend
        Keeps the result.
    old : ibis.Table
        The table so far.
    kind : CheckedKind
        The files.
    schema : pyarrow.Schema
        Our columns, the id first.

    Returns
    -------
    ibis.Table
        The table from now on.
    int
        How many ids were added or updated.
    """
    key = schema.names[0]
    table = old
    for place, part in enumerate(kind.parts):
        new = _latest(part.valid, key)
        merged = _merge(table, new, schema=schema, stated=part.stated)
        table = engine.store(connection, f"{kind.kind}_merged_{place}", merged)
    if not kind.parts:
        return table, 0
    ids = ibis.union(*(part.valid.select(key) for part in kind.parts), distinct=True)
    (counted,) = engine.rows(connection, ids.aggregate(n=ids.count()))
    return table, counted["n"]


def add_from_events(
    connection: Any,  # noqa: ANN401 -- Ibis is untyped
    old: ibis.Table,
    events: ibis.Table,
    schema: pa.Schema,
    constants: dict[str, Constant],
) -> tuple[ibis.Table, int]:
    """Add a user for each `user_id` of the events that the table does not have.

    Users that it has stay as they are: a consent withdrawn must not come back.

    Returns
    -------
    ibis.Table
        The table from now on.
    int
        How many users were added.
    """
    named = events.filter(events.user_id.notnull()).select("user_id").distinct()
    added = engine.store(connection, "users_of_events", named.anti_join(old, "user_id"))
    (counted,) = engine.rows(connection, added.aggregate(n=added.count()))
    types = ibis.Schema.from_pyarrow(schema)
    values = {name: ibis.literal(value).cast(types[name]) for name, value in constants.items()}
    new = added.mutate(**values)
    merged = _merge(old, new, schema=schema, stated=("user_id", *constants))
    return engine.store(connection, "users_with_events", merged), counted["n"]


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
    merged = joined.select(**{key: joined[_NEW + key].coalesce(joined[key])}, **columns)
    return merged.order_by(key)


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
