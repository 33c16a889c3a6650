"""Demand: how often each item was wanted on each day in each country, and what is trending."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.weights import ConfidenceWeights, decay

# How many events' worth of the whole shop's taste a country starts from.
_COUNTRY_PRIOR = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """Counted events, whoever caused them.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (n_entries,)
        The item.
    days : ndarray of int32, shape (n_entries,)
        UTC day, counted from 1970-01-01.
    event_types : ndarray of uint8, shape (n_entries,)
        `EventType.code`.
    country_rows : ndarray of int16, shape (n_entries,)
        Place in `countries`; -1 where it is not known.
    counts : ndarray of float32, shape (n_entries,)
        How many events.
    countries : tuple of str
        The countries that occur, sorted.
    """

    item_rows: NDArray[np.int32]
    days: NDArray[np.int32]
    event_types: NDArray[np.uint8]
    country_rows: NDArray[np.int16]
    counts: NDArray[np.float32]
    countries: tuple[str, ...]

    def decayed(
        self, *, n_items: int, weights: ConfidenceWeights, as_of_s: int
    ) -> NDArray[np.float32]:
        """Add up the demand for each item by country, decayed to `as_of`.

        Returns
        -------
        ndarray of float32, shape (n_countries + 1, n_items)
            One row for each of `countries`, and the whole shop in the last row.

        Raises
        ------
        FutureEventError
            An entry is later than `as_of`.
        """
        age_days = as_of_s // SECONDS_PER_DAY - self.days.astype(np.int64)
        worth = (
            weights.by_code[self.event_types]
            * self.counts
            * decay(age_days, half_life_days=weights.half_life_days)
        )
        rows = len(self.countries)
        local = np.where(self.country_rows < 0, rows, self.country_rows).astype(np.int64)
        flat = np.bincount(
            local * n_items + self.item_rows, weights=worth, minlength=(rows + 1) * n_items
        )
        by_country = np.maximum(flat.reshape(rows + 1, n_items), 0)
        by_country[-1] = by_country.sum(axis=0)
        return by_country.astype(np.float32)

    def counted(self, event_type: EventType, *, n_items: int) -> NDArray[np.float32]:
        """Count how often each item had events of one type, shape (n_items,)."""
        chosen = self.event_types == event_type.code
        counts = np.bincount(self.item_rows[chosen], self.counts[chosen], minlength=n_items)
        return counts.astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """What is trending in the whole shop and in each country.

    Parameters
    ----------
    scores : ndarray of float32, shape (n_items,)
        The whole shop's decayed demand, as a share of the most wanted item's; in [0, 1].
    top : ndarray of int32, shape (n_countries + 1, n_top)
        The most wanted items, best first: a row for each of `countries`, and the whole shop last.
    order : ndarray of int32, shape (n_recommendable,)
        Every item that may be shown, the whole shop's most wanted first.
    countries : tuple of str
        Which row is whose.
    """

    scores: NDArray[np.float32]
    top: NDArray[np.int32]
    order: NDArray[np.int32]
    countries: tuple[str, ...]

    @classmethod
    def of(
        cls,
        demand: Demand,
        *,
        recommendable: NDArray[np.bool_],
        weights: ConfidenceWeights,
        as_of_s: int,
        n_top: int = 500,
    ) -> Self:
        """Rank the items that may be shown by decayed demand.

        A country's own demand is added to its share of the whole shop's, so that a country
        with three orders is not ruled by them.
        """
        wanted = demand.decayed(n_items=len(recommendable), weights=weights, as_of_s=as_of_s)
        overall = wanted[-1]
        wanted[:-1] += _COUNTRY_PRIOR * overall / max(float(overall.sum()), 1.0)
        shown = np.flatnonzero(recommendable)
        ranks = np.argsort(-wanted[:, shown], axis=1, kind="stable")
        return cls(
            scores=overall / max(float(overall.max(initial=0.0)), 1e-9),
            top=shown[ranks[:, :n_top]].astype(np.int32),
            order=shown[ranks[-1]].astype(np.int32),
            countries=demand.countries,
        )

    def showing(self, recommendable: NDArray[np.bool_]) -> Self:
        """Rank what may be shown by now, in the order of the demand that was learnt.

        The countries' rows stay, with what may not be shown; whoever reads them leaves it out.

        Parameters
        ----------
        recommendable : ndarray of bool, shape (n_items,)
            Items that may be shown.
        """
        kept = self.order[recommendable[self.order]]
        is_back = recommendable.copy()
        is_back[kept] = False
        if len(kept) == len(self.order) and not is_back.any():
            return self
        back = np.flatnonzero(is_back)
        keys = self._falling(back)
        sooner = np.argsort(keys)
        places = np.searchsorted(self._falling(kept), keys[sooner])
        order = np.insert(kept, places, back[sooner]).astype(np.int32)
        top = self.top.copy()
        # Where there are fewer than before, what may not be shown stands behind them.
        rest = top[-1][~recommendable[top[-1]]]
        top[-1] = np.concatenate((order, rest))[: top.shape[1]]
        return replace(self, order=order, top=top)

    def _falling(self, item_rows: NDArray[np.integer]) -> NDArray[np.uint64]:
        """Give keys that rise as the scores fall, and with the row where scores are equal."""
        bits = (self.scores[item_rows] + np.float32(0)).view(np.uint32)
        keys: NDArray[np.uint64] = (~bits).astype(np.uint64) << np.uint64(32)
        return keys | item_rows.astype(np.uint64)

    def rows_of(self, countries: Sequence[str]) -> NDArray[np.int64]:
        """Find several countries' rows, shape (n + 1,); the last is the whole shop's, for -1."""
        return np.array([*map(self.row_of, countries), len(self.countries)], dtype=np.int64)

    def row_of(self, country: str | None) -> int:
        """Find a country's row; the whole shop's where it is not known."""
        return self.countries.index(country) if country in self.countries else len(self.countries)
