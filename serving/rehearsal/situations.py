"""Situations: when, where and with what somebody may come, as a grid."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from features.context import Device

_QUARTERS: Final = 4
_DAYS_IN_A_QUARTER: Final = 91
_HOURS_UTC: Final = (3, 9, 15, 21)
_WEDNESDAY, _SATURDAY = 2, 5
_DAYS_IN_A_WEEK: Final = 7
COUNTRIES: Final = (None, "GB", "AU", "SG")
"""Where the person lives, one of the north, one of the south, and one that has no seasons."""

DEVICES: Final = (Device.MOBILE, Device.TABLET, Device.DESKTOP)


@dataclass(frozen=True, slots=True)
class Coming:
    """How somebody comes.

    Parameters
    ----------
    at : datetime
        When; aware.
    country : str or None
        From where; None for where they live.
    device : str
        With what.
    """

    at: datetime
    country: str | None
    device: str

    def __str__(self) -> str:
        where = self.country or "where they live"
        return f"{self.at:%Y-%m-%d %H:%M} UTC, {where}, {self.device}"


def comings(after: datetime) -> list[Coming]:
    """Give the whole grid: every season and part of the day, on weekdays and at weekends.

    Parameters
    ----------
    after : datetime
        Aware; the grid spans the year from here, so that nothing known lies ahead of it.
    """
    grid = product(_moments(after), COUNTRIES, DEVICES)
    return [Coming(at, country, device.value) for at, country, device in grid]


def _moments(after: datetime) -> Iterator[datetime]:
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for quarter, hour in product(range(_QUARTERS), _HOURS_UTC):
        # Every second quarter at the weekend: the other contexts vary within each.
        wanted = _SATURDAY if quarter % 2 else _WEDNESDAY
        first = midnight + timedelta(days=1 + quarter * _DAYS_IN_A_QUARTER)
        wait = (wanted - first.weekday()) % _DAYS_IN_A_WEEK
        yield first + timedelta(days=wait, hours=hour)
