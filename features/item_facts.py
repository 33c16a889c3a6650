"""Item facts: what is known about each item at `as_of`, whoever asks."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from features.demand import Demand
from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.weights import ConfidenceWeights

_SHORT_DAYS: Final = 7.0
_LONG_DAYS: Final = 30.0
_YEAR_DAYS: Final = 365
# The season ahead: what was bought from two weeks before this day of last year to six after.
_SEASON_DAYS: Final = (-14, 42)
_UNKNOWN_AGE_DAYS: Final = 3650.0


@dataclass(frozen=True, slots=True, eq=False)
class ItemFacts:
    """Numbers about items; all of shape (n_items,) and float32 but where it is said.

    Parameters
    ----------
    trend_short, trend_long, trend_ever : ndarray
        ln(1 + decayed demand), with half-lives of 7 and 30 days and without decay.
    season : ndarray
        ln(1 + purchases) in the weeks around and after this day of last year.
    age_days : ndarray
        Days since the first event; 3650 where there was none.
    log_price : ndarray
        ln of the price; NaN where it is not known.
    category_rows : ndarray of int32
        Place of the item's category among all; -1 where it has none.
    local : ndarray of float32, shape (n_places, n_items)
        ln(1 + decayed demand) of 30 days in the countries with the most, then the whole shop's.
    place_of_trend : ndarray of int32, shape (n_countries + 1,)
        Row of `local` for each row of `Trends.top`; the last where a country has none.
    shop : ndarray of float32, shape (1,)
        `usual_gap_days` of the shop's buyers.
    """

    trend_short: NDArray[np.float32]
    trend_long: NDArray[np.float32]
    trend_ever: NDArray[np.float32]
    season: NDArray[np.float32]
    age_days: NDArray[np.float32]
    log_price: NDArray[np.float32]
    category_rows: NDArray[np.int32]
    local: NDArray[np.float32]
    place_of_trend: NDArray[np.int32]
    shop: NDArray[np.float32]

    @property
    def usual_gap_days(self) -> float:
        """How long the shop's buyers usually take to buy again."""
        return float(self.shop[0])

    @classmethod
    def of(
        cls,
        demand: Demand,
        *,
        prices: NDArray[np.float64],
        category_rows: NDArray[np.int32],
        weights: ConfidenceWeights,
        usual_gap_days: float,
        as_of_s: int,
        most_places: int = 16,
    ) -> Self:
        """Count what is known up to `as_of`.

        Parameters
        ----------
        demand : Demand
            Nothing in it is later.
        prices : ndarray of float64, shape (n_items,)
            What an item costs; NaN where it is not known.
        category_rows : ndarray of int32, shape (n_items,)
            The items' categories.
        weights : ConfidenceWeights
            What the event types count.
        usual_gap_days : float
            `features.segments.lifecycle.usual_gap_days`.
        as_of_s : int
            The moment, in seconds since 1970 UTC.
        most_places : int
            How many countries are kept apart.
        """
        n_items = len(prices)

        def decayed(half_life_days: float) -> NDArray[np.float32]:
            lasting = replace(weights, half_life_days=half_life_days)
            worth = demand.decayed(n_items=n_items, weights=lasting, as_of_s=as_of_s)
            return np.log1p(worth).astype(np.float32)

        long = decayed(_LONG_DAYS)
        n_countries = len(long) - 1
        kept = np.argsort(-long[:-1].sum(axis=1), kind="stable")[:most_places]
        place_of_trend = np.full(n_countries + 1, len(kept), dtype=np.int32)
        place_of_trend[kept] = np.arange(len(kept))
        with np.errstate(divide="ignore", invalid="ignore"):
            log_price = np.where(prices > 0, np.log(prices), np.nan).astype(np.float32)
        return cls(
            trend_short=decayed(_SHORT_DAYS)[-1],
            trend_long=long[-1],
            trend_ever=decayed(float("inf"))[-1],
            season=_season(demand, n_items, as_of_s),
            age_days=_ages(demand, n_items, as_of_s),
            log_price=log_price,
            category_rows=category_rows,
            local=np.vstack([long[kept], long[-1:]]),
            place_of_trend=place_of_trend,
            shop=np.array([usual_gap_days], dtype=np.float32),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays that `ItemFacts(**arrays)` needs, for storage."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from stored arrays."""
        return cls(**arrays)


def _season(demand: Demand, n_items: int, as_of_s: int) -> NDArray[np.float32]:
    last_year = as_of_s // SECONDS_PER_DAY - _YEAR_DAYS
    first, last = (last_year + days for days in _SEASON_DAYS)
    bought = demand.event_types == EventType.PURCHASE.code
    chosen = bought & (demand.days >= first) & (demand.days <= last)
    counts = np.bincount(demand.item_rows[chosen], demand.counts[chosen], minlength=n_items)
    return np.log1p(counts).astype(np.float32)


def _ages(demand: Demand, n_items: int, as_of_s: int) -> NDArray[np.float32]:
    first = np.full(n_items, np.iinfo(np.int32).max, dtype=np.int64)
    np.minimum.at(first, demand.item_rows, demand.days)
    ages = (as_of_s // SECONDS_PER_DAY - first).astype(np.float32)
    return np.where(ages >= 0, ages, np.float32(_UNKNOWN_AGE_DAYS)).astype(np.float32)
