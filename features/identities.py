"""Identities: which anonymous visitor turned out to be which user, and since when that is known."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import ibis
import pyarrow as pa

from features.lake_tables import read_table

IDENTITY_SCHEMA: Final = pa.schema(
    [
        pa.field("anonymous_id", pa.string(), nullable=False),
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("linked_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
"""The columns of the links. A visitor who was linked again, to another user, has several rows."""

_ORDER: Final = [("anonymous_id", "ascending"), ("linked_at", "ascending")]
_EVER: Final = ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z")


def path(lake: Path) -> Path:
    """Tell where the links are."""
    return lake / "identities.parquet"


def read(lake: Path) -> pa.Table:
    """Read all links, by visitor and time; none where nobody was ever linked.

    Returns
    -------
    pyarrow.Table
        With the columns of `IDENTITY_SCHEMA`.
    """
    return read_table(path(lake), IDENTITY_SCHEMA)


def joined(known: pa.Table, told: pa.Table) -> pa.Table:
    """Add links to those that are known; nothing is forgotten, and nothing is there twice.

    Parameters
    ----------
    known, told : pyarrow.Table
        With the columns of `IDENTITY_SCHEMA`, in any order.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> link = {"anonymous_id": "a1", "user_id": "anna", "linked_at": datetime.now(UTC)}
    >>> one = pa.Table.from_pylist([link], schema=IDENTITY_SCHEMA)
    >>> joined(one, one).num_rows
    1
    """
    every = pa.concat_tables([known, told])
    kept = every.group_by(IDENTITY_SCHEMA.names).aggregate([])
    return kept.select(IDENTITY_SCHEMA.names).sort_by(_ORDER).cast(IDENTITY_SCHEMA)


def owners(links: pa.Table, *, as_of: datetime) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    """Tell whose events a visitor's are, as far as that was known at a moment.

    The first link of a visitor claims all that the visitor had done. From a later one on, to
    another user, events are that user's; what was done before stays with the first.

    Parameters
    ----------
    links : pyarrow.Table
        From `read`.
    as_of : datetime
        Aware; a link that was made later is not known yet.

    Returns
    -------
    ibis.Table
        `visitor` and `owner`, and the time of their events: after `since`, up to `until`.
    """
    every = ibis.memtable(links)
    known = every.filter(every.linked_at <= ibis.literal(as_of))
    ordered = ibis.window(group_by="anonymous_id", order_by=["linked_at", "user_id"])
    is_first = ibis.row_number().over(ordered) == 0
    beginning, end = (ibis.timestamp(moment) for moment in _EVER)
    return known.select(
        visitor=known.anonymous_id,
        owner=known.user_id,
        since=ibis.ifelse(is_first, beginning, known.linked_at),
        until=known.linked_at.lead().over(ordered).fill_null(end),
    )


def with_owners(events: Any, links: pa.Table, *, as_of: datetime) -> Any:  # noqa: ANN401 -- Ibis tables are untyped
    """Give the events of linked visitors to the users whose they are; see `owners`.

    Parameters
    ----------
    events : ibis.Table
        With `user_id`, `anonymous_id` and `timestamp`.
    links : pyarrow.Table
        From `read`.
    as_of : datetime
        Aware; a link that was made later is not known yet.

    Returns
    -------
    ibis.Table
        The same rows; `user_id` is the owner's where it was null and the visitor is linked.
    """
    if not links.num_rows:
        return events
    owned = owners(links, as_of=as_of)
    theirs = events.left_join(
        owned,
        [
            events.anonymous_id == owned.visitor,
            events.timestamp > owned.since,
            events.timestamp <= owned.until,
        ],
    )
    named = theirs.mutate(user_id=theirs.user_id.coalesce(theirs.owner))
    return named.select(*events.columns)
