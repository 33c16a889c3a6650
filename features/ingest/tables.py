"""Files as our tables: every row with our columns and with what became of it."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

import ibis
import pyarrow as pa

from features.event_log.engine import SOURCE_FILE, SOURCE_LINE
from features.event_log.words import microseconds
from features.events import EVENT_SCHEMA, EventType
from features.ingest import fields, times
from features.ingest.columns import Columns
from features.ingest.fields import Parsed
from features.ingest.mapping import EventMapping, ItemMapping, UserMapping
from features.ingest.reasons import Reason

OUTCOME: Final = "_outcome"
"""The column that says what became of a row: one of the three below, or a `Reason`."""

VALID: Final = "valid"
FILTERED: Final = "filtered"
IGNORED: Final = "ignored"

PLACE: Final = (SOURCE_FILE, SOURCE_LINE)
"""The columns that say where a row was read."""

_KEY: Final = "_key_"
# Control characters, which no valid id holds, so that no two keys read the same.
_SEPARATOR: Final = "\x1f"
_NOTHING: Final = "\x1e"
_PRICE_UNITS: Final = 1_000_000


def checked_events(columns: Columns, mapping: EventMapping, *, now: datetime) -> ibis.Table:
    """Read events.

    Parameters
    ----------
    columns : Columns
        Of files with the same columns.
    mapping : EventMapping
        What they call ours.
    now : datetime
        Aware; later events are rejected.

    Returns
    -------
    ibis.Table
        `EVENT_SCHEMA`, `OUTCOME`, `SOURCE_FILE` and `SOURCE_LINE`; as many rows as were read.

    Raises
    ------
    InvalidMapping
        A column that is needed or named is missing, or has a type that cannot be read.
    """
    columns.require("event_type", "item_id", "timestamp")
    stated = columns.read("event_type", fields.short_label).value
    parsed = _events(columns, mapping, stated=stated, now=now)
    is_ignored = stated.isin(mapping.ignore_types) if mapping.ignore_types else None
    theirs = [name for name in mapping.natural_key if name not in EVENT_SCHEMA.names]
    keys = {_KEY + one: columns.theirs(one, wanted_for="events.natural_key") for one in theirs}
    outcome = _outcome(columns, parsed, ignored=is_ignored)
    rows = _select(columns, parsed, {**keys, OUTCOME: outcome})
    derived = _natural_key(rows, mapping.natural_key).hexdigest("md5")
    is_valid = rows[OUTCOME] == VALID
    event_id = ibis.ifelse(is_valid, rows.event_id.coalesce(derived), rows.event_id)
    # Only rows that are looked for later need to know their place.
    place = {name: ibis.ifelse(is_valid, None, rows[name]) for name in PLACE}
    return rows.mutate(event_id=event_id, **place).drop(*keys)


def checked_items(columns: Columns, mapping: ItemMapping) -> ibis.Table:
    """Read the catalogue: `ITEM_SCHEMA`, the shop's further columns, `OUTCOME` and the place.

    Raises
    ------
    InvalidMapping
        As for `checked_events`.
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
    outcome = _outcome(columns, parsed)
    return _select(columns, parsed, {**columns.others(), OUTCOME: outcome})


def checked_users(columns: Columns, mapping: UserMapping) -> ibis.Table:
    """Read the users: `USER_SCHEMA`, the shop's further columns, `OUTCOME` and the place.

    Raises
    ------
    InvalidMapping
        As for `checked_events`.
    """
    columns.require("user_id")
    parsed = {
        "user_id": columns.read("user_id", partial(fields.user_identifier, required=True)),
        "country": columns.read("country", fields.short_label),
        "timezone": columns.read("timezone", fields.short_label),
        "consent": columns.read("consent", fields.names),
        "created_at": columns.read("created_at", partial(times.moment, mapping=mapping)),
    }
    outcome = _outcome(columns, parsed)
    return _select(columns, parsed, {**columns.others(), OUTCOME: outcome})


def _events(
    columns: Columns, mapping: EventMapping, *, stated: ibis.Value, now: datetime
) -> dict[str, Parsed]:
    renamed = [(theirs, ours.value) for theirs, ours in mapping.event_types.items()]
    ours = stated.cases(*renamed, else_=stated) if renamed else stated
    known = ours.isin([one.value for one in EventType])
    is_return = ours == EventType.RETURN.value
    ids = ("event_id", "anonymous_id", "order_id", "session_id", "recommendation_id")
    when = partial(times.event_time, mapping=mapping, now=now)
    return {
        "event_type": Parsed(ours, ((Reason.UNKNOWN_EVENT_TYPE, ours.isnull() | ~known),)),
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
    return Parsed(quantity.value.fill_null(1), quantity.problems)


def _outcome(
    columns: Columns, parsed: Mapping[str, Parsed], *, ignored: ibis.Value | None = None
) -> ibis.Value:
    kept = columns.kept()
    branches = [] if kept is None else [(~kept, FILTERED)]
    branches += [] if ignored is None else [(ignored, IGNORED)]
    branches += [
        (predicate, reason.value) for one in parsed.values() for reason, predicate in one.problems
    ]
    return ibis.cases(*branches, else_=VALID)


def _select(
    columns: Columns, parsed: Mapping[str, Parsed], further: Mapping[str, ibis.Value]
) -> ibis.Table:
    table = columns.source.table
    schema: pa.Schema = columns.mapping.schema_
    types = ibis.Schema.from_pyarrow(schema)
    ours = {name: parsed[name].value.cast(types[name](nullable=True)) for name in schema.names}
    return table.select(**ours, **further, **{name: table[name] for name in PLACE})


def _natural_key(rows: ibis.Table, names: tuple[str, ...]) -> ibis.Value:
    parts = [_key_part(rows, name).coalesce(_NOTHING) for name in names]
    return ibis.literal(_SEPARATOR).join(parts)


def _key_part(rows: ibis.Table, name: str) -> ibis.Value:
    # Texts of numbers differ between engines, whole numbers do not.
    if name == "timestamp":
        return microseconds(rows.timestamp).cast("string")
    if name == "price":
        return (rows.price * _PRICE_UNITS).round().cast("int64").cast("string")
    column = rows[name] if name in EVENT_SCHEMA.names else rows[_KEY + name]
    return column.cast("string")
