"""Posted items: which columns of the catalogue they change, and what is wrong with the others."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final, NoReturn

import pyarrow as pa

from features.catalog import ITEM_SCHEMA
from features.reasons import Reason
from serving.inbox.faults import Fault, Read, WireReason, read_each
from serving.inbox.fields import (
    address,
    entry_with,
    flag,
    identifier,
    is_number,
    label,
    moment,
    price,
    stated,
)
from serving.store.items import ItemChange

_KEY: Final = "item_id"
_NEVER_NULL: Final = {field.name for field in ITEM_SCHEMA if not field.nullable}
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

_Reader = Callable[[str, Any], Any]


def read_items(raw: Iterable[Any], schema: pa.Schema) -> Read[ItemChange]:
    """Read posted items one by one.

    A change holds only the columns that the entry states, as JSON can hold them: times as texts
    of RFC 3339 in UTC. Null clears a column, but for those that the schema says are never null.

    Parameters
    ----------
    raw : iterable
        What the request holds, of whatever shape.
    schema : pyarrow.Schema
        The catalogue's: `ITEM_SCHEMA` and the shop's further columns.

    Examples
    --------
    >>> from features.catalog import ITEM_SCHEMA
    >>> posted = [{"item_id": "lamp", "available": False}, {"item_id": "mug", "prise": 3}]
    >>> read = read_items(posted, ITEM_SCHEMA)
    >>> read.valid
    [ItemChange(item_id='lamp', stated={'available': False})]
    >>> read.rejected[0]["message"]
    "there is no field 'prise'; did you mean price?; there are item_id, title, ..."
    """
    readers = {field.name: _reader(field) for field in schema if field.name != _KEY}
    names = dict.fromkeys(schema.names).keys()
    return read_each(raw, lambda entry: _change(entry_with(entry, names), readers))


def _change(entry: dict[str, Any], readers: dict[str, _Reader]) -> ItemChange:
    item_id = stated(_KEY, identifier(_KEY, entry.get(_KEY)))
    columns = {name: readers[name](name, entry[name]) for name in entry if name != _KEY}
    return ItemChange(item_id, columns)


def _reader(field: pa.Field) -> _Reader:
    read = _OF_NAME.get(field.name) or _reader_of_type(field.type)
    if field.name in _NEVER_NULL or not field.nullable:
        return _never_null(read)
    return lambda name, value: None if value is None else read(name, value)


def _never_null(read: _Reader) -> _Reader:
    def insist(name: str, value: Any) -> Any:  # noqa: ANN401 -- any JSON
        kept = read(name, value)
        if kept is None:
            raise Fault(WireReason.MISSING_FIELD, f"{name} is never empty; give it a value")
        return kept

    return insist


def _reader_of_type(dtype: pa.DataType) -> _Reader:
    if pa.types.is_dictionary(dtype):
        return _reader_of_type(dtype.value_type)
    for is_type, read in _OF_TYPE:
        if is_type(dtype):
            return read
    if pa.types.is_integer(dtype):
        return _whole_within(dtype)
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype):
        return _list_of(_reader_of_type(dtype.value_type))
    return _unreadable


def _list_of(read: _Reader) -> _Reader:
    def read_list(name: str, value: Any) -> list[Any]:  # noqa: ANN401 -- any JSON
        if not isinstance(value, list):
            raise Fault(Reason.WRONG_TYPE, f"{name} is no list; write it as [...]")
        return [one for one in (read(name, entry) for entry in value) if one is not None]

    return read_list


def _whole_within(dtype: pa.DataType) -> _Reader:
    is_signed = pa.types.is_signed_integer(dtype)
    most = 2 ** (dtype.bit_width - is_signed) - 1
    least = -most - 1 if is_signed else 0

    def read_whole(name: str, value: Any) -> int:  # noqa: ANN401
        if not is_number(value) or value % 1 != 0 or not least <= value <= most:
            raise Fault(
                Reason.WRONG_TYPE,
                f"{name} is no whole number from {least:,} to {most:,}; write it unquoted",
            )
        return int(value)

    return read_whole


def _number(name: str, value: Any) -> float:  # noqa: ANN401
    # Only a finite number has a rest.
    if not is_number(value) or value % 1 != value % 1:
        raise Fault(Reason.WRONG_TYPE, f"{name} is no finite number; write it unquoted")
    return float(value)


def _time(name: str, value: Any) -> str | None:  # noqa: ANN401
    at = moment(name, value)
    return None if at is None else at.isoformat()


def _day(name: str, value: Any) -> str | None:  # noqa: ANN401
    if value == "":
        return None
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise Fault(Reason.INVALID_TIME, f"{name} is no day; write it like 2011-12-09")


def _unreadable(name: str, _: object) -> NoReturn:
    raise Fault(
        Reason.WRONG_TYPE, f"{name} is of a type that only files bring; change it with ingest"
    )


_OF_NAME: Final[dict[str, _Reader]] = {
    "price": lambda _, value: price(value),
    "url": address,
    "image_url": address,
}
_OF_TYPE: Final[tuple[tuple[Callable[[pa.DataType], bool], _Reader], ...]] = (
    (pa.types.is_string, label),
    (pa.types.is_large_string, label),
    (pa.types.is_boolean, flag),
    (pa.types.is_floating, _number),
    (pa.types.is_decimal, _number),
    (pa.types.is_timestamp, _time),
    (pa.types.is_date, _day),
)
