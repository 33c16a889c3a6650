"""Bulk: many rows at once, in each database by its fastest road."""

from functools import cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Column, Connection, bindparam, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from serving.store.among import among

Columns = tuple[Column[Any], ...]
Rows = list[tuple[Any, ...]]

_first: Final = itemgetter(0)


def insert_new(connection: Connection, columns: Columns, rows: Rows) -> set[str]:
    """Insert those rows whose first value is not in the table yet.

    Parameters
    ----------
    connection : Connection
        Within a change.
    columns : tuple of Column
        Of one table and in its order; the first is unique.
    rows : list of tuple
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


def _row_by_row(connection: Connection, columns: Columns, rows: Rows) -> set[str]:
    # Nobody else writes meanwhile, so what is unknown now is unknown still when it is inserted.
    asked = among(columns[0], list(map(_first, rows)), connection)
    known = set(connection.scalars(select(columns[0]).where(asked)))
    new = [row for row in rows if row[0] not in known]
    if new:
        connection.exec_driver_sql(_sql_of_one(columns), new)
    return set(map(_first, new))


def _column_by_column(connection: Connection, columns: Columns, rows: Rows) -> set[str]:
    arrays = map(list, zip(*rows, strict=True))
    given = {column.name: array for column, array in zip(columns, arrays, strict=True)}
    return set(connection.scalars(_insert_of_all(columns), given))


@cache
def _sql_of_one(columns: Columns) -> str:
    statement = insert(columns[0].table).values({column.name: None for column in columns})
    return str(statement.compile(dialect=sqlite.dialect()))


@cache
def _insert_of_all(columns: Columns) -> ReturningInsert[tuple[str]]:
    names = [column.name for column in columns]
    arrays = (bindparam(one.name, type_=postgresql.ARRAY(one.type)) for one in columns)
    given = func.unnest(*arrays).table_valued(*names).render_derived(name="given")
    return (
        postgresql.insert(columns[0].table)
        .from_select(names, select(given))
        .on_conflict_do_nothing()
        .returning(columns[0])
    )
