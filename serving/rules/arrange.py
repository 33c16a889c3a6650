"""Arranging: from one person's scored candidates to the list, under the placement's rules."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from features.candidates import Source
from serving.rules.plan import Plan
from serving.rules.selection import select
from serving.rules.shelf import Shelf

CAPPED: Final = "capped"
UNPINNED: Final = "pin"


@dataclass(frozen=True, slots=True, eq=False)
class Arranged:
    """One list as the rules made it.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (at most num_results,)
        The items, first slot first, each once.
    scores : ndarray of float32, same shape
        As moved by the rules. A pinned item that was no candidate has the least candidate's.
    sources : ndarray of uint8, same shape
        `Source.code`; `Source.PINNED` where a pin put it.
    dropped : mapping of str to int
        How many candidates each rule dropped, and how many pins may not be shown ("pin"). "capped"
        counts what caps kept out of a strict list that came out short.
    relaxed : tuple of str
        The caps that a list in fill mode broke, so that no slot stayed empty.
    """

    item_rows: NDArray[np.int32]
    scores: NDArray[np.float32]
    sources: NDArray[np.uint8]
    dropped: Mapping[str, int] = field(default_factory=dict)
    relaxed: tuple[str, ...] = ()

    @classmethod
    def of(cls, shelf: Shelf, *, dropped: Mapping[str, int], relaxed: tuple[str, ...] = ()) -> Self:
        """Take a shelf as the list."""
        return cls(shelf.item_rows, shelf.scores, shelf.sources, dropped, relaxed)

    def __len__(self) -> int:
        return len(self.item_rows)


def arrange(
    shelf: Shelf, plan: Plan, num_results: int, *, fallback: Shelf | None = None
) -> Arranged:
    """Make one person's list.

    Parameters
    ----------
    shelf : Shelf
        The candidates in any order; equal scores stay in it.
    plan : Plan
        What the list keeps to.
    num_results : int
        Items wanted.
    fallback : Shelf, optional
        What fills a list that came out short, best first, before any cap is relaxed; its scores
        do not matter. A strict list is not filled.
    """
    kept, dropped = _kept(shelf, plan)
    ranked = _ranked(kept, plan)
    n_candidates = len(ranked)
    if fallback is not None and not plan.is_strict:
        ranked = ranked.followed_by(_kept(fallback, plan)[0])
    if plan.goes_by_score:
        return Arranged.of(ranked.take(slice(num_results)), dropped=dropped)
    pinned, n_lost = plan.pinned(num_results)
    ranked, pins = _with_pins(ranked, pinned)
    selection = select(ranked, plan, num_results=num_results, n_candidates=n_candidates, pins=pins)
    counted = dropped + Counter({CAPPED: selection.n_left, UNPINNED: n_lost})
    return Arranged.of(ranked.take(selection.places), dropped=counted, relaxed=selection.relaxed)


def _kept(shelf: Shelf, plan: Plan) -> tuple[Shelf, Counter[str]]:
    """Take off what may not be shown; what two rules drop counts for the first."""
    dropped: Counter[str] = Counter()
    for drop in plan.drops:
        marks = drop.drops(shelf.item_rows)
        if marks.any():
            dropped[drop.name] += int(marks.sum())
            shelf = shelf.take(~marks)
    return shelf, dropped


def _ranked(shelf: Shelf, plan: Plan) -> Shelf:
    """Put candidates in order; those that a move makes equal stay as they scored before."""
    ranked = shelf.by_score()
    if not plan.moves:
        return ranked
    unit = ranked.unit
    for move in plan.moves:
        ranked = move.moved(ranked, unit=unit)
    return ranked.by_score()


def _with_pins(shelf: Shelf, pinned: dict[int, int]) -> tuple[Shelf, dict[int, int]]:
    """Find the pinned items' places on the shelf, behind it where it does not hold them."""
    if not pinned:
        return shelf, {}
    place_of = {row: place for place, row in enumerate(shelf.item_rows.tolist())}
    missing = [row for row in pinned.values() if row not in place_of]
    place_of |= {row: len(shelf) + place for place, row in enumerate(missing)}
    least = shelf.scores.min() if len(shelf) else np.float32(0)
    every = Shelf(
        np.concatenate((shelf.item_rows, np.array(missing, dtype=np.int32))),
        np.concatenate((shelf.scores, np.full(len(missing), least, dtype=np.float32))),
        np.concatenate((shelf.sources, np.zeros(len(missing), dtype=np.uint8))),
    )
    pins = {slot - 1: place_of[row] for slot, row in pinned.items()}
    every.sources[list(pins.values())] = Source.PINNED.code
    return every, pins
