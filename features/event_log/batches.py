"""What is new in a batch of events."""

import ibis

from features.event_log import engine
from features.event_log.engine import Connection


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
