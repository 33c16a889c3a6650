"""Spend: for how much each person bought and kept."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import ibis
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features import identities
from features.catalog import ITEM_SCHEMA
from features.event_log import EventLog
from features.events import EventType
from features.ids import IdMap
from features.returns import without_returned
from features.snapshot_tables import by_person

_PARTS: Final = 10_000


def spend(
    lake: Path, *, as_of: datetime, users: IdMap, since: datetime | None = None
) -> NDArray[np.float32]:
    """Add up price times quantity of the purchases that each person kept.

    A purchase without a price counts at the item's price in the catalogue, and as 0 where that
    does not know it either. Units returned up to `as_of` do not count.

    Parameters
    ----------
    lake : Path
        The shop's lake (`Home.lake`).
    as_of : datetime
        Aware; later purchases and returns do not count.
    users : IdMap
        Whose spend is wanted, keyed as in a snapshot.
    since : datetime, optional
        Aware; purchases up to here do not count.

    Returns
    -------
    ndarray of float32, shape (n_users,)
        In the shop's currency, to 1/10,000; 0 for those who bought nothing.
    """
    links = identities.read(lake)
    named = identities.with_owners(EventLog(lake).scan(end=as_of), links, as_of=as_of)
    kept = without_returned(_trades(named))
    purchases = kept.filter(kept.event_type == EventType.PURCHASE.value)
    if since is not None:
        purchases = purchases.filter(purchases.timestamp > ibis.literal(since))
    priced = _with_catalogue_prices(purchases, lake)
    # Whole parts add up to the same sum in any order; fractions would not.
    parts = (priced.price * _PARTS).round().cast("int64") * priced.quantity
    spent = priced.group_by("person").agg(parts=parts.sum().cast("float64")).to_pyarrow()
    rows = users.rows(spent["person"].to_pylist())
    amounts = spent["parts"].to_numpy() / _PARTS
    totals = np.zeros(len(users), dtype=np.float32)
    totals[rows[rows >= 0]] = amounts[rows >= 0]
    return totals


def _trades(events: Any) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    trades = by_person(events)
    kinds = [EventType.PURCHASE.value, EventType.RETURN.value]
    return trades.filter(trades.person.notnull() & trades.event_type.isin(kinds)).select(
        "event_id", "person", "item_id", "event_type", "timestamp", "quantity", "price"
    )


def _with_catalogue_prices(purchases: Any, lake: Path) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    path = lake / "items.parquet"
    columns = ["item_id", "price"]
    table = pq.read_table(path, columns=columns) if path.exists() else ITEM_SCHEMA.empty_table()
    listed = ibis.memtable(table.select(columns).rename_columns(["item_id", "listed"]))
    known = purchases.left_join(listed, "item_id")
    return known.mutate(price=ibis.coalesce(known.price, known.listed, 0.0))
