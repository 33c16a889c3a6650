"""Countries: which one a shop means by what it writes, where it lies, and by which clock."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final

_NOT_TOLD_APART_BY: Final = frozenset({"the", "and", "of"})

# The zone that most people live in, where zone.tab begins with another one.
_MAIN_ZONES: Final = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}

# What shops write beside the codes and names of iso3166.tab.
_OTHER_NAMES: Final = {
    "AE": "UAE, ARE, Emirates",
    "AR": "ARG",
    "AT": "AUT, Österreich",
    "AU": "AUS",
    "BA": "Bosnia, BIH",
    "BE": "BEL, België, Belgique",
    "BN": "Brunei Darussalam",
    "BR": "BRA, Brasil",
    "CA": "CAN",
    "CD": "DR Congo, Democratic Republic of the Congo, COD",
    "CG": "Congo, Republic of the Congo, COG",
    "CH": "CHE, Schweiz, Suisse, Svizzera",
    "CI": "Ivory Coast, CIV",
    "CL": "CHL",
    "CN": "CHN, PRC, People's Republic of China, Mainland China",
    "CV": "Cabo Verde",
    "CZ": "Czechia, CZE",
    "DE": "DEU, GER, Deutschland",
    "DK": "DNK, DEN, Danmark",
    "ES": "ESP, España",
    "FI": "FIN, Suomi",
    "FR": "FRA",
    "GB": "UK, GBR, United Kingdom, Great Britain, Britain, England, Scotland, Wales,"
    " Northern Ireland, United Kingdom of Great Britain and Northern Ireland",
    "GR": "EL, GRC, Hellas",
    "HK": "HKG, Hong Kong SAR",
    "HU": "HUN, Magyarország",
    "IE": "EIRE, IRL, Republic of Ireland",
    "IN": "IND",
    "IR": "Islamic Republic of Iran, IRN",
    "IT": "ITA, Italia",
    "JE": "Channel Islands",
    "JP": "JPN",
    "KP": "North Korea, PRK",
    "KR": "Korea, South Korea, Republic of Korea, KOR, ROK",
    "LA": "Lao PDR",
    "MK": "Macedonia",
    "MM": "Myanmar, Burma",
    "MO": "Macao",
    "MX": "MEX",
    "NL": "NLD, Holland, Nederland",
    "NO": "NOR, Norge",
    "NZ": "NZL, Aotearoa",
    "PL": "POL, Polska",
    "PS": "Palestinian Territory",
    "PT": "PRT, POR",
    "RU": "Russian Federation, RUS",
    "SE": "SWE, Sverige",
    "SG": "SGP",
    "SY": "Syrian Arab Republic",
    "SZ": "Eswatini, Swaziland",
    "TC": "Turks and Caicos Islands",
    "TH": "THA",
    "TL": "Timor-Leste",
    "TR": "Türkiye, TUR",
    "TW": "TWN, Republic of China",
    "TZ": "United Republic of Tanzania",
    "US": "USA, United States of America, America",
    "VA": "Holy See",
    "VN": "Viet Nam",
    "WS": "Samoa",
    "AS": "American Samoa",
    "ZA": "RSA, ZAF, Republic of South Africa",
}


@dataclass(frozen=True, slots=True)
class Country:
    """A country, as far as the season and the clock go.

    Parameters
    ----------
    code : str
        ISO 3166-1 alpha-2.
    latitude : float
        Where most people live, in degrees; negative in the south.
    timezone : str
        The IANA zone that most people live in.
    """

    code: str
    latitude: float
    timezone: str


@lru_cache(maxsize=4096)
def country(given: str | None) -> Country | None:
    """Find the country that a shop means, by code or name.

    Parameters
    ----------
    given : str or None
        An ISO code or an English name, or another way that is common, in any case.

    Returns
    -------
    Country or None
        None where nothing is given, or what is given names no one country.

    Examples
    --------
    >>> [found.code for found in map(country, ("GB", "United Kingdom", "EIRE", "usa", "RSA"))]
    ['GB', 'GB', 'IE', 'US', 'ZA']
    >>> country("Australia")
    Country(code='AU', latitude=-33.86666666666667, timezone='Australia/Sydney')
    >>> country("European Community") is None
    True
    """
    code = _codes().get(_folded(given or ""))
    return None if code is None else _countries().get(code)


@cache
def zone_latitudes() -> dict[str, float]:
    """Tell how far north each time zone's main city lies, in degrees, by IANA name."""
    return {timezone: latitude for _, latitude, timezone in _zone_rows()}


@cache
def _countries() -> dict[str, Country]:
    found: dict[str, Country] = {}
    for code, latitude, timezone in _zone_rows():
        if _MAIN_ZONES.get(code, timezone) == timezone:
            found.setdefault(code, Country(code, latitude, timezone))
    return found


@cache
def _codes() -> dict[str, str]:
    """Give the code of each way to write a country, folded."""
    official = dict(_rows("iso3166.tab"))
    names = [(name, code) for code, name in official.items()]
    others = [(name, code) for code, more in _OTHER_NAMES.items() for name in more.split(",")]
    codes = [(code, code) for code in official]
    return {_folded(name): code for name, code in (*names, *others, *codes)}


def _zone_rows() -> Iterator[tuple[str, float, str]]:
    for code, coordinates, timezone, *_comments in _rows("zone.tab"):
        yield code, _latitude(coordinates), timezone


def _rows(name: str) -> Iterator[list[str]]:
    table = resources.files("tzdata.zoneinfo").joinpath(name).read_text(encoding="utf-8")
    lines = (line for line in table.splitlines() if line and not line.startswith("#"))
    return (line.split("\t") for line in lines)


def _latitude(coordinates: str) -> float:
    """Read the first half of ISO 6709 such as -3352+15113, in degrees and minutes."""
    sign, digits = re.findall(r"([+-])(\d+)", coordinates)[0]
    degrees = int(digits[:2]) + int(digits[2:4]) / 60
    return -degrees if sign == "-" else degrees


def _folded(name: str) -> str:
    """Leave out case, accents, signs and small words, so that ways to write a name are one."""
    plain = unicodedata.normalize("NFKD", name.replace("&", " and ").casefold())
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    words = re.findall(r"[a-z]+", re.sub("['\u2019]", "", letters))
    return "".join(word for word in words if word not in _NOT_TOLD_APART_BY)
