"""The clock: what time it is, and times as the store keeps them."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def now_utc() -> datetime:
    """Give the time."""
    return datetime.now(UTC)


def microseconds(moment: datetime) -> int:
    """Count the microseconds since 1970 UTC, exactly.

    Examples
    --------
    >>> microseconds(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(at_us: int) -> datetime:
    """Give the moment of a time as the store keeps it.

    Examples
    --------
    >>> moment_of(86_400_000_000).isoformat()
    '1970-01-02T00:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=at_us)
