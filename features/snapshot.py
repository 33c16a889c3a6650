"""A snapshot: all that was known about the shop at one moment, as arrays, and nothing later."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features import identities
from features.catalog import ITEM_SCHEMA, USER_SCHEMA, Catalogue
from features.context_counts import ContextCounts
from features.demand import Demand
from features.errors import NotEnoughData
from features.event_log import EventLog
from features.events import EventType
from features.history import Histories
from features.ids import IdMap
from features.lake_tables import read_table
from features.people import People
from features.returns import without_returned
from features.snapshot_tables import (
    by_person,
    context_hours,
    demand_days,
    last_countries,
    paid_prices,
    person_days,
)

_MICROSECONDS: Final = 1_000_000
_HOUR_MICROSECONDS: Final = 3_600 * _MICROSECONDS


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The shop at `as_of`: what a model may learn from and a list may be made of.

    Parameters
    ----------
    users, items : IdMap
        Everybody and everything known, sorted by id.
    histories : Histories
        Each user's events up to `as_of`, returned purchases taken out.
    demand : Demand
        The same events by item, day and country, those of nobody included.
    catalogue : Catalogue
        Aligned to `items`.
    people : People
        Aligned to `users`.
    prices : ndarray of float64, shape (n_items,)
        The median price that was paid up to `as_of`, else the catalogue's; NaN where neither is
        known. The catalogue alone would tell of later price changes.
    as_of : datetime
        The moment; no event in here is later.
    contexts : ContextCounts or None
        In which situations each item was wanted; None where that was not counted.
    synced_batch : int or None
        The last batch of the online store whose events are in here; None where none are.
    """

    users: IdMap
    items: IdMap
    histories: Histories
    demand: Demand
    catalogue: Catalogue
    people: People
    prices: NDArray[np.float64]
    as_of: datetime
    contexts: ContextCounts | None = None
    synced_batch: int | None = None

    @property
    def as_of_s(self) -> int:
        """`as_of` in seconds since 1970 UTC."""
        return int(self.as_of.timestamp())


def take_snapshot(lake: Path, *, as_of: datetime) -> Snapshot:
    """Read what was known at `as_of` from the event log, the catalogue and the user table.

    What a visitor did who had been linked to a user by then is the user's.

    Parameters
    ----------
    lake : Path
        The shop's lake (`Home.lake`).
    as_of : datetime
        Aware; events at this moment still count.

    Raises
    ------
    NotEnoughData
        The log holds no event up to `as_of`.
    """
    # The batch that it tells of is the one that is read, whatever is synced meanwhile.
    log = EventLog(lake).as_it_is()
    links = identities.read(lake)
    named = identities.with_owners(log.scan(end=as_of), links, as_of=as_of)
    # Three tables are drawn from it: settled once, read often.
    events = without_returned(by_person(named)).cache()
    paid = paid_prices(events).to_pyarrow()
    days = person_days(events).to_pyarrow()
    demand = demand_days(events).to_pyarrow()
    if not demand.num_rows:
        raise NotEnoughData(
            f"the event log holds no event up to {as_of.isoformat()};"
            " run vitrine ingest, or choose a later as_of"
        )
    items_table = read_table(lake / "items.parquet", ITEM_SCHEMA)
    users_table = read_table(lake / "users.parquet", USER_SCHEMA)
    users = _id_map(days["person"], users_table["user_id"])
    later = log.scan(start=as_of).select("item_id").distinct().to_pyarrow()
    items = _id_map(demand["item_id"], items_table["item_id"])
    catalogue = _catalogue(items_table, items, seen=demand, later=later, as_of=as_of)
    people = _people(users_table, users, last_countries(events).to_pyarrow())
    hours = context_hours(events, _homes(users, people)).to_pyarrow()
    return Snapshot(
        users=users,
        items=items,
        histories=_histories(days, users, items),
        demand=_demand(demand, items),
        catalogue=catalogue,
        people=people,
        prices=_prices(paid, items, catalogue),
        as_of=as_of.astimezone(UTC),
        contexts=_contexts(hours, items),
        synced_batch=log.synced_batch,
    )


def _id_map(*columns: pa.ChunkedArray) -> IdMap:
    every = pa.chunked_array([chunk.cast(pa.string()) for one in columns for chunk in one.chunks])
    return IdMap.of(sorted(pc.unique(every).to_pylist()))


def _rows(ids: pa.ChunkedArray, known: IdMap) -> NDArray[np.int64]:
    encoded = ids.combine_chunks().dictionary_encode()
    rows: NDArray[np.int64] = known.rows(encoded.dictionary.to_pylist())[encoded.indices.to_numpy()]
    return rows


def _codes(event_types: pa.ChunkedArray) -> NDArray[np.uint8]:
    encoded = event_types.combine_chunks().dictionary_encode()
    codes = np.array([EventType(one).code for one in encoded.dictionary.to_pylist()], np.uint8)
    per_event: NDArray[np.uint8] = codes[encoded.indices.to_numpy()]
    return per_event


def _histories(days: pa.Table, users: IdMap, items: IdMap) -> Histories:
    person_rows = _rows(days["person"], users)
    # Users are sorted by id, as the table is, so their entries already stand in row order.
    lengths = np.bincount(person_rows, minlength=len(users))
    return Histories(
        indptr=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        item_rows=_rows(days["item_id"], items).astype(np.int32),
        event_types=_codes(days["event_type"]),
        timestamps=days["timestamp"].cast(pa.int64()).to_numpy() // _MICROSECONDS,
        counts=days["count"].to_numpy().astype(np.float32),
    )


def _demand(days: pa.Table, items: IdMap) -> Demand:
    countries, country_rows = _named(days["country"])
    return Demand(
        item_rows=_rows(days["item_id"], items).astype(np.int32),
        days=days["day"].cast(pa.date32()).cast(pa.int32()).to_numpy(),
        event_types=_codes(days["event_type"]),
        country_rows=country_rows,
        counts=days["count"].to_numpy().astype(np.float32),
        countries=countries,
    )


def _contexts(hours: pa.Table, items: IdMap) -> ContextCounts:
    countries, country_rows = _named(hours["place"])
    devices, device_rows = _named(hours["device"])
    return ContextCounts(
        item_rows=_rows(hours["item_id"], items).astype(np.int32),
        event_types=_codes(hours["event_type"]),
        hours=(hours["hour"].cast(pa.int64()).to_numpy() // _HOUR_MICROSECONDS).astype(np.int32),
        country_rows=country_rows,
        device_rows=device_rows,
        counts=hours["count"].to_numpy().astype(np.float32),
        countries=countries,
        devices=devices,
    )


def _named(values: pa.ChunkedArray) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    """Name what occurs, sorted, and tell each value's place in it; -1 where it is null."""
    names = pc.drop_null(pc.unique(values)).sort()
    places = pc.fill_null(pc.index_in(values, value_set=names), -1)
    return tuple(names.to_pylist()), places.to_numpy().astype(np.int16)


def _homes(users: IdMap, people: People) -> ibis.Table:
    """Tabulate the country of everybody of whom it is known."""
    is_known = people.country_rows >= 0
    homes = np.array([*people.countries, ""])[people.country_rows[is_known]]
    persons = users.ids(np.flatnonzero(is_known))
    columns = {"person": pa.array(persons, pa.string()), "home": pa.array(homes, pa.string())}
    return ibis.memtable(pa.table(columns))


def _catalogue(
    table: pa.Table, items: IdMap, *, seen: pa.Table, later: pa.Table, as_of: datetime
) -> Catalogue:
    item_ids = items.ids(np.arange(len(items)))
    wanted = pa.array(item_ids, pa.string())
    places = pc.index_in(wanted, value_set=table["item_id"].combine_chunks())
    released = table["released_at"].take(places)
    # Without a release date an item begins with its first event; one without events is on sale.
    began_later = pc.and_not(
        pc.is_in(wanted, value_set=later["item_id"].combine_chunks()),
        pc.is_in(wanted, value_set=pc.unique(seen["item_id"])),
    )
    is_out = pc.less_equal(released, pa.scalar(as_of, pa.timestamp("us", tz="UTC")))
    alive = pc.coalesce(is_out, pc.invert(began_later)).to_numpy(zero_copy_only=False)
    return Catalogue.of(table, item_ids=item_ids, alive=alive.astype(np.bool_))


def _prices(paid: pa.Table, items: IdMap, catalogue: Catalogue) -> NDArray[np.float64]:
    prices: NDArray[np.float64] = catalogue.table["price"].cast(pa.float64()).to_numpy().copy()
    prices[_rows(paid["item_id"], items)] = paid["price"].to_numpy()
    return prices


def _people(table: pa.Table, users: IdMap, last_countries: pa.Table) -> People:
    wanted = pa.array(users.ids(np.arange(len(users))), pa.string())
    stated = pc.index_in(wanted, value_set=table["user_id"].combine_chunks())
    seen = pc.index_in(wanted, value_set=last_countries["person"].combine_chunks())
    countries = pc.coalesce(table["country"].take(stated), last_countries["country"].take(seen))
    return People.of(countries.to_pylist(), table["consent"].take(stated).to_pylist())
