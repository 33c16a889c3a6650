"""What there is to say about the new events and the rejected rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import ibis

from features.event_log import engine
from features.event_log.engine import Connection
from features.event_log.words import microseconds
from features.ingest.report import Accepted, RejectedRow

_EXAMPLES_OF_EACH: Final = 2
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def summarise_events(
    connection: Connection,
    files: Sequence[Path],
    items: ibis.Table,
) -> Accepted:
    """Describe the new events.

    Parameters
    ----------
    connection : Connection
        Reads the files.
    files : sequence of Path
        The event log's new files.
    items : ibis.Table
        The catalogue.
    """
    if not files:
        return Accepted()
    events = engine.read_parquet(connection, files)
    nobody = events.user_id.isnull() & events.anonymous_id.isnull()
    by_type = events.group_by("event_type").agg(
        n=events.count(),
        nobody=nobody.sum(),
        first=microseconds(events.timestamp.min()),
        last=microseconds(events.timestamp.max()),
    )
    types = engine.rows(connection, by_type.order_by(ibis.desc("n"), "event_type"))
    by_item = events.group_by("item_id").agg(n=events.count()).anti_join(items, "item_id")
    (unknown,) = engine.rows(
        connection, by_item.aggregate(n_items=by_item.count(), n_events=by_item.n.sum())
    )
    return Accepted(
        by_type={row["event_type"]: row["n"] for row in types},
        first=_iso(min(row["first"] for row in types)),
        last=_iso(max(row["last"] for row in types)),
        without_person=int(sum(row["nobody"] for row in types)),
        unknown_items=unknown["n_items"],
        of_unknown_items=int(unknown["n_events"] or 0),
    )


def summarise_rejects(
    connection: Connection,
    file: Path,
) -> tuple[dict[str, int], tuple[RejectedRow, ...]]:
    """Count the rejected rows by reason, and show the first of each."""
    rows = engine.read_parquet(connection, [file])
    counted = rows.group_by("reason").agg(n=rows.count()).order_by(ibis.desc("n"), "reason")
    window = ibis.window(group_by="reason", order_by=["kind", "file", "line"])
    ranked = rows.mutate(rank=ibis.row_number().over(window))
    first = ranked.filter(ranked["rank"] < _EXAMPLES_OF_EACH).order_by("reason", "rank")
    reasons = {row["reason"]: row["n"] for row in engine.rows(connection, counted)}
    examples = [RejectedRow(**row) for row in engine.rows(connection, first.drop("rank"))]
    return reasons, tuple(sorted(examples, key=lambda row: -reasons[row.reason]))


def _iso(micros: int) -> str:
    return (_BEGINNING + timedelta(microseconds=micros)).isoformat()
