"""The selection: one item after the other, under caps and for a mixture."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.rules.caps import Quota
from serving.rules.diversity import Mixture
from serving.rules.plan import Plan
from serving.rules.shelf import Shelf


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What was chosen from a shelf.

    Parameters
    ----------
    places : ndarray of int64, shape (at most num_results,)
        Places on the shelf, the first slot first.
    n_left : int
        How many items are left that no open slot takes; 0 for a full list.
    relaxed : tuple of str
        The caps that were broken so that no slot stays empty.
    """

    places: NDArray[np.int64]
    n_left: int
    relaxed: tuple[str, ...]


def select(
    shelf: Shelf, plan: Plan, *, num_results: int, n_candidates: int, pins: Mapping[int, int]
) -> Selection:
    """Fill slot after slot with the best that may stand there.

    Where nothing is left for a slot the list ends, with the pins that would have come later.

    Parameters
    ----------
    shelf : Shelf
        Best first: the candidates, then the fallback, then what is pinned and neither.
    plan : Plan
        What the list keeps to.
    num_results : int
        Slots.
    n_candidates : int
        How many of the shelf are candidates.
    pins : mapping of int to int
        Places on the shelf by slot, the first being 0.
    """
    draft = _Draft(shelf, plan, num_results, n_candidates)
    for slot, place in pins.items():
        draft.put(place, slot)
    for slot in range(num_results):
        if slot in pins:
            continue
        found = draft.best_for(slot)
        if found is None:
            break
        draft.put(found, slot)
    return draft.selection()


class _Draft:
    """A list that is being made."""

    def __init__(self, shelf: Shelf, plan: Plan, num_results: int, n_candidates: int) -> None:
        self._is_strict = plan.is_strict
        self._num_results = num_results
        self._quotas = [Quota(cap, shelf.item_rows, num_results) for cap in plan.caps]
        self._mixture = (
            None if plan.diversity is None else Mixture(plan.diversity, shelf, n_candidates)
        )
        self._free = dict.fromkeys(range(len(shelf)))
        self._chosen: dict[int, int] = {}
        self._relaxed: set[str] = set()

    def put(self, place: int, slot: int) -> None:
        """Let an item stand in a slot."""
        self._chosen[slot] = place
        del self._free[place]
        for quota in self._quotas:
            quota.place(place, slot)
        if self._mixture is not None:
            self._mixture.place(place)

    def best_for(self, slot: int) -> int | None:
        """Find the best that may stand in a slot; None where nothing may."""
        closed = [(quota, quota.full(slot)) for quota in self._quotas]
        limits = [(quota.values, full) for quota, full in closed if full]
        for place in self._best_first():
            if not any(values[place] in full for values, full in limits):
                return place
        best = next(self._best_first(), None)
        if best is None or self._is_strict:
            return None
        self._relaxed.update(one.cap.name for one, full in closed if one.values[best] in full)
        return best

    def selection(self) -> Selection:
        """Close the slots that stayed empty."""
        places = np.array([self._chosen[slot] for slot in sorted(self._chosen)], dtype=np.int64)
        n_left = len(self._free) if len(places) < self._num_results else 0
        return Selection(places, n_left, tuple(sorted(self._relaxed)))

    def _best_first(self) -> Iterator[int]:
        if self._mixture is None or not self._free:
            return iter(self._free)
        return (place for place in self._mixture.best_first() if place in self._free)
