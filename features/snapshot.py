"""A snapshot: all that was known about the shop at one moment, as arrays, and nothing later."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.catalog import ITEM_SCHEMA, USER_SCHEMA, Catalogue
from features.demand import Demand
from features.errors import NotEnoughData
from features.event_log import EventLog
from features.events import ANONYMOUS_PREFIX, EventType
from features.history import Histories
from features.ids import IdMap
from features.people import People
from features.returns import without_returned

_MICROSECONDS: Final = 1_000_000


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
    """

    users: IdMap
    items: IdMap
    histories: Histories
    demand: Demand
    catalogue: Catalogue
    people: People
    prices: NDArray[np.float64]
    as_of: datetime

    @property
    def as_of_s(self) -> int:
        """`as_of` in seconds since 1970 UTC."""
        return int(self.as_of.timestamp())


def take_snapshot(lake: Path, *, as_of: datetime) -> Snapshot:
    """Read what was known at `as_of` from the event log, the catalogue and the user table.

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
    log = EventLog(lake)
    # Three tables are drawn from it: settled once, read three times.
    events = without_returned(_by_person(log.scan(end=as_of))).cache()
    paid = _paid_prices(events).to_pyarrow()
    days = _person_days(events).to_pyarrow()
    demand = _demand_days(events).to_pyarrow()
    if not demand.num_rows:
        raise NotEnoughData(
            f"the event log holds no event up to {as_of.isoformat()};"
            " run vitrine ingest, or choose a later as_of"
        )
    items_table = _read(lake / "items.parquet", ITEM_SCHEMA)
    users_table = _read(lake / "users.parquet", USER_SCHEMA)
    users = _id_map(days["person"], users_table["user_id"])
    later = log.scan(start=as_of).select("item_id").distinct().to_pyarrow()
    items = _id_map(demand["item_id"], items_table["item_id"])
    catalogue = _catalogue(items_table, items, seen=demand, later=later, as_of=as_of)
    return Snapshot(
        users=users,
        items=items,
        histories=_histories(days, users, items),
        demand=_demand(demand, items),
        catalogue=catalogue,
        people=_people(users_table, users, _last_countries(events).to_pyarrow()),
        prices=_prices(paid, items, catalogue),
        as_of=as_of.astimezone(UTC),
    )


def _by_person(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    anonymous = ibis.literal(ANONYMOUS_PREFIX) + events.anonymous_id
    return events.mutate(person=events.user_id.coalesce(anonymous)).select(
        "event_id", "person", "item_id", "event_type", "timestamp", "quantity", "price", "country"
    )


def _person_days(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    shown_by_the_shop = events.event_type == EventType.IMPRESSION.value
    known = events.filter(events.person.notnull() & ~shown_by_the_shop)
    days = known.group_by("person", "item_id", "event_type", day=known.timestamp.date()).agg(
        timestamp=known.timestamp.max(), count=known.count()
    )
    return days.order_by("person", "timestamp", "item_id", "event_type")


def _demand_days(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    keys = ["item_id", "event_type", "country"]
    days = events.group_by(*keys, day=events.timestamp.date()).agg(count=events.count())
    return days.order_by("item_id", "day", "event_type", "country")


def _paid_prices(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    paid = events.filter((events.event_type == EventType.PURCHASE.value) & (events.price > 0))
    return paid.group_by("item_id").agg(price=paid.price.median())


def _last_countries(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    placed = events.filter(events.person.notnull() & events.country.notnull())
    # By name where two were seen at the same moment: the order of the files must not matter.
    latest = ibis.window(group_by="person", order_by=[placed.timestamp.desc(), "country"])
    ranked = placed.mutate(place=ibis.row_number().over(latest))
    return ranked.filter(ranked.place == 0).select("person", "country")


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    return pq.read_table(path) if path.exists() else schema.empty_table()


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
    countries = pc.drop_null(pc.unique(days["country"])).sort()
    places = pc.fill_null(pc.index_in(days["country"], value_set=countries), -1)
    return Demand(
        item_rows=_rows(days["item_id"], items).astype(np.int32),
        days=days["day"].cast(pa.date32()).cast(pa.int32()).to_numpy(),
        event_types=_codes(days["event_type"]),
        country_rows=places.to_numpy().astype(np.int16),
        counts=days["count"].to_numpy().astype(np.float32),
        countries=tuple(countries.to_pylist()),
    )


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
