"""Caps: how many items of one brand, category or other value may stand together."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

UNKNOWN: Final = -1
"""The code of an item without a value; it is like no other."""


@dataclass(frozen=True, slots=True, eq=False)
class Cap:
    """At most so many items of one value in any so many consecutive slots.

    Parameters
    ----------
    name : str
        Of the column.
    codes : ndarray of int32, shape (n_items,)
        Equal for items of the same value; `UNKNOWN` for those without any, which are not capped.
    most : int
        Items of one value, at least 1.
    window : int or None
        Slots; None for the whole list.
    """

    name: str
    codes: NDArray[np.int32]
    most: int
    window: int | None = None


class Quota:
    """What a cap still admits to a list that is being made.

    Lists and sets, not arrays: a list has ten slots or so, and most slots are filled by one of the
    first items that are looked at.

    Parameters
    ----------
    cap : Cap
        What it keeps to.
    item_rows : ndarray of int, shape (n,)
        What may be placed, by its place in here.
    n_slots : int
        Of the list.
    """

    def __init__(self, cap: Cap, item_rows: NDArray[np.integer], n_slots: int) -> None:
        self.cap = cap
        self.values: list[int] = cap.codes[item_rows].tolist()
        self._window = n_slots if cap.window is None else min(cap.window, n_slots)
        self._line = [UNKNOWN] * n_slots
        self._furthest = -1

    def place(self, place: int, slot: int) -> None:
        """Note that something stands in a slot, the first being 0."""
        self._line[slot] = self.values[place]
        self._furthest = max(self._furthest, slot)

    def full(self, slot: int) -> set[int]:
        """Give the values that may not be placed in a slot."""
        first = max(slot - self._window + 1, 0)
        last = min(slot, len(self._line) - self._window)
        if self._furthest < slot:
            # Nothing stands behind the slot: the first window holds all that the others hold.
            return self._repeated(first)
        return set().union(*(self._repeated(start) for start in range(first, last + 1)))

    def _repeated(self, start: int) -> set[int]:
        """Give the values that a window holds as often as may be."""
        counts: dict[int, int] = {}
        repeated = set()
        for value in self._line[start : start + self._window]:
            counts[value] = counts.get(value, 0) + 1
            if counts[value] >= self.cap.most:
                repeated.add(value)
        repeated.discard(UNKNOWN)
        return repeated
