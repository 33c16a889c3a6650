"""Bulk: many rows at once, in each database by its fastest road."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Column, Connection, func, insert, literal, select
from sqlalchemy.dialects import postgresql

from serving.store.among import among

_first: Final = itemgetter(0)


def insert_new(
    connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[tuple[Any, ...]]
) -> set[str]:
    """Insert those rows whose first value is not in the table yet.

    Parameters
    ----------
    connection : Connection
        Within a change.
    columns : sequence of Column
        Of one table and in its order; the first is unique.
    rows : sequence of tuple
        A value for each column; no first value comes twice.

    Returns
    -------
    set of str
        The first values of the rows that are new.
    """
    # In one order everywhere: two processes with the same rows must not wait for each other.
    ordered = sorted(rows, key=_first)
    if connection.dialect.name == "sqlite":
        return _row_by_row(connection, columns, ordered)
    return _column_by_column(connection, columns, ordered)


def _row_by_row(
    connection: Connection, columns: Sequence[Column[Any]], rows: list[tuple[Any, ...]]
) -> set[str]:
    # Nobody else writes meanwhile, so what is unknown now is unknown still when it is inserted.
    key = columns[0]
    asked = among(key, list(map(_first, rows)), connection)
    known = set(connection.scalars(select(key).where(asked)))
    new = [row for row in rows if row[0] not in known]
    if new:
        statement = insert(key.table).values({column.name: None for column in columns})
        connection.exec_driver_sql(str(statement.compile(dialect=connection.dialect)), new)
    return set(map(_first, new))


def _column_by_column(
    connection: Connection, columns: Sequence[Column[Any]], rows: list[tuple[Any, ...]]
) -> set[str]:
    names = [column.name for column in columns]
    arrays = (
        literal(list(values), postgresql.ARRAY(column.type))
        for column, values in zip(columns, zip(*rows, strict=True), strict=True)
    )
    given = func.unnest(*arrays).table_valued(*names).render_derived(name="given")
    statement = (
        postgresql.insert(columns[0].table)
        .from_select(names, select(given))
        .on_conflict_do_nothing()
        .returning(columns[0])
    )
    return set(connection.scalars(statement))
