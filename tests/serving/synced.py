"""A store, a lake beside it, and what the tests of sync say and ask of both."""

from pathlib import Path

from features.event_log import EventLog
from serving.store import Store
from serving.sync import SyncReport, sync
from tests.serving.store.planted import EVERYTHING
from tests.shops import AS_OF, engine


def quietly(store: Store, lake: Path) -> SyncReport:
    """Sync, and say nothing."""
    return sync(store, lake, now=AS_OF, say=lambda _line: None)


def in_log(lake: Path) -> list[str]:
    """Give the id of every event of a log, in order; one that is there twice comes twice."""
    return sorted(EventLog(lake, engine()).scan().select("event_id").to_pyarrow()[0].to_pylist())


def in_batches(store: Store, up_to: int | None) -> list[str]:
    """Give the ids of the store's events in batches up to this one, in order."""
    return sorted(
        event.event_id
        for batch in store.batches_after(0)
        if batch <= (up_to or 0)
        for event in store.events_of_batch(batch)
    )


def in_store(store: Store) -> list[str]:
    """Give the ids of all the store's events, in order."""
    unsynced = [event.event_id for _, event in store.unsynced_events(EVERYTHING)]
    return sorted(unsynced + in_batches(store, EVERYTHING))
