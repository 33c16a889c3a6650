"""Kinds: what a column holds, and which values can be compared with it."""

from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias

import pyarrow as pa

from features.errors import InvalidFilter

Plain: TypeAlias = str | int | float | bool
Given: TypeAlias = Plain | tuple[Plain | None, ...] | None
"""A parameter's value: one, a list of them, or nothing."""

Fitted: TypeAlias = Plain | datetime | None

_MOST_SHOWN: Final = 40


class Kind(StrEnum):
    """What a column holds, in the words of an error."""

    TEXT = "texts"
    NUMBER = "numbers"
    TRUTH = "true or false"
    TIME = "times"
    LIST = "lists"
    OTHER = "values that only IS NULL can ask about"


_WANTED: Final = {
    Kind.TEXT: "a text in single quotes",
    Kind.NUMBER: "a number",
    Kind.TRUTH: "TRUE or FALSE",
    Kind.TIME: "a time such as '2024-06-01' or '2024-06-01T12:00Z'",
}


@lru_cache(maxsize=256)
def kind_of(of: pa.DataType) -> Kind:
    """Name what an Arrow type holds.

    Examples
    --------
    >>> kind_of(pa.float64()).value, kind_of(pa.list_(pa.string())).value
    ('numbers', 'lists')
    """
    types = pa.types
    if types.is_dictionary(of):
        return kind_of(of.value_type)
    tests = {
        # A column of nothing but NULL has no type of its own; texts are what most columns are.
        Kind.TEXT: (types.is_string, types.is_large_string, types.is_string_view, types.is_null),
        Kind.NUMBER: (types.is_integer, types.is_floating, types.is_decimal),
        Kind.TRUTH: (types.is_boolean,),
        Kind.TIME: (types.is_timestamp, types.is_date),
        Kind.LIST: (types.is_list, types.is_large_list, types.is_fixed_size_list),
    }
    matching = (kind for kind, among in tests.items() if any(test(of) for test in among))
    return next(matching, Kind.OTHER)


def fitting(value: Given, kind: Kind, *, column: str) -> Fitted:
    """Take a value as what a column holds.

    Parameters
    ----------
    value : str, int, float, bool, tuple or None
        From the filter or its parameters.
    kind : Kind
        What the column, or each of its lists, holds.
    column : str
        Its name, for the error.

    Returns
    -------
    str, int, float, bool, datetime or None
        A time is in UTC.

    Raises
    ------
    InvalidFilter
        The value is of another kind, or a list.
    """
    if value is None:
        return None
    if isinstance(value, tuple):
        raise InvalidFilter(
            f"column {column!r} is compared with a list of {len(value)} values; use IN, or give "
            "one value"
        )
    if kind is Kind.TIME and isinstance(value, str):
        return _time(value, column=column)
    if _kind_of_value(value) is not kind:
        raise InvalidFilter(
            f"column {column!r} holds {kind}, and {shown(value)} is none; compare it with "
            f"{_WANTED.get(kind, 'IS NULL')}"
        )
    return value


def shown(value: object) -> str:
    """Repeat what was given, cut to what fits into a message."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


def _kind_of_value(value: Plain) -> Kind:
    if isinstance(value, bool):
        return Kind.TRUTH
    return Kind.TEXT if isinstance(value, str) else Kind.NUMBER


def _time(text: str, *, column: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidFilter(
            f"column {column!r} holds times, and {shown(text)} is none; write {_WANTED[Kind.TIME]}"
        ) from None
