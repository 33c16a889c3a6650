"""Files as our tables: every row with our columns and with what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import ibis

from features.event_log.engine import SOURCE_FILE, SOURCE_LINE
from features.event_log.words import as_json, joined, microseconds
from features.events import EVENT_SCHEMA, EventType
from features.ingest import fields, times
from features.ingest.columns import Columns
from features.ingest.fields import Fault, Parsed
from features.ingest.mapping import EventMapping, ItemMapping, UserMapping
from features.reasons import Reason

OUTCOME: Final = "_outcome"
"""The column that says what became of a row: one of the three below, or a `Reason`."""

VALID: Final = "valid"
FILTERED: Final = "filtered"
IGNORED: Final = "ignored"

PLACE: Final = (SOURCE_FILE, SOURCE_LINE)
"""The columns that say where a row was read."""

_KEY: Final = "_key_"
# A control character, which no valid id holds, so that no two keys read the same.
_SEPARATOR: Final = "\x1f"
_PRICE_UNITS: Final = 1_000_000
# So many first letters tell all event types apart.
_TELLING_LETTERS: Final = 3
# Columns that every event has, whether the files hold them or not.
_ALWAYS: Final = ("quantity",)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Files with the same columns as one of our tables; nothing is computed yet.

    Parameters
    ----------
    rows : ibis.Table
        Our columns, as far as the files or the constants hold them, and `OUTCOME`; as many rows
        as the files have. Items and users have the shop's further columns too, and `PLACE`.
    faults : ibis.Table
        `PLACE`, `OUTCOME` and `content` as JSON of the rows whose outcome is a `Reason`.
    """

    rows: ibis.Table
    faults: ibis.Table


def events_of(columns: Columns, mapping: EventMapping, *, now: datetime) -> Table:
    """Read events.

    Parameters
    ----------
    columns : Columns
        Of files with the same columns.
    mapping : EventMapping
        What they call ours.
    now : datetime
        Aware; later events are rejected.

    Raises
    ------
    InvalidMapping
        A column that is needed or named is missing, or has a type that cannot be read.
    """
    columns.require("event_type", "item_id", "timestamp")
    stated = columns.read("event_type", fields.short_label).value
    parsed = _events(columns, mapping, stated=stated, now=now)
    is_ignored = stated.isin(mapping.ignore_types) if mapping.ignore_types else None
    outcome = _outcome(columns, parsed, ignored=is_ignored)
    theirs = [name for name in mapping.natural_key if name not in EVENT_SCHEMA.names]
    keys = {_KEY + one: columns.theirs(one, wanted_for="events.natural_key") for one in theirs}
    rows = _rows(columns, parsed, {**keys, OUTCOME: outcome})
    derived = _natural_key(rows, mapping.natural_key).hexdigest("md5")
    given = rows.event_id.coalesce(derived) if "event_id" in rows.columns else derived
    rows = rows.mutate(event_id=ibis.ifelse(rows[OUTCOME] == VALID, given, None))
    return Table(rows.drop(*keys), _faults(columns, outcome))


def items_of(columns: Columns, mapping: ItemMapping) -> Table:
    """Read the catalogue.

    Raises
    ------
    InvalidMapping
        As for `events_of`.
    """
    columns.require("item_id")
    texts = ("title", "category", "brand", "url", "image_url")
    parsed = {
        "item_id": columns.read("item_id", partial(fields.identifier, required=True)),
        **{name: columns.read(name, fields.label) for name in texts},
        "price": columns.read("price", fields.price),
        "available": columns.read("available", fields.flag),
        "hidden": columns.read("hidden", fields.flag),
        "released_at": columns.read("released_at", partial(times.moment, mapping=mapping)),
    }
    return _with_others(columns, parsed)


def users_of(columns: Columns, mapping: UserMapping) -> Table:
    """Read the users.

    Raises
    ------
    InvalidMapping
        As for `events_of`.
    """
    columns.require("user_id")
    parsed = {
        "user_id": columns.read("user_id", partial(fields.user_identifier, required=True)),
        "country": columns.read("country", fields.short_label),
        "timezone": columns.read("timezone", fields.short_label),
        "consent": columns.read("consent", fields.names),
        "created_at": columns.read("created_at", partial(times.moment, mapping=mapping)),
    }
    return _with_others(columns, parsed)


def _events(
    columns: Columns, mapping: EventMapping, *, stated: ibis.Value, now: datetime
) -> dict[str, Parsed]:
    renamed = [(theirs, ours.value) for theirs, ours in mapping.event_types.items()]
    ours = stated.cases(*renamed, else_=stated) if renamed else stated
    known = ours.isin([one.value for one in EventType]).fill_null(False)  # noqa: FBT003 -- the value
    is_return = ours == EventType.RETURN.value
    ids = ("event_id", "anonymous_id", "order_id", "session_id", "recommendation_id")
    when = partial(times.event_time, mapping=mapping, now=now)
    return {
        "event_type": Parsed(ours, (Fault(~known, Reason.UNKNOWN_EVENT_TYPE),)),
        "user_id": columns.read("user_id", fields.user_identifier),
        "item_id": columns.read("item_id", partial(fields.identifier, required=True)),
        "timestamp": columns.read("timestamp", when),
        "quantity": _one_if_missing(
            columns.read("quantity", partial(fields.quantity, is_return=is_return))
        ),
        "price": columns.read("price", fields.price),
        **{name: columns.read(name, fields.identifier) for name in ids},
        "country": columns.read("country", fields.short_label),
        "device": columns.read("device", fields.short_label),
    }


def _one_if_missing(quantity: Parsed) -> Parsed:
    return Parsed(quantity.value.fill_null(1), quantity.faults)


def _with_others(columns: Columns, parsed: Mapping[str, Parsed]) -> Table:
    outcome = _outcome(columns, parsed)
    place = {name: columns.source.table[name] for name in PLACE}
    rows = _rows(columns, parsed, {**columns.others(), OUTCOME: outcome, **place})
    return Table(rows, _faults(columns, outcome))


def _outcome(
    columns: Columns, parsed: Mapping[str, Parsed], *, ignored: ibis.Value | None = None
) -> ibis.Value:
    kept = columns.kept()
    branches = [] if kept is None else [(~kept, FILTERED)]
    branches += [] if ignored is None else [(ignored, IGNORED)]
    faults = [fault for one in parsed.values() for fault in one.faults]
    branches += [
        (fault.where, fault.reason.value if isinstance(fault.reason, Reason) else fault.reason)
        for fault in faults
    ]
    return ibis.cases(*branches, else_=VALID)


def _rows(
    columns: Columns, parsed: Mapping[str, Parsed], further: Mapping[str, ibis.Value]
) -> ibis.Table:
    types = ibis.Schema.from_pyarrow(columns.mapping.schema_)
    ours = {
        name: one.value.cast(types[name](nullable=True))
        for name, one in parsed.items()
        if columns.has(name) or name in _ALWAYS
    }
    return columns.source.table.select(**ours, **further)


def _faults(columns: Columns, outcome: ibis.Value) -> ibis.Table:
    table = columns.source.table
    content = as_json(ibis.struct({name: table[name] for name in columns.source.columns}))
    place = {name: table[name] for name in PLACE}
    told = table.select(**place, **{OUTCOME: outcome}, content=content)
    return told.filter(told[OUTCOME].isin([one.value for one in Reason]))


def _natural_key(rows: ibis.Table, names: tuple[str, ...]) -> ibis.Value:
    parts: list[ibis.Value] = []
    between = ""
    for name in names:
        if name not in EVENT_SCHEMA.names or name in rows.columns:
            parts += [ibis.literal(between), _key_part(rows, name)] if between else []
            parts += [] if between else [_key_part(rows, name)]
            between = ""
        between += _SEPARATOR
    return joined(*parts, ibis.literal(between))


def _key_part(rows: ibis.Table, name: str) -> ibis.Value:
    # Short, since a text of up to 55 bytes is hashed in one step; and of whole numbers, since
    # engines differ in how they write others.
    match name:
        case "event_type":
            return rows.event_type.substr(0, _TELLING_LETTERS)
        case "timestamp":
            return microseconds(rows.timestamp)
        case "price":
            return (rows.price * _PRICE_UNITS).round().cast("int64")
    return rows[name] if name in EVENT_SCHEMA.names else rows[_KEY + name]
