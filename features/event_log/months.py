"""Months, by which the event log is parted: "2011-12" is December 2011 in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

import ibis

from features.event_log import engine
from features.event_log.engine import Connection
from features.event_log.words import microseconds

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def span(month: str) -> tuple[datetime, datetime]:
    """Tell when a month begins, and when the next one does.

    Examples
    --------
    >>> [moment.isoformat() for moment in span("2011-12")]
    ['2011-12-01T00:00:00+00:00', '2012-01-01T00:00:00+00:00']
    """
    start = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
    return start, (start + timedelta(days=31)).replace(day=1)


def overlaps(month: str, start: datetime | None, end: datetime | None) -> bool:
    """Whether a moment with start < moment <= end can be in a month.

    Examples
    --------
    >>> overlaps("2011-12", None, datetime(2011, 12, 1, tzinfo=UTC))
    True
    >>> overlaps("2011-12", datetime(2012, 1, 1, tzinfo=UTC), None)
    False
    """
    first, after = span(month)
    return (start is None or start < after) and (end is None or first <= end)


def path(month: str, generation: int) -> str:
    """Name the file that holds a month's events of one change to the log.

    Examples
    --------
    >>> path("2011-12", 3)
    'month=2011-12/000003.parquet'
    """
    return f"month={month}/{generation:06d}.parquet"


def of(connection: Connection, events: ibis.Table) -> tuple[str, ...]:
    """Name the months from the first event to the last; events may be missing in some.

    Parameters
    ----------
    connection : Connection
        Reads the events.
    events : ibis.Table
        With `timestamp`.
    """
    ends = events.aggregate(first=events.timestamp.min(), last=events.timestamp.max())
    ends = ends.select(first=microseconds(ends["first"]), last=microseconds(ends["last"]))
    (row,) = engine.rows(connection, ends)
    if row["first"] is None:
        return ()
    first, last = (_BEGINNING + timedelta(microseconds=row[name]) for name in ("first", "last"))
    n_months = 12 * (last.year - first.year) + last.month - first.month + 1
    counted = (first.month - 1 + place for place in range(n_months))
    return tuple(f"{first.year + month // 12}-{month % 12 + 1:02d}" for month in counted)
