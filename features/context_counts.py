"""Context counts: in which situations each item was wanted, counted up to one moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.context import KINDS, daypart, device_kind, season, weekday
from features.countries import Country, country
from features.history import SECONDS_PER_DAY
from features.time_zones import time_zone

UNKNOWN: Final = -1

_DAY_MINUTES: Final = 1440
_HALF_PAST: Final = 30
_WEEKDAY_OF_1970: Final = 3  # the 1st of January 1970 was a Thursday; Monday is 0


@dataclass(frozen=True, slots=True, eq=False)
class ContextCounts:
    """Events by item, type, country, device and hour, in no order; impressions are left out.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (n_entries,)
        The item.
    event_types : ndarray of uint8, shape (n_entries,)
        `EventType.code`.
    hours : ndarray of int32, shape (n_entries,)
        UTC hour, counted from 1970-01-01.
    country_rows, device_rows : ndarray of int16, shape (n_entries,)
        Place in `countries` and `devices`; -1 where it is not known. Of an event without a
        country it is the person's.
    counts : ndarray of float32, shape (n_entries,)
        How many events.
    countries, devices : tuple of str
        What shop and clients wrote.
    """

    item_rows: NDArray[np.int32]
    event_types: NDArray[np.uint8]
    hours: NDArray[np.int32]
    country_rows: NDArray[np.int16]
    device_rows: NDArray[np.int16]
    counts: NDArray[np.float32]
    countries: tuple[str, ...]
    devices: tuple[str, ...]

    @property
    def days(self) -> NDArray[np.int32]:
        """The UTC day of each entry, counted from 1970-01-01, shape (n_entries,)."""
        return self.hours // np.int32(24)

    @property
    def period(self) -> range:
        """The UTC days from the first entry's to the last's."""
        days = self.days
        return range(int(days.min()), int(days.max()) + 1) if len(days) else range(1)

    def codes(self) -> dict[str, NDArray[np.int8]]:
        """Tell each entry's context on the calendar and clock of its country.

        A country's clock is read at noon UTC of each day, and an hour counts as its middle.

        Returns
        -------
        dict of str to ndarray of int8, shape (n_entries,)
            Places in `KINDS` by kind; -1 where it is not known.
        """
        known = [country(name) for name in self.countries]
        minutes = self.hours.astype(np.int64) * 60 + _HALF_PAST + self._minutes_ahead(known)
        days = minutes // _DAY_MINUTES
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
        has_clock = np.array([one is not None for one in known] + [False])[self.country_rows]
        years = ([season(month, at) for month in range(1, 13)] for at in _latitudes(known))
        seasons = _table("season", years)
        (dayparts,) = _table("daypart", [map(daypart, range(24))])
        (weekdays,) = _table("weekday", [map(weekday, range(7))])
        (devices,) = _table("device", [map(device_kind, (*self.devices, None))])
        hours, day_of_week = minutes % _DAY_MINUTES // 60, (days + _WEEKDAY_OF_1970) % 7
        return {
            "season": seasons[self.country_rows, months],
            "daypart": np.where(has_clock, dayparts[hours], np.int8(UNKNOWN)),
            "weekday": np.where(has_clock, weekdays[day_of_week], np.int8(UNKNOWN)),
            "device": devices[self.device_rows],
        }

    def is_southern(self) -> NDArray[np.bool_]:
        """Mark the entries from south of the equator, shape (n_entries,)."""
        latitudes = _latitudes([country(name) for name in self.countries])
        return np.array([(one or 0.0) < 0 for one in latitudes])[self.country_rows]

    def _minutes_ahead(self, known: Sequence[Country | None]) -> NDArray[np.int64]:
        """Tell how far each entry's clock is ahead of UTC."""
        noons = [_noon(day) for day in self.period]
        zones = [*("UTC" if one is None else one.timezone for one in known), "UTC"]
        table = np.array([_minutes_ahead(timezone, noons) for timezone in zones], dtype=np.int64)
        return table[self.country_rows, self.days - self.period.start]


def _table(kind: str, rows: Iterable[Iterable[StrEnum | None]]) -> NDArray[np.int8]:
    """Look up what the functions for one situation say, so that a whole log says the same."""
    places = {value: place for place, value in enumerate(KINDS[kind])}
    codes = [[UNKNOWN if one is None else places[one] for one in row] for row in rows]
    return np.array(codes, dtype=np.int8)


def _latitudes(known: Sequence[Country | None]) -> list[float | None]:
    return [*(None if one is None else one.latitude for one in known), None]


def _noon(day: int) -> datetime:
    return datetime.fromtimestamp(day * SECONDS_PER_DAY + SECONDS_PER_DAY // 2, UTC)


def _minutes_ahead(timezone: str, moments: Sequence[datetime]) -> list[int]:
    clock = time_zone(timezone)
    offsets = (moment.astimezone(clock).utcoffset() or timedelta() for moment in moments)
    return [int(offset.total_seconds()) // 60 for offset in offsets]
