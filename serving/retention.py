"""Retention: what the online store drops because it is old, and known elsewhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from features.errors import NoBundle
from features.event_log import EventLog
from features.home import Home
from serving.clock import microseconds
from serving.store import Store
from training.bundle import Bundle, current


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept.

    Parameters
    ----------
    events_days, lists_days : float
        How long events and item changes, and lists that were given.
    unsynced_too : bool
        Whether old events are dropped that no sync has moved into the event log.
    """

    events_days: float
    lists_days: float
    unsynced_too: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """How much is gone.

    Parameters
    ----------
    n_events, n_lists, n_item_changes : int
        Of each kind.
    """

    n_events: int
    n_lists: int
    n_item_changes: int


def drop_old(
    store: Store, home: Home, keeping: Keeping, *, now: datetime, is_trial: bool
) -> Dropped:
    """Drop what is old; consents, links and keys are never dropped.

    Parameters
    ----------
    store : Store
        Where it is dropped.
    home : Home
        Its event log says which events are safe, and its promoted bundle which item changes.
    keeping : Keeping
        How long what is kept.
    now : datetime
        Aware.
    is_trial : bool
        Whether to count only.

    Raises
    ------
    CorruptBundle
        The promoted bundle cannot be read.
    StoreUnavailable
        The store cannot do its part; some may be dropped.
    """
    events_us, lists_us = (
        microseconds(now - timedelta(days=days))
        for days in (keeping.events_days, keeping.lists_days)
    )
    # Batches are counted from 1: where nothing was ever synced, nothing is safe.
    synced = EventLog(home.lake).synced_batch or 0
    up_to_batch = None if keeping.unsynced_too else synced
    return Dropped(
        store.drop_events(events_us, up_to_batch=up_to_batch, is_trial=is_trial),
        store.drop_recommendations(lists_us, is_trial=is_trial),
        store.drop_item_changes(events_us, up_to_batch=_served_batch(home), is_trial=is_trial),
    )


def _served_batch(home: Home) -> int:
    try:
        folder = current(home.bundles)
    except NoBundle:
        return 0
    return Bundle.open(folder, verify=False).manifest.synced_batch or 0
