"""Context: in which situation a person asks: season, time of day, kind of day, device."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from features.countries import country as country_of
from features.countries import zone_latitudes
from features.errors import InvalidInput
from features.time_zones import time_zone

_TROPIC_DEGREES: Final = 12.0
"""Nearer to the equator the months do not make seasons."""

_MONTHS, _HALF_A_YEAR = 12, 6
_SATURDAY: Final = 5


class Season(StrEnum):
    """The season where the person is: whole months, as the weather services count them."""

    WINTER = "winter"
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"


class Daypart(StrEnum):
    """The time of day on the person's clock, in quarters of the day from midnight."""

    NIGHT = "night"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class Weekday(StrEnum):
    """The kind of day on the person's calendar."""

    WEEKDAY = "weekday"
    WEEKEND = "weekend"


class Device(StrEnum):
    """What the person holds."""

    MOBILE = "mobile"
    TABLET = "tablet"
    DESKTOP = "desktop"
    OTHER = "other"


_DEVICE_WORDS: Final = (
    (Device.OTHER, r"\w*(?:bot|crawler|spider)|tv|television|console|watch|playstation|xbox"),
    (Device.TABLET, r"tablet|ipad|kindle|silk"),
    (Device.MOBILE, r"mobile|phone|iphone|ipod|smartphone|cell|handset|handheld"),
    # A browser on Android that does not say "Mobile" is a tablet's.
    (Device.TABLET, r"mozilla.*android"),
    (Device.MOBILE, r"android|ios|app"),
    (Device.DESKTOP, r"desktop|laptop|pc|computer|web|browser|windows|macintosh|mac|macos|linux"),
)
"""The first line with a word of what the client says decides."""


@dataclass(frozen=True, slots=True)
class Situation:
    """When, where and on what a person asks; None where it is not known.

    Parameters
    ----------
    at : datetime
        The moment; aware. On the person's clock where that is known.
    country : str or None
        ISO 3166-1 alpha-2.
    season, daypart, weekday, device : StrEnum or None
        What is the same for many moments; `kinds` gives them by name.
    """

    at: datetime
    country: str | None = None
    season: Season | None = None
    daypart: Daypart | None = None
    weekday: Weekday | None = None
    device: Device | None = None

    @property
    def kinds(self) -> dict[str, StrEnum]:
        """What is known of the season, the daypart, the weekday and the device, by these names."""
        named = {name: getattr(self, name) for name in KINDS}
        return {name: value for name, value in named.items() if value is not None}


KINDS: Final[Mapping[str, tuple[StrEnum, ...]]] = MappingProxyType(
    {
        "season": tuple(Season),
        "daypart": tuple(Daypart),
        "weekday": tuple(Weekday),
        "device": tuple(Device),
    }
)
"""The kinds of context and their values; bundles hold the values in this order."""


def situation(
    *,
    at: datetime,
    country: str | None = None,
    timezone: str | None = None,
    device: str | None = None,
) -> Situation:
    """Understand what a client tells about a person's situation.

    Parameters
    ----------
    at : datetime
        The moment; aware.
    country : str, optional
        A code or a name; what is no country is taken as not known.
    timezone : str, optional
        IANA name; the country's main zone where it is left out.
    device : str, optional
        A device's kind, or a user agent.

    Raises
    ------
    InvalidInput
        `at` has no UTC offset, or there is no such time zone.

    Examples
    --------
    >>> from datetime import UTC
    >>> noon = datetime(2024, 12, 24, 12, tzinfo=UTC)
    >>> sydney = situation(at=noon, country="Australia", device="iPhone")
    >>> sydney.at.isoformat(), *map(str, sydney.kinds.values())
    ('2024-12-24T23:00:00+11:00', 'summer', 'evening', 'weekday', 'mobile')
    """
    if at.utcoffset() is None:
        raise InvalidInput(f"the moment {at.isoformat()} has no UTC offset; give it one, such as Z")
    place = country_of(country)
    zone = timezone or (None if place is None else place.timezone)
    local = at if zone is None else at.astimezone(time_zone(zone))
    latitude = zone_latitudes().get(timezone or "") if place is None else place.latitude
    return Situation(
        at=local,
        country=None if place is None else place.code,
        season=season(local.month, latitude),
        daypart=None if zone is None else daypart(local.hour),
        weekday=None if zone is None else weekday(local.weekday()),
        device=device_kind(device),
    )


def season(month: int, latitude: float | None) -> Season | None:
    """Name the season of a month.

    Parameters
    ----------
    month : int
        1 to 12.
    latitude : float or None
        Degrees, negative in the south; None where it is not known.

    Returns
    -------
    Season or None
        None near the equator, and where the place is not known.

    Examples
    --------
    >>> season(12, 51.5), season(12, -33.9), season(12, 1.3)
    (<Season.WINTER: 'winter'>, <Season.SUMMER: 'summer'>, None)
    """
    if latitude is None or abs(latitude) < _TROPIC_DEGREES:
        return None
    northern = month + (_HALF_A_YEAR if latitude < 0 else 0)
    return tuple(Season)[northern % _MONTHS // 3]


def is_southern(situation: Situation) -> bool:
    """Tell whether a situation's season is the one that the south has in that month."""
    return situation.season is not None and situation.season is season(situation.at.month, -90.0)


def daypart(hour: int) -> Daypart:
    """Name the part of the day in which a local hour, 0 to 23, lies.

    Examples
    --------
    >>> [daypart(hour).value for hour in (5, 6, 12, 23)]
    ['night', 'morning', 'afternoon', 'evening']
    """
    return tuple(Daypart)[hour // 6]


def weekday(day: int) -> Weekday:
    """Tell the kind of a local day of the week, 0 for Monday to 6.

    Examples
    --------
    >>> weekday(4).value, weekday(5).value
    ('weekday', 'weekend')
    """
    return Weekday.WEEKEND if day >= _SATURDAY else Weekday.WEEKDAY


@lru_cache(maxsize=4096)
def device_kind(told: str | None) -> Device | None:
    """Tell what a client runs on, from a word or from its user agent.

    Returns
    -------
    Device or None
        `OTHER` for what is told but not understood; None where nothing is told.

    Examples
    --------
    >>> [device_kind(word).value for word in ("Mobile", "iPad", "PC", "smart fridge")]
    ['mobile', 'tablet', 'desktop', 'other']
    """
    if not told or not told.strip():
        return None
    return next(_understood(told.casefold()), Device.OTHER)


def _understood(told: str) -> Iterator[Device]:
    for device, words in _DEVICE_WORDS:
        if re.search(rf"(?<![a-z])(?:{words})(?![a-z])", told):
            yield device
