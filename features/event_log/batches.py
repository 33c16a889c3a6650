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
    # Unlike the ids themselves, their hashes are small; what shares one is then looked at closely.
    hashed = batch.mutate(_hash=batch.event_id.hash())
    counted = hashed.group_by("_hash").agg(n=hashed.count())
    shared = engine.store(
        connection, "shared_hashes", counted.filter(counted.n > 1).select("_hash")
    )
    fresh = batch
    if engine.rows(connection, shared.limit(1)):
        alike = hashed.semi_join(shared, "_hash").drop("_hash")
        firsts = engine.store(connection, "first_of_each_id", _first_of_each_id(alike))
        fresh = hashed.anti_join(shared, "_hash").drop("_hash").union(firsts)
    if known is None:
        return fresh
    seen = known.select("event_id").semi_join(batch, "event_id").distinct()
    return fresh.anti_join(engine.store(connection, "seen_ids", seen), "event_id")


def _first_of_each_id(events: ibis.Table) -> ibis.Table:
    # Whole rows are the order, so that it has no ties but between equal rows.
    order = ["timestamp", *(name for name in events.columns if name != "timestamp")]
    place = ibis.row_number().over(ibis.window(group_by="event_id", order_by=order))
    ranked = events.mutate(_place=place)
    return ranked.filter(ranked["_place"] == 0).drop("_place")
