"""Context lifts: how much more or less than usual each item is wanted in a situation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.arrivals import UNKNOWN_DAY
from features.catalog import Catalogue, category_levels
from features.context import KINDS, Situation, is_southern
from features.context_counts import UNKNOWN, ContextCounts
from features.tally import NO_GROUP, Observed, Tally
from features.weights import ConfidenceWeights

_LEAST_DAYS: Final = {"season": 60, "daypart": 14, "weekday": 8, "device": 14}
"""On how many days the shop must have had a context before it teaches anything."""

_HEMISPHERES: Final = 2
_DAYS_IN_A_WEEK: Final = 7


@dataclass(frozen=True, slots=True, eq=False)
class ContextLifts:
    """Each item's log lift in each value of each kind of context; 0 where nothing was learnt.

    Parameters
    ----------
    season : ndarray of float32, shape (8, n_items)
        In the order of `Season`: the northern seasons, and then the southern. An item's winter
        is the same in both, unless the south has shown that it is not: Christmas is in summer.
    daypart : ndarray of float32, shape (4, n_items)
        In the order of `Daypart`.
    weekday : ndarray of float32, shape (2, n_items)
        In the order of `Weekday`.
    device : ndarray of float32, shape (4, n_items)
        In the order of `Device`.
    """

    season: NDArray[np.float32]
    daypart: NDArray[np.float32]
    weekday: NDArray[np.float32]
    device: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        counts: ContextCounts,
        catalogue: Catalogue,
        *,
        first_days: NDArray[np.int32],
        weights: ConfidenceWeights,
    ) -> Self:
        """Learn from the log: the lifts of categories first, and from there each item's own.

        Parameters
        ----------
        counts : ContextCounts
            The shop's events up to `as_of`.
        catalogue : Catalogue
            The items and their category paths.
        first_days : ndarray of int32, shape (n_items,)
            `arrivals.first_days`.
        weights : ConfidenceWeights
            What an event of each type counts. It does not decay: last winter is the best teacher.
        """
        worth = np.maximum(weights.by_code[counts.event_types] * counts.counts, 0)
        of_a_wish = _worth_of_a_wish(counts, worth, len(catalogue))
        began = np.where(first_days == UNKNOWN_DAY, 0, first_days)
        np.minimum.at(began, counts.item_rows, counts.days)
        levels = (_categories(catalogue), np.arange(len(catalogue)))
        lifts = {}
        for kind, values in counts.codes().items():
            observed = replace(_observed(counts, kind, values, worth), worth_of_a_wish=of_a_wish)
            blocks = _HEMISPHERES if kind == "season" else 1
            tally = Tally.of(observed, began, n_blocks=blocks, n_values=len(KINDS[kind]))
            for groups in levels:
                tally = tally.learnt(groups)
                tally = tally.learnt(groups, apart=True) if blocks > 1 else tally
            lifts[kind] = np.log(tally.lifts).reshape(-1, len(catalogue)).astype(np.float32)
        return cls(**lifts)

    def log_lifts(self, situation: Situation) -> dict[str, NDArray[np.float32]]:
        """Give the log lifts of what is known of a situation.

        Returns
        -------
        dict of str to ndarray of float32, shape (n_items,)
            By "season", "daypart", "weekday" and "device"; what is not known is left out.
        """
        return {kind: self._row(kind, situation) for kind in situation.kinds}

    def out_of_season(
        self, situation: Situation, *, floor: float = 0.5
    ) -> NDArray[np.bool_] | None:
        """Mark the items that are wanted far less than usual in the person's season.

        Parameters
        ----------
        situation : Situation
            Where and when.
        floor : float
            The lift below which an item is out of season; greater than 0, at most 1. An item
            of which little is known has a lift near 1, or near its category's.

        Returns
        -------
        ndarray of bool, shape (n_items,), or None
            None where the season is not known.
        """
        if situation.season is None:
            return None
        marks: NDArray[np.bool_] = self._row("season", situation) < np.float32(np.log(floor))
        return marks

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the lifts of each kind, for storage."""
        return {kind: getattr(self, kind) for kind in KINDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from what `arrays` gave."""
        return cls(**{kind: arrays[kind] for kind in KINDS})

    def _row(self, kind: str, situation: Situation) -> NDArray[np.float32]:
        row = KINDS[kind].index(situation.kinds[kind])
        if kind == "season" and is_southern(situation):
            row += len(KINDS[kind])
        lifts: NDArray[np.float32] = getattr(self, kind)[row]
        return lifts


def _worth_of_a_wish(counts: ContextCounts, worth: NDArray[np.floating], n_items: int) -> float:
    """Tell what the events of one independent wish are worth together.

    A visit leaves several events, and what is talked about is wanted for a week. If every event
    were a wish of its own, an item's events in odd weeks and in even weeks would differ by as
    much as a count of them all varies; how much more they differ says how many come together.
    """
    weeks = (counts.days // _DAYS_IN_A_WEEK).astype(np.int64)
    total = np.bincount(counts.item_rows, worth, minlength=n_items)
    apart = np.bincount(counts.item_rows, worth * (1 - 2 * (weeks % 2)), minlength=n_items)
    seen = total > 0
    return float(np.mean(apart[seen] ** 2 / total[seen])) if seen.any() else 1.0


def _observed(
    counts: ContextCounts,
    kind: str,
    values: NDArray[np.int8],
    worth: NDArray[np.floating],
) -> Observed:
    """Take the events whose context is known and has been seen on enough days."""
    days, period, n_values = counts.days, counts.period, len(KINDS[kind])
    southern = counts.is_southern() if kind == "season" else np.zeros(len(values), np.bool_)
    told = (values != UNKNOWN) & (worth > 0)
    cells = np.where(told, southern * n_values + values.astype(np.int64), 0)
    had = np.zeros((_HEMISPHERES * n_values, len(period)), dtype=np.bool_)
    had[cells[told], days[told] - period.start] = True
    kept = told & (had.sum(axis=1)[cells] >= _LEAST_DAYS[kind])
    return Observed(
        item_rows=counts.item_rows[kept],
        days=days[kept],
        blocks=southern[kept].astype(np.int64),
        values=values[kept],
        worth=worth[kept],
    )


def _categories(catalogue: Catalogue) -> NDArray[np.int64]:
    """Give each item the number of its category, shape (n_items,); `NO_GROUP` where it has none."""
    encoded = catalogue.table["category"].combine_chunks().dictionary_encode()
    named = [category_levels(path) for path in encoded.dictionary.to_pylist()]
    numbers = [place if path else NO_GROUP for place, path in enumerate(named)]
    places = pc.fill_null(encoded.indices, len(numbers)).to_numpy()
    groups: NDArray[np.int64] = np.array([*numbers, NO_GROUP], dtype=np.int64)[places]
    return groups
