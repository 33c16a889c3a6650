"""Countries: whatever a shop writes for a country is that country, or nothing."""

from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.countries import country, zone_latitudes


def _official() -> list[tuple[str, str]]:
    text = resources.files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("GB", "GB"),
        ("gb", "GB"),
        ("UK", "GB"),
        ("United Kingdom", "GB"),
        (" united  kingdom ", "GB"),
        ("England", "GB"),
        ("EIRE", "IE"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("The Netherlands", "NL"),
        ("AU", "AU"),
        ("Australia", "AU"),
        ("AUS", "AU"),
        ("RSA", "ZA"),
        ("Korea", "KR"),
        ("Cote d'Ivoire", "CI"),
        ("Trinidad and Tobago", "TT"),
        ("Czechia", "CZ"),
        ("Channel Islands", "JE"),
    ],
)
def test_a_country_is_known_by_what_shops_write(written: str, code: str) -> None:
    found = country(written)

    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "written", [None, "", "  ", "Unspecified", "European Community", "1", "XX"]
)
def test_what_names_no_one_country_is_not_known(written: str | None) -> None:
    assert country(written) is None


def test_every_country_is_known_by_its_code_and_its_name() -> None:
    nobody_lives_there = {"BV", "HM"}

    for code, name in _official():
        if code not in nobody_lives_there:
            by_code, by_name = country(code), country(name)
            assert by_code is not None
            assert by_code.code == code
            assert by_name == by_code, name


def test_every_country_has_a_clock_and_lies_on_earth() -> None:
    for code, _ in _official():
        found = country(code)
        if found is not None:
            assert ZoneInfo(found.timezone)
            assert -90 <= found.latitude <= 90
            assert zone_latitudes()[found.timezone] == found.latitude


@pytest.mark.parametrize(
    ("written", "timezone", "is_southern"),
    [
        ("AU", "Australia/Sydney", True),
        ("BR", "America/Sao_Paulo", True),
        ("CA", "America/Toronto", False),
        ("NZ", "Pacific/Auckland", True),
        ("RU", "Europe/Moscow", False),
        ("US", "America/New_York", False),
    ],
)
def test_a_large_country_goes_by_where_most_people_live(
    written: str, timezone: str, *, is_southern: bool
) -> None:
    found = country(written)

    assert found is not None
    assert found.timezone == timezone
    assert (found.latitude < 0) is is_southern


@given(st.text(max_size=60))
def test_no_text_is_too_odd_to_be_asked_for(written: str) -> None:
    found = country(written)

    assert found is None or found == country(found.code)
