"""The data map: every attribute that a shop can have, measured on the data that it has."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import ibis
import pyarrow as pa

from features.catalog import ITEM_SCHEMA, USER_SCHEMA
from features.coverage import notes
from features.coverage.attribute import Attribute
from features.coverage.enables import EVENTS, ITEMS, USERS
from features.coverage.entry import Entry
from features.coverage.event_types import EVENT_TYPES
from features.coverage.measure import Link, Measured, link, measure_events, measure_table
from features.coverage.report import Coverage, Further
from features.coverage.shop import Shop, look_at_shop, measure_types
from features.errors import NotEnoughData
from features.event_log import EventLog, engine
from features.event_log.engine import Connection
from features.events import EventType

_SECONDS_PER_DAY: Final = 86_400
_MAPS: Final = {"items": ITEMS, "users": USERS}
_SCHEMAS: Final = {"items": ITEM_SCHEMA, "users": USER_SCHEMA}


@dataclass(frozen=True, slots=True)
class _Table:
    """The catalogue or the user table, measured."""

    measured: dict[str, Measured]
    linked: Link
    n_rows: int
    purposes: tuple[tuple[str, int], ...]


def coverage(lake: Path, *, as_of: datetime | None = None) -> Coverage:
    """Measure how full and how fresh each attribute of a shop's data is.

    Parameters
    ----------
    lake : Path
        The shop's lake (`Home.lake`).
    as_of : datetime, optional
        Aware; later events are not looked at. The catalogue and the user table have no past: they
        are measured as they are.

    Raises
    ------
    NotEnoughData
        The log holds no event up to `as_of`.
    UnreadableFile
        A file of the lake is damaged.
    """
    log = EventLog(lake)
    connection, events = log.connection, log.scan(end=as_of)
    shop = look_at_shop(connection, events)
    if shop is None:
        until = "" if as_of is None else f" up to {as_of.isoformat()}"
        raise NotEnoughData(f"the event log holds no event{until}; run vitrine ingest first")
    tables: dict[Literal["items", "users"], _Table] = {
        "items": _table(connection, events, lake / "items.parquet", "item_id"),
        "users": _table(connection, events, lake / "users.parquet", "user_id"),
    }
    in_events = measure_events(connection, events, EVENTS)
    entries = [*_of_types(connection, events, shop), *_of_events(in_events, shop)]
    for part, table in tables.items():
        entries += [_of_table(part, one, table, shop) for one in _MAPS[part]]
    entries = [_with_stand_in(one, in_events["country"]) for one in entries]
    further = [
        Further(part, name, one)
        for part, table in tables.items()
        for name, one in table.measured.items()
        if name not in _SCHEMAS[part].names
    ]
    return Coverage(shop, tuple(entries), tuple(further), as_of)


def _of_types(connection: Connection, events: ibis.Table, shop: Shop) -> Iterator[Entry]:
    measured = measure_types(connection, events, n_events=shop.n_events)
    for attribute in EVENT_TYPES:
        event_type = EventType(attribute.name)
        one = measured[event_type]
        said = notes.of_type(event_type, measured)
        yield Entry("event types", attribute, one, _days_behind(one.latest, shop), tuple(said))


def _of_events(measured: dict[str, Measured], shop: Shop) -> Iterator[Entry]:
    for attribute in EVENTS:
        one = measured[attribute.name]
        said = [*notes.of_events(attribute.name, shop), *notes.of_values(attribute, one)]
        behind = _days_behind(one.latest, shop)
        # A visitor's id is worth as much as the share of events that name no user.
        at_stake = one.n_rows / shop.n_events if attribute.name == "anonymous_id" else 1.0
        yield Entry("events", attribute, one, behind, tuple(said), at_stake)


def _of_table(
    part: Literal["items", "users"], attribute: Attribute, table: _Table, shop: Shop
) -> Entry:
    name, linked = attribute.name, table.linked
    if name == _SCHEMAS[part].names[0]:
        # Not how many rows have a key, all do: how many of the log's items or users have a row.
        measured = Measured(linked.n_in_log, linked.n_matched, linked.n_matched, linked.latest)
        said = notes.of_link(linked, n_rows=table.n_rows, things=part)
    else:
        measured = table.measured[name]
        said = notes.of_values(attribute, measured)
        said += notes.of_dates(name, _days_behind(measured.latest, shop))
    if name == "consent":
        said += notes.of_consent(table.purposes, n_users=table.n_rows)
    share = linked.events_with[name] / linked.n_events if linked.n_events else None
    measured = replace(measured, share_of_events=share)
    return Entry(part, attribute, measured, _days_behind(measured.latest, shop), tuple(said))


def _with_stand_in(one: Entry, in_events: Measured) -> Entry:
    """Count of a missing country only what the events do not tell."""
    if (one.part, one.attribute.name) != ("users", "country"):
        return one
    said = (*one.notes, *notes.of_country(one.measured, in_events))
    return replace(one, notes=said, at_stake=1 - (in_events.share or 0.0))


def _table(connection: Connection, events: ibis.Table, path: Path, key: str) -> _Table:
    schema = _SCHEMAS["items" if key == "item_id" else "users"]
    table = _read(connection, path, schema)
    measured = measure_table(connection, table, table.columns)
    linked = link(connection, events, table, key)
    purposes: tuple[tuple[str, int], ...] = ()
    if "consent" in schema.names:
        each = table.select(purpose=table.consent.unnest())
        counted = each.group_by("purpose").agg(n=each.count()).order_by("purpose")
        purposes = tuple((row["purpose"], row["n"]) for row in engine.rows(connection, counted))
    return _Table(measured, linked, measured[key].n_rows, purposes)


def _read(connection: Connection, path: Path, schema: pa.Schema) -> ibis.Table:
    if path.exists():
        return engine.read_parquet(connection, [path])
    return engine.empty(connection, f"no_{path.stem}", schema)


def _days_behind(latest: datetime | None, shop: Shop) -> float | None:
    if latest is None:
        return None
    return (shop.latest - latest).total_seconds() / _SECONDS_PER_DAY
