"""Sync: how what the online store took down gets into the lake, each event exactly once.

A batch of events is numbered and marked in the store first. Then it goes into the event log, whose
list of files says in the same step up to which batch it holds everything. So at every moment, also
after a kill, an event is in the log if its batch is not above that number, and what serves knows
from the bundle's `synced_batch` which of the store's events the bundle has. A batch that was marked
and did not get there goes first the next time.

What the shop stated goes into the catalogue before its batch counts: to state it twice does no
harm.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

import pyarrow as pa

from features import identities
from features.catalog import ITEM_SCHEMA, USER_SCHEMA
from features.catalogue_changes import in_catalogue
from features.consents import answered
from features.event_log import EventLog, connect, writing
from features.events import EVENT_SCHEMA
from features.lake_tables import read_table, replace_table
from serving.store import Event, Store

# Nobody can write to the store while some events are marked.
_MARKED_AT_ONCE: Final = 2_000
_BATCH: Final = 50_000


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync did.

    Parameters
    ----------
    n_events : int
        Events that were read from the store.
    n_new : int
        Those of them that the log did not have yet.
    n_items, n_new_items : int
        Items that the shop restated, and those of them that the catalogue did not have yet.
    n_links : int
        Links of visitors to users that are new.
    n_consents, n_users : int
        Answers that the store holds, and new users that came with them.
    """

    n_events: int
    n_new: int
    n_items: int
    n_new_items: int
    n_links: int
    n_consents: int
    n_users: int

    def __str__(self) -> str:
        known = self.n_events - self.n_new
        return "\n".join(
            (
                f"{self.n_events:>12,}  events read from the store",
                f"{self.n_new:>12,}  of them new in the event log",
                f"{known:>12,}  of them known to it already",
                f"{self.n_items:>12,}  items restated, {self.n_new_items:,} of them new",
                f"{self.n_links:>12,}  new links of visitors to users",
                f"{self.n_consents:>12,}  consents, with {self.n_users:,} new users",
            )
        )


def sync(store: Store, lake: Path, *, now: datetime, say: Callable[[str], None]) -> SyncReport:
    """Move what is new in the store into a lake; killed at any point, do it again.

    Parameters
    ----------
    store : Store
        Where it is.
    lake : Path
        Where it goes (`Home.lake`).
    now : datetime
        Aware.
    say : callable of str
        Told of each batch.

    Raises
    ------
    LakeBusy
        Another process is writing to this lake.
    StoreUnavailable
        The store cannot do its part; what went into the log until then counts.
    """
    with writing(lake):
        connection = connect()
        with closing(connection.con):
            log = EventLog(lake, connection)
            n_events, n_new = _events(store, log, say)
            n_items, n_new_items = _items(store, log, now)
            n_links = _links(store, lake)
            n_consents, n_users = _consents(store, lake)
    return SyncReport(n_events, n_new, n_items, n_new_items, n_links, n_consents, n_users)


def _events(store: Store, log: EventLog, say: Callable[[str], None]) -> tuple[int, int]:
    n_events = n_new = 0

    def move(events: Sequence[Event], batch: int) -> None:
        nonlocal n_events, n_new
        n_events += len(events)
        n_new += _append(log, events, batch)
        say(f"batch {batch}: {n_events:,} events so far")

    for batch in store.batches_after(_known(log)):
        move(store.events_of_batch(batch), batch)
    is_full = True
    # What is posted after a batch that was not full is left to the next sync, or it had no end.
    while is_full and store.unsynced_events(1):
        batch = store.next_batch(after=_known(log))
        events = _marked(store, batch)
        move(events, batch)
        is_full = len(events) >= _BATCH
    return n_events, n_new


def _marked(store: Store, batch: int) -> list[Event]:
    """Mark events with a batch, and give them."""
    events: list[Event] = []
    while len(events) < _BATCH:
        some = store.unsynced_events(_MARKED_AT_ONCE)
        store.mark_synced([seq for seq, _ in some], batch)
        events += [event for _, event in some]
        if len(some) < _MARKED_AT_ONCE:
            break
    return events


def _append(log: EventLog, events: Sequence[Event], batch: int) -> int:
    """Put a batch into the log, which knows from then on that it has it; count the new events."""
    table = log.connection.create_table("synced", _table(events), overwrite=True)
    prepared = log.prepare(table, synced_batch=batch)
    log.commit(prepared)
    return prepared.n_new


def _table(events: Sequence[Event]) -> pa.Table:
    columns = {
        name: pa.array(map(attrgetter(name), events), EVENT_SCHEMA.field(name).type)
        for name in EVENT_SCHEMA.names
        if name != "timestamp"
    }
    times = pa.array([event.timestamp_us for event in events], pa.int64())
    columns["timestamp"] = times.cast(EVENT_SCHEMA.field("timestamp").type)
    return pa.table(columns, schema=EVENT_SCHEMA)


def _items(store: Store, log: EventLog, now: datetime) -> tuple[int, int]:
    changes = store.unsynced_items(after_batch=_known(log))
    if not changes:
        return 0, 0
    path = log.lake / "items.parquet"
    known = read_table(path, ITEM_SCHEMA)
    stated = {change.item_id: change.stated for _, change in changes}
    items = in_catalogue(known, stated, now=now)
    batch = store.next_batch(after=_known(log))
    replace_table(path, items)
    for start in range(0, len(changes), _MARKED_AT_ONCE):
        store.mark_items_synced(changes[start : start + _MARKED_AT_ONCE], batch)
    _append(log, [], batch)
    return len(changes), items.num_rows - known.num_rows


def _links(store: Store, lake: Path) -> int:
    links = store.links()
    columns = [
        pa.array([link.anonymous_id for link, _ in links], pa.string()),
        pa.array([link.user_id for link, _ in links], pa.string()),
        pa.array([at_us for _, at_us in links], pa.int64()).cast(pa.timestamp("us", tz="UTC")),
    ]
    known = identities.read(lake)
    told = pa.Table.from_arrays(columns, schema=identities.IDENTITY_SCHEMA)
    joined = identities.joined(known, told)
    if joined.num_rows > known.num_rows:
        replace_table(identities.path(lake), joined)
    n_links: int = joined.num_rows - known.num_rows
    return n_links


def _consents(store: Store, lake: Path) -> tuple[int, int]:
    consents = store.every_consent()
    answers = {
        user_id: {one.purpose: one.granted for one in theirs}
        for user_id, theirs in groupby(consents, key=attrgetter("user_id"))
    }
    path = lake / "users.parquet"
    known = read_table(path, USER_SCHEMA)
    users = answered(known, answers)
    if users is not known:
        replace_table(path, users)
    n_users: int = users.num_rows - known.num_rows
    return len(consents), n_users


def _known(log: EventLog) -> int:
    """Name the last batch that the log has; batches are counted from 1."""
    return log.synced_batch or 0
