"""Upsert: insert rows, and say what happens to those that are there already."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert

_INSERTS: Final[dict[str, Callable[[Table], Insert]]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert_into(table: Table, connection: Connection) -> Insert:
    """Begin an insert that can tell what to do where a key is known."""
    return _INSERTS[connection.dialect.name](table)


def put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; where the primary key is known, the row is replaced.

    Parameters
    ----------
    connection : Connection
        Within a change.
    table : Table
        Where they go.
    rows : sequence of dict
        Whole rows; of those with one key the last one stays.
    """
    if not rows:
        return
    statement = insert_into(table, connection)
    keys = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), rows)
