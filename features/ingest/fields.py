"""What a column of an export says in our terms, and what can be wrong with it, row by row."""

from dataclasses import dataclass
from typing import Final

import ibis

from features.event_log.words import n_bytes
from features.events import ANONYMOUS_PREFIX
from features.ingest.json_rows import LIST_MARK
from features.reasons import (
    MAX_ID_BYTES,
    MAX_PRICE,
    MAX_QUANTITY,
    MAX_TEXT_BYTES,
    Reason,
)

_CONTROL: Final = r"[\x00-\x1f\x7f]"
_LIST_PARTS: Final = f"[;{LIST_MARK}]"


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """Something that can be wrong with a row.

    Parameters
    ----------
    where : ibis.Value
        True for the rows that have it.
    reason : Reason or ibis.Value
        What it is called; an expression where several reasons share one quick test.
    """

    where: ibis.Value
    reason: Reason | ibis.Value


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A column in our terms.

    Parameters
    ----------
    value : ibis.Value
        Of our type; null where it could not be read.
    faults : tuple of Fault
        In the order in which they are named.
    """

    value: ibis.Value
    faults: tuple[Fault, ...] = ()


class UnfitTypeError(Exception):
    """A column's type cannot hold what is meant; says what it would have to be."""


def identifier(column: ibis.Value, *, required: bool = False) -> Parsed:
    """Read an id: a text as it is, a whole number as its digits; an empty text is none."""
    raw, faults = column, []
    dtype = column.type()
    if dtype.is_floating():
        # Tables with gaps are often exported with 13085.0 for 13085.
        raw = _whole(column)
        faults = [Fault(column.notnull() & raw.isnull(), Reason.WRONG_TYPE)]
    elif not (dtype.is_string() or dtype.is_integer()):
        raise UnfitTypeError("texts or whole numbers")
    text = raw.cast("string").nullif("")
    if required:
        faults.append(Fault(text.isnull(), Reason.MISSING_ID))
    faults += [
        # DuckDB replaces once for each distinct text of a dictionary, but searches every row.
        Fault(
            text.re_replace(_CONTROL, "") != text,
            _first((_is_list(text), Reason.WRONG_TYPE), otherwise=Reason.CONTROL_CHARACTERS),
        ),
        Fault(n_bytes(text) > MAX_ID_BYTES, Reason.TOO_LONG),
    ]
    return Parsed(text, tuple(faults))


def user_identifier(column: ibis.Value, *, required: bool = False) -> Parsed:
    """Read a `user_id`, which must not look like the key of a person without one."""
    parsed = identifier(column, required=required)
    reserved = Fault(parsed.value.startswith(ANONYMOUS_PREFIX), Reason.RESERVED_ID)
    return Parsed(parsed.value, (*parsed.faults, reserved))


def label(column: ibis.Value, *, max_bytes: int = MAX_TEXT_BYTES) -> Parsed:
    """Read a text for people; an empty one is none."""
    if column.type().is_nested():
        raise UnfitTypeError("texts")
    text = column.cast("string").nullif("")
    is_long = Fault(n_bytes(text) > max_bytes, Reason.TOO_LONG)
    return Parsed(text, (Fault(_is_list(text), Reason.WRONG_TYPE), is_long))


def short_label(column: ibis.Value) -> Parsed:
    """Read a country or device: as short as an id."""
    return label(column, max_bytes=MAX_ID_BYTES)


def price(column: ibis.Value) -> Parsed:
    """Read a price, a finite number that is not negative."""
    number = _number(column)
    unbelievable = _first(
        (number.isnan() | number.isinf(), Reason.NON_FINITE_PRICE),
        (number < 0, Reason.NEGATIVE_PRICE),
        otherwise=Reason.IMPLAUSIBLE_PRICE,
    )
    unread = _unread(column, number, Reason.INVALID_PRICE)
    return Parsed(number, (*unread, Fault(~number.between(0, MAX_PRICE), unbelievable)))


def quantity(column: ibis.Value, *, is_return: ibis.Value) -> Parsed:
    """Read a quantity; a return's may be written as negative."""
    whole = column.cast("int64") if column.type().is_integer() else _whole(_number(column))
    is_turned = is_return & whole.between(-MAX_QUANTITY, -1)
    units = ibis.ifelse(is_turned, -whole, whole)
    unread = _unread(column, whole, Reason.INVALID_QUANTITY)
    misfit = _first((units <= 0, Reason.QUANTITY_NOT_POSITIVE), otherwise=Reason.INVALID_QUANTITY)
    faults = (*unread, Fault(~units.between(1, MAX_QUANTITY), misfit))
    return Parsed(units.try_cast("int32"), faults)


def flag(column: ibis.Value) -> Parsed:
    """Read true or false."""
    truth = column.try_cast("boolean")
    return Parsed(truth, _unread(column, truth, Reason.INVALID_FLAG))


def names(column: ibis.Value) -> Parsed:
    """Read a list of names; in a text they are parted by semicolons."""
    dtype = column.type()
    if dtype.is_array():
        return Parsed(column.cast("array<string>"))
    if not dtype.is_string():
        raise UnfitTypeError('lists of texts, or texts such as "email;personalisation"')
    parts = column.re_split(_LIST_PARTS)
    return Parsed(parts.map(lambda one: one.strip()).filter(lambda one: one != ""))


def is_stated(column: ibis.Value) -> ibis.Value:
    """Whether there is anything in a field: neither null nor an empty text."""
    return column.notnull() & (column != "") if column.type().is_string() else column.notnull()


def _first(*branches: tuple[ibis.Value, Reason], otherwise: Reason) -> ibis.Value:
    named = [(where, reason.value) for where, reason in branches]
    return ibis.cases(*named, else_=otherwise.value)


def _unread(column: ibis.Value, value: ibis.Value, reason: Reason) -> tuple[Fault, ...]:
    if column.type() == value.type():
        return ()
    return (Fault(is_stated(column) & value.isnull(), reason),)


def _is_list(text: ibis.Value) -> ibis.Value:
    return text.startswith(LIST_MARK)


def _whole(number: ibis.Value) -> ibis.Value:
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
