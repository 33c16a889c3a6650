"""What is new in a batch of events, and what becomes of it."""

from dataclasses import dataclass
from pathlib import Path

import ibis

from features.event_log import engine
from features.event_log.engine import Connection
from features.event_log.manifest import Manifest


@dataclass(frozen=True, slots=True)
class AppendResult:
    """What became of a batch.

    Parameters
    ----------
    n_new : int
        Events that the log now holds and did not before.
    n_duplicates : int
        Events whose `event_id` the log, or the batch itself, already had.
    """

    n_new: int
    n_duplicates: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that lies on the disk and that nobody sees until it is committed.

    Parameters
    ----------
    n_new : int
        Events that the log does not have yet.
    files : tuple of Path
        Where they are.
    manifest : Manifest
        The log with them.
    """

    n_new: int
    files: tuple[Path, ...]
    manifest: Manifest


def without_duplicates(
    connection: Connection,
    batch: ibis.Table,
    known: ibis.Table | None,
) -> ibis.Table:
    """Leave out the events whose `event_id` is known, or has come before in the batch.

    Parameters
    ----------
    connection : Connection
        Keeps the ids in question, so that they are looked for once.
    batch : ibis.Table
        Checked events.
    known : ibis.Table, optional
        With the `event_id` of every event that the log holds.

    Returns
    -------
    ibis.Table
        Each `event_id` once: its earliest event, and of several at that moment the one whose
        other columns sort first, so that the order of the files does not matter.
    """
    counted = batch.group_by("event_id").agg(n=batch.count())
    repeated = counted.filter(counted.n > 1).select("event_id")
    repeated = engine.store(connection, "repeated_ids", repeated)
    fresh = batch
    if engine.rows(connection, repeated.limit(1)):
        firsts = _first_of_each_id(batch.semi_join(repeated, "event_id"))
        firsts = engine.store(connection, "firsts_of_repeated_ids", firsts)
        fresh = batch.anti_join(repeated, "event_id").union(firsts)
    if known is not None:
        seen = known.select("event_id").semi_join(batch, "event_id").distinct()
        fresh = fresh.anti_join(engine.store(connection, "seen_ids", seen), "event_id")
    return engine.view(connection, "fresh_events", fresh)


def _first_of_each_id(events: ibis.Table) -> ibis.Table:
    # Whole rows are the order, so that it has no ties but between equal rows.
    order = ["timestamp", *(name for name in events.columns if name != "timestamp")]
    place = ibis.row_number().over(ibis.window(group_by="event_id", order_by=order))
    ranked = events.mutate(_place=place)
    return ranked.filter(ranked["_place"] == 0).drop("_place")
