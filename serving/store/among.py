"""Among: whether a column's value is one of many, however many, in one parameter."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY


def among(
    column: Column[Any], values: Collection[str] | Collection[int], connection: Connection
) -> ColumnElement[bool]:
    """Ask for the rows whose column has one of these values.

    Parameters
    ----------
    column : Column
        Of texts or whole numbers.
    values : collection of str or int
        As many as there are; databases take only some thousand single parameters.
    connection : Connection
        Which database it is.
    """
    if connection.dialect.name == "sqlite":
        listed = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(literal(list(values), ARRAY(column.type)))
