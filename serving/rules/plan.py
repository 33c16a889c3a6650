"""A plan: a placement's rules resolved for one person and one catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from serving.rules.caps import Cap
from serving.rules.diversity import Diversity
from serving.rules.drops import Drop
from serving.rules.moves import Move


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What one list keeps to; by default nothing but the scores.

    Parameters
    ----------
    drops : tuple of Drop
        What may not be in the list.
    moves : tuple of Move
        What stands higher or lower than it scores.
    caps : tuple of Cap
        How many of one value may stand together.
    diversity : Diversity or None
        How much the items are to differ.
    pins : mapping of int to int
        Which item row stands in which slot, the first being 1.
    is_strict : bool
        True for a list that may be short, and keeps every cap.
    """

    drops: tuple[Drop, ...] = ()
    moves: tuple[Move, ...] = ()
    caps: tuple[Cap, ...] = ()
    diversity: Diversity | None = None
    pins: Mapping[int, int] = field(default_factory=dict)
    is_strict: bool = False

    @property
    def goes_by_score(self) -> bool:
        """Whether the best scores are the list, without looking at what stands beside what."""
        return not (self.caps or self.pins) and self.diversity is None

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the scores and what is barred before counts."""
        return self.goes_by_score and not self.moves

    def barred(self, n_items: int) -> dict[str, NDArray[np.bool_]]:
        """Mark what the drops take off any shelf, shape (n_items,), by their names.

        Pinned items stand where they are pinned, whatever does not bind pins says of them.
        """
        barred: dict[str, NDArray[np.bool_]] = {}
        every, pinned = np.arange(n_items), list(self.pins.values())
        for drop in self.drops:
            marks = drop.drops(every)
            if not drop.binds_pins and pinned:
                marks[pinned] = False
            barred[drop.name] = marks | barred[drop.name] if drop.name in barred else marks
        return barred

    def pinned(self, num_results: int) -> tuple[dict[int, int], int]:
        """Give the pins that stand in a list of this length, and how many may not be shown."""
        wanted = {slot: row for slot, row in sorted(self.pins.items()) if slot <= num_results}
        if not wanted:
            return {}, 0
        rows = np.array(list(wanted.values()))
        is_lost = np.zeros(len(rows), dtype=np.bool_)
        for drop in self.drops:
            is_lost |= drop.drops(rows) & drop.binds_pins
        shown = {
            slot: row
            for (slot, row), lost in zip(wanted.items(), is_lost.tolist(), strict=True)
            if not lost
        }
        return shown, len(wanted) - len(shown)
