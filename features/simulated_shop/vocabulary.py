"""The simulated shop's vocabulary: its shelves, brands and places, as `shop.toml` lists them."""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from features.catalog import CATEGORY_SEPARATOR


@dataclass(frozen=True, slots=True)
class Season:
    """When a shelf is in demand.

    Parameters
    ----------
    amplitude : float
        Log demand at the peak; its negative half a year later. 0 is the same all year.
    peak_day : float
        Day of the year of the peak, for people in the north.
    sharpness : float
        1 is a cosine over the year; more makes the season shorter.
    everywhere : bool
        Whether the day is the same in the south (Christmas) or half a year off (winter).
    """

    amplitude: float = 0.0
    peak_day: float = 0.0
    sharpness: float = 1.0
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """The lowest category, and what is sold there; `shop.toml` explains each field."""

    path: str
    price: float
    demand: float
    returned: float
    nouns: dict[str, float]
    styles: list[str]
    variants: list[str]
    variant_step: float = 1.0
    restock_days: float = 0.0
    giftable: bool = False
    season: Season = field(default_factory=Season)

    @property
    def department(self) -> str:
        """The first level of the category path."""
        return self.path.split(CATEGORY_SEPARATOR)[0]


@dataclass(frozen=True, slots=True)
class Place:
    """Where people live: ISO country, IANA time zone, hemisphere (1 north, -1 south), share."""

    country: str
    timezone: str
    hemisphere: int
    share: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that `shop.toml` lists; `brands` is department -> brand -> price level."""

    shelves: tuple[Shelf, ...]
    brands: dict[str, dict[str, float]]
    places: tuple[Place, ...]


@cache
def vocabulary() -> Vocabulary:
    """Read the vocabulary that comes with the package.

    Returns
    -------
    Vocabulary
        The same object on every call.

    Examples
    --------
    >>> vocabulary().shelves[0].path
    'Home > Kitchen & Dining > Table Linen'
    """
    text = resources.files(__package__).joinpath("shop.toml").read_text(encoding="utf-8")
    words = tomllib.loads(text)
    return Vocabulary(
        shelves=tuple(_shelf(entry) for entry in words["shelves"]),
        brands=words["brands"],
        places=tuple(Place(**entry) for entry in words["places"]),
    )


def _shelf(entry: dict[str, Any]) -> Shelf:
    return Shelf(**{**entry, "season": Season(**entry.get("season", {}))})
