"""Trending: what is sought at the moment, and where."""

from sqlalchemy import Connection, func, select

from features.events import EventType
from serving.store import tables


def counts_since(connection: Connection, since_us: int) -> list[tuple[str, str | None, int, int]]:
    """Count the events that came in since then; see `Store.trending`."""
    rows = tables.events.c
    question = (
        select(rows.item_id, rows.country, rows.event_type, func.count())
        .where(rows.received_us >= since_us)
        .group_by(rows.item_id, rows.country, rows.event_type)
        .order_by(rows.item_id, rows.country, rows.event_type)
    )
    return [
        (item_id, country, EventType(event_type).code, count)
        for item_id, country, event_type, count in connection.execute(question)
    ]
