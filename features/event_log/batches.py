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
    duplicated = repeated
    candidates = batch.semi_join(repeated, "event_id")
    if known is not None:
        seen = known.select("event_id").semi_join(batch, "event_id").distinct()
        seen = engine.store(connection, "seen_ids", seen)
        duplicated = repeated.union(seen)
        candidates = candidates.anti_join(seen, "event_id")
    if not engine.rows(connection, duplicated.limit(1)):
        return batch
    # Whole rows are the order, so that it has no ties but between equal rows.
    order = ["timestamp", *(name for name in batch.columns if name != "timestamp")]
    place = ibis.row_number().over(ibis.window(group_by="event_id", order_by=order))
    ranked = candidates.mutate(place=place)
    first = engine.store(
        connection, "first_of_repeated", ranked.filter(ranked.place == 0).drop("place")
    )
    return batch.anti_join(duplicated, "event_id").union(first)
