"""What a column of an export says in our terms, and what can be wrong with it, row by row."""

from dataclasses import dataclass
from typing import Final

import ibis

from features.event_log.words import n_bytes
from features.events import ANONYMOUS_PREFIX
from features.ingest.json_rows import LIST_MARK
from features.ingest.reasons import (
    MAX_ID_BYTES,
    MAX_PRICE,
    MAX_TEXT_BYTES,
    Reason,
)

_CONTROL: Final = r"[\x00-\x1f\x7f]"
_LIST_PARTS: Final = f"[;{LIST_MARK}]"


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A column in our terms.

    Parameters
    ----------
    value : ibis.Value
        Of our type; null where it could not be read.
    problems : tuple of (Reason, ibis.BooleanValue)
        Which rows have which fault, in the order in which faults are named.
    """

    value: ibis.Value
    problems: tuple[tuple[Reason, ibis.Value], ...] = ()


class UnfitTypeError(Exception):
    """A column's type cannot hold what is meant; says what it would have to be."""


def identifier(column: ibis.Value, *, required: bool = False) -> Parsed:
    """Read an id: a text as it is, a whole number as its digits; an empty text is none."""
    raw, misfits = column, []
    dtype = column.type()
    if dtype.is_floating():
        # Tables with gaps are often exported with 13085.0 for 13085.
        raw = whole_number(column)
        misfits = [(Reason.WRONG_TYPE, column.notnull() & raw.isnull())]
    elif not (dtype.is_string() or dtype.is_integer()):
        raise UnfitTypeError("texts or whole numbers")
    text = raw.cast("string").nullif("")
    if required:
        misfits.append((Reason.MISSING_ID, text.isnull()))
    misfits += [
        (Reason.WRONG_TYPE, text.startswith(LIST_MARK)),
        # DuckDB replaces once for each distinct text of a dictionary, but searches every row.
        (Reason.CONTROL_CHARACTERS, text.re_replace(_CONTROL, "") != text),
        (Reason.TOO_LONG, n_bytes(text) > MAX_ID_BYTES),
    ]
    return Parsed(text, tuple(misfits))


def user_identifier(column: ibis.Value, *, required: bool = False) -> Parsed:
    """Read a `user_id`, which must not look like the key of a person without one."""
    parsed = identifier(column, required=required)
    reserved = (Reason.RESERVED_ID, parsed.value.startswith(ANONYMOUS_PREFIX))
    return Parsed(parsed.value, (*parsed.problems, reserved))


def label(column: ibis.Value, *, max_bytes: int = MAX_TEXT_BYTES) -> Parsed:
    """Read a text for people; an empty one is none."""
    if column.type().is_nested():
        raise UnfitTypeError("texts")
    text = column.cast("string").nullif("")
    return Parsed(text, ((Reason.TOO_LONG, n_bytes(text) > max_bytes),))


def short_label(column: ibis.Value) -> Parsed:
    """Read a country or device: as short as an id."""
    return label(column, max_bytes=MAX_ID_BYTES)


def price(column: ibis.Value) -> Parsed:
    """Read a price, a finite number that is not negative."""
    number = _number(column)
    return Parsed(
        number,
        (
            (Reason.INVALID_PRICE, _is_stated(column) & number.isnull()),
            (Reason.NON_FINITE_PRICE, number.isnan() | number.isinf()),
            (Reason.NEGATIVE_PRICE, number < 0),
            (Reason.IMPLAUSIBLE_PRICE, number > MAX_PRICE),
        ),
    )


def quantity(column: ibis.Value, *, is_return: ibis.Value) -> Parsed:
    """Read a quantity; a return's may be written as negative."""
    whole = whole_number(column if column.type().is_integer() else _number(column))
    units = ibis.ifelse(is_return & (whole < 0), -whole, whole)
    return Parsed(
        units.try_cast("int32"),
        (
            (Reason.INVALID_QUANTITY, _is_stated(column) & whole.try_cast("int32").isnull()),
            (Reason.QUANTITY_NOT_POSITIVE, units <= 0),
        ),
    )


def flag(column: ibis.Value) -> Parsed:
    """Read true or false."""
    truth = column.try_cast("boolean")
    return Parsed(truth, ((Reason.INVALID_FLAG, _is_stated(column) & truth.isnull()),))


def names(column: ibis.Value) -> Parsed:
    """Read a list of names; in a text they are parted by semicolons."""
    dtype = column.type()
    if dtype.is_array():
        return Parsed(column.cast("array<string>"))
    if not dtype.is_string():
        raise UnfitTypeError('lists of texts, or texts such as "email;personalisation"')
    parts = column.re_split(_LIST_PARTS)
    return Parsed(parts.map(lambda one: one.strip()).filter(lambda one: one != ""))


def whole_number(number: ibis.Value) -> ibis.Value:
    """Give a number as an integer; null where it is none, or too large for one."""
    if number.type().is_integer():
        return number
    rounded = number.try_cast("int64")
    return ibis.ifelse(rounded.cast("float64") == number, rounded, None)


def _number(column: ibis.Value) -> ibis.Value:
    dtype = column.type()
    if dtype.is_string():
        # DuckDB would take 1_000 for a number.
        return ibis.ifelse(column.contains("_"), None, column).try_cast("float64")
    if dtype.is_numeric():
        return column.cast("float64")
    raise UnfitTypeError("numbers")


def _is_stated(column: ibis.Value) -> ibis.Value:
    return column.notnull() & (column != "") if column.type().is_string() else column.notnull()
