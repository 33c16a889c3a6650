"""Context: a situation is what the person's own calendar, clock and device say."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.context import (
    KINDS,
    Daypart,
    Device,
    Season,
    Situation,
    Weekday,
    daypart,
    device_kind,
    season,
    situation,
    weekday,
)
from features.errors import InvalidInput

NOON = datetime(2024, 12, 11, 12, tzinfo=UTC)
"""A Wednesday in December."""

LONDON, SYDNEY, SINGAPORE = 51.5, -33.9, 1.3


def test_three_months_are_a_season() -> None:
    year = [season(month, LONDON) for month in (12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)]

    assert year == 3 * [Season.WINTER] + 3 * [Season.SPRING] + 3 * [Season.SUMMER] + 3 * [
        Season.AUTUMN
    ]


@given(month=st.integers(1, 12), latitude=st.floats(12, 90))
def test_the_south_has_the_season_that_the_north_has_half_a_year_later(
    month: int, latitude: float
) -> None:
    half_a_year_later = (month + 5) % 12 + 1

    assert season(month, -latitude) == season(half_a_year_later, latitude)


def test_there_are_no_seasons_near_the_equator_or_nowhere() -> None:
    assert season(12, SINGAPORE) is None
    assert season(12, None) is None


def test_a_day_has_four_parts_of_six_hours() -> None:
    assert [daypart(hour) for hour in range(24)] == [part for part in Daypart for _ in range(6)]


def test_a_week_has_five_weekdays() -> None:
    assert [weekday(day) for day in range(7)] == 5 * [Weekday.WEEKDAY] + 2 * [Weekday.WEEKEND]


@pytest.mark.parametrize(
    ("told", "device"),
    [
        ("mobile", Device.MOBILE),
        ("Smartphone", Device.MOBILE),
        ("Android", Device.MOBILE),
        ("ios_app", Device.MOBILE),
        ("tablet", Device.TABLET),
        ("desktop", Device.DESKTOP),
        ("PC", Device.DESKTOP),
        ("web", Device.DESKTOP),
        ("Smart TV", Device.OTHER),
        ("toaster", Device.OTHER),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0 Safari/537.36", Device.DESKTOP),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148", Device.MOBILE),
        ("Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) Mobile/15E148", Device.TABLET),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari", Device.MOBILE),
        ("Mozilla/5.0 (Linux; Android 13; SM-X906C) Chrome/120.0 Safari", Device.TABLET),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://example.com)", Device.OTHER),
    ],
)
def test_a_device_is_known_by_a_word_or_a_user_agent(told: str, device: Device) -> None:
    assert device_kind(told) is device


@pytest.mark.parametrize("told", [None, "", "  "])
def test_a_device_of_which_nothing_is_told_is_not_known(told: str | None) -> None:
    assert device_kind(told) is None


def test_a_december_noon_in_london_is_a_summer_evening_in_sydney() -> None:
    here = situation(at=NOON, country="United Kingdom", device="desktop")
    there = situation(at=NOON, country="AU", device="desktop")

    assert here.kinds == {
        "season": Season.WINTER,
        "daypart": Daypart.AFTERNOON,
        "weekday": Weekday.WEEKDAY,
        "device": Device.DESKTOP,
    }
    assert there.kinds == here.kinds | {"season": Season.SUMMER, "daypart": Daypart.EVENING}
    assert (here.country, there.country) == ("GB", "AU")


def test_the_time_zone_outweighs_the_countrys_main_zone() -> None:
    by_country = situation(at=NOON, country="US")
    by_zone = situation(at=NOON, country="US", timezone="America/Los_Angeles")

    assert by_country.at.hour == 12 - 5
    assert by_zone.at.hour == 12 - 8
    assert by_zone.season is Season.WINTER


def test_a_time_zone_alone_tells_the_season_and_the_clock() -> None:
    told = situation(at=NOON, timezone="Pacific/Auckland")

    assert told.country is None
    assert told.season is Season.SUMMER
    assert told.at == NOON
    assert told.at.tzinfo == ZoneInfo("Pacific/Auckland")


def test_of_nowhere_only_the_device_is_known() -> None:
    told = situation(at=NOON, country="Unspecified", device="tablet")

    assert told == Situation(at=NOON, device=Device.TABLET)
    assert told.kinds == {"device": Device.TABLET}


def test_the_weekend_begins_on_the_persons_own_saturday() -> None:
    friday_noon = datetime(2024, 12, 13, 12, tzinfo=UTC)

    assert situation(at=friday_noon, country="GB").weekday is Weekday.WEEKDAY
    assert situation(at=friday_noon, country="NZ").weekday is Weekday.WEEKEND


@pytest.mark.parametrize(
    ("wrong", "meant"), [("Europe/Lodnon", "Europe/London"), ("australia/sydney", "Sydney")]
)
def test_an_unknown_time_zone_names_those_like_it(wrong: str, meant: str) -> None:
    with pytest.raises(InvalidInput, match=meant) as error:
        situation(at=NOON, timezone=wrong)

    assert wrong in error.value.message


@pytest.mark.parametrize("wrong", ["../../etc/passwd", "Europe", "/", "x" * 300])
def test_a_path_is_no_time_zone(wrong: str) -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        situation(at=NOON, timezone=wrong)


def test_a_moment_needs_an_offset() -> None:
    with pytest.raises(InvalidInput, match="no UTC offset"):
        situation(at=NOON.replace(tzinfo=None))


@given(
    moment=st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1)),  # noqa: DTZ001 -- made aware below
    hours=st.integers(-12, 14),
)
def test_a_situation_does_not_depend_on_the_offset_that_the_moment_is_written_in(
    moment: datetime, hours: int
) -> None:
    aware = moment.replace(tzinfo=UTC)
    elsewhere = aware.astimezone(timezone(timedelta(hours=hours)))

    assert situation(at=elsewhere, country="AU") == situation(at=aware, country="AU")


def test_every_value_has_a_kind_and_a_name_of_its_own() -> None:
    values = [value for kind in KINDS.values() for value in kind]

    assert list(KINDS) == ["season", "daypart", "weekday", "device"]
    assert len(set(values)) == len(values) == 4 + 4 + 2 + 4
