"""Context lifts: how much more or less than usual each item is wanted in a situation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.context import KINDS, Situation, is_southern


@dataclass(frozen=True, slots=True, eq=False)
class ContextLifts:
    """Each item's log lift in each value of each kind of context; 0 where nothing was learnt.

    Parameters
    ----------
    season : ndarray of float16, shape (8, n_items)
        In the order of `Season`: the northern seasons, and then the southern.
    daypart : ndarray of float16, shape (4, n_items)
        In the order of `Daypart`.
    weekday : ndarray of float16, shape (2, n_items)
        In the order of `Weekday`.
    device : ndarray of float16, shape (4, n_items)
        In the order of `Device`.
    """

    season: NDArray[np.float16]
    daypart: NDArray[np.float16]
    weekday: NDArray[np.float16]
    device: NDArray[np.float16]

    def log_lifts(self, situation: Situation) -> dict[str, NDArray[np.float32]]:
        """Give the log lifts of what is known of a situation.

        Returns
        -------
        dict of str to ndarray of float32, shape (n_items,)
            By "season", "daypart", "weekday" and "device"; what is not known is left out.
        """
        return {kind: self._row(kind, situation).astype(np.float32) for kind in situation.kinds}

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
            of which little is known is near 1 and stays.

        Returns
        -------
        ndarray of bool, shape (n_items,), or None
            None where the season is not known.
        """
        if situation.season is None:
            return None
        marks: NDArray[np.bool_] = self._row("season", situation) < np.float16(np.log(floor))
        return marks

    def _row(self, kind: str, situation: Situation) -> NDArray[np.float16]:
        row = KINDS[kind].index(situation.kinds[kind])
        if kind == "season" and is_southern(situation):
            row += len(KINDS[kind])
        lifts: NDArray[np.float16] = getattr(self, kind)[row]
        return lifts

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the lifts of each kind, for storage."""
        return {kind: getattr(self, kind) for kind in KINDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from what `arrays` gave."""
        return cls(**{kind: arrays[kind] for kind in KINDS})
