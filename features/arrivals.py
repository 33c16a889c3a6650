"""New arrivals: which items came into the shop lately, and which of them catch on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.catalog import Catalogue
from features.demand import Demand
from features.history import SECONDS_PER_DAY
from features.weights import ConfidenceWeights

UNKNOWN_DAY: Final = -1

_PRIOR_DAYS: Final = 3.0
"""How many days at the usual new item's pace an item starts from."""


def first_days(demand: Demand, catalogue: Catalogue, *, window_days: int = 30) -> NDArray[np.int32]:
    """Tell on which day each item came into the shop.

    The catalogue's `released_at` where it has one, else the day of the first event. When a log
    begins, every item looks new: a first event in its first `window_days` tells nothing.

    Parameters
    ----------
    demand : Demand
        The shop's events.
    catalogue : Catalogue
        The items.
    window_days : int
        How old the log must be before a first event makes an item new, in days.

    Returns
    -------
    ndarray of int32, shape (n_items,)
        UTC days since 1970-01-01; -1 where it is not known.
    """
    never = np.iinfo(np.int32).max
    seen = np.full(len(catalogue), never, dtype=np.int32)
    np.minimum.at(seen, demand.item_rows, demand.days)
    began = int(demand.days.min(initial=never))
    told = (seen < never) & (seen.astype(np.int64) >= began + window_days)
    seen_days = np.where(told, seen, UNKNOWN_DAY)
    released = catalogue.table["released_at"].cast(pa.timestamp("s", tz="UTC"), safe=False)
    is_stated = released.is_valid().to_numpy().astype(np.bool_)
    stated_s = released.cast(pa.int64()).fill_null(0).to_numpy()
    days = np.where(is_stated, np.maximum(stated_s // SECONDS_PER_DAY, 0), seen_days)
    return days.astype(np.int32)


def new_arrivals(
    first_day: NDArray[np.int32],
    demand: Demand,
    *,
    recommendable: NDArray[np.bool_],
    weights: ConfidenceWeights,
    as_of_s: int,
    window_days: int = 30,
    n_top: int = 100,
) -> NDArray[np.int32]:
    """Name the items that came within the window, those first that catch on fastest.

    ``pace = (decayed demand + 3 * usual pace) / (days on sale + 3)``, where the usual pace is
    that of all new items together: an item with three buyers in two days comes before one with
    ten in twenty, and one without any has its days yet to come.

    Parameters
    ----------
    first_day : ndarray of int32, shape (n_items,)
        What `first_days` gave.
    demand : Demand
        The shop's events up to `as_of`.
    recommendable : ndarray of bool, shape (n_items,)
        Items that may be shown.
    weights : ConfidenceWeights
        What an event of each type counts, and its half-life.
    as_of_s : int
        The moment, in seconds since 1970 UTC.
    window_days : int
        How many days an item stays new.
    n_top : int
        How many at most.

    Returns
    -------
    ndarray of int32, shape (at most n_top,)
        Item rows, best first; those of the same pace newest first, then by row.

    Raises
    ------
    FutureEventError
        An event is later than `as_of`.
    """
    age_days = as_of_s // SECONDS_PER_DAY - first_day.astype(np.int64)
    is_new = (first_day != UNKNOWN_DAY) & (age_days >= 0) & (age_days < window_days)
    new = np.flatnonzero(is_new & recommendable)
    wanted = demand.decayed(n_items=len(first_day), weights=weights, as_of_s=as_of_s)[-1, new]
    days_on_sale = age_days[new] + 1
    usual = wanted.sum() / max(int(days_on_sale.sum()), 1)
    pace = (wanted + _PRIOR_DAYS * usual) / (days_on_sale + _PRIOR_DAYS)
    order = np.lexsort((new, days_on_sale, -pace))
    return new[order[:n_top]].astype(np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """What the shop has not had for long.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (n_top,)
        What `new_arrivals` gave.
    """

    item_rows: NDArray[np.int32]

    @classmethod
    def of(
        cls, demand: Demand, catalogue: Catalogue, *, weights: ConfidenceWeights, as_of_s: int
    ) -> Self:
        """Find the new items of a shop; see `first_days` and `new_arrivals`."""
        found = new_arrivals(
            first_days(demand, catalogue),
            demand,
            recommendable=catalogue.recommendable,
            weights=weights,
            as_of_s=as_of_s,
        )
        return cls(found)

    def joined(self, newer: NDArray[np.int32]) -> Self:
        """Let items that nobody could want yet take turns with those that catch on.

        Examples
        --------
        >>> Arrivals(np.array([3, 1, 2], np.int32)).joined(np.array([9], np.int32)).item_rows
        array([9, 3, 1, 2], dtype=int32)
        """
        turns = np.concatenate((2 * np.arange(len(newer)), 2 * np.arange(len(self.item_rows)) + 1))
        both = np.concatenate((newer, self.item_rows))
        return type(self)(both[np.argsort(turns)])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give `item_rows`, for storage."""
        return {"item_rows": self.item_rows}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from `item_rows`."""
        return cls(arrays["item_rows"])
