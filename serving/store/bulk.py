"""Bulk: thousands of rows at once, in each database by its fastest road."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from serving.store.among import among

Row = tuple[Any, ...]


def insert_new(connection: Connection, columns: Sequence[Column[Any]], rows: list[Row]) -> set[str]:
    """Insert the rows whose first value is not in the table yet.

    Parameters
    ----------
    connection : Connection
        Within a change.
    columns : sequence of Column
        Of one table; the first is unique and of text.
    rows : list of tuple
        A value for each column; no two rows have the same first one. They are inserted in its
        order, because two processes with the same rows must not wait for each other in a circle.

    Returns
    -------
    set of str
        The first values of the rows that are new.
    """
    in_order = sorted(rows, key=_first)
    if connection.dialect.name == "sqlite":
        return _row_by_row(connection, columns, in_order)
    return _column_by_column(connection, columns, in_order)
