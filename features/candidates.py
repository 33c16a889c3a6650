"""Where an item can come from, and how many each source may name."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray


class Source(StrEnum):
    """Where an item of a list came from."""

    OWN_HISTORY = "own_history"
    NEAR_USER = "near_user"
    TRENDING = "trending"
    # The announced fallback: fills what the sources left empty.
    POPULAR = "popular"
    SIMILAR = "similar"
    SAME_CATEGORY = "same_category"
    UNFINISHED = "unfinished"
    DUE_AGAIN = "due_again"
    NEAR_ITEMS = "near_items"
    BOUGHT_TOGETHER = "bought_together"
    CONTENT = "content_nearest"
    TRENDING_IN_CATEGORY = "trending_in_category"
    TRENDING_IN_COUNTRY = "trending_in_country"
    NEW_ARRIVAL = "new_arrival"
    RECENTLY_VIEWED = "recently_viewed"
    # What the store has counted since the bundle, where the bundle's trends end.
    TRENDING_NOW = "trending_now"
    # Put there by a rule, or named by whoever asked for an order.
    PINNED = "pinned"
    GIVEN = "given"

    @property
    def code(self) -> int:
        """The source's number in arrays."""
        return _CODES[self]


_CODES: Final = {source: code for code, source in enumerate(Source)}
SOURCES: Final = tuple(Source)


@dataclass(frozen=True, slots=True)
class Budgets:
    """How many items each source may name for one person.

    Parameters
    ----------
    unfinished : int
        Viewed or carted, and not bought.
    due_again : int
        Bought before, and due by now.
    own_history : int
        The person's own items, the surest first.
    near_user : int
        Nearest to the person, of every model that is asked.
    near_items : int
        Near to each of the person's last items.
    bought_together : int
        Bought in one basket with the person's items.
    content : int
        Like the person's items by what they are, bought by anybody or not.
    trending : int
        In the whole shop, and as many in the person's country.
    trending_in_category : int
        In the person's categories.
    new_arrivals : int
        What the shop has not had for long.
    """

    unfinished: int = 24
    due_again: int = 24
    own_history: int = 48
    near_user: int = 96
    near_items: int = 32
    bought_together: int = 32
    content: int = 16
    trending: int = 32
    trending_in_category: int = 16
    new_arrivals: int = 16

    def by_source(self) -> dict[Source, int]:
        """Give the budgets of all sources but the models, which have one for each."""
        return {
            Source.UNFINISHED: self.unfinished,
            Source.DUE_AGAIN: self.due_again,
            Source.OWN_HISTORY: self.own_history,
            Source.NEAR_ITEMS: self.near_items,
            Source.BOUGHT_TOGETHER: self.bought_together,
            Source.CONTENT: self.content,
            Source.TRENDING: self.trending,
            Source.TRENDING_IN_COUNTRY: self.trending,
            Source.TRENDING_NOW: self.trending,
            Source.TRENDING_IN_CATEGORY: self.trending_in_category,
            Source.NEW_ARRIVAL: self.new_arrivals,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Items that may stand in each of n lists, every item at most once in a list.

    Parameters
    ----------
    indptr : ndarray of int64, shape (n + 1,)
        Person i's pairs are `indptr[i]:indptr[i + 1]`.
    item_rows : ndarray of int32, shape (n_pairs,)
        The items.
    sources : ndarray of uint8, shape (n_pairs,)
        `Source.code` of the first source that named it.
    """

    indptr: NDArray[np.int64]
    item_rows: NDArray[np.int32]
    sources: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def person_rows(self) -> NDArray[np.int64]:
        """Which person each pair belongs to, shape (n_pairs,)."""
        if len(self) == 1:  # of whom every pair is
            return np.zeros(len(self.item_rows), dtype=np.int64)
        return np.repeat(np.arange(len(self)), np.diff(self.indptr))


Named = tuple[Source, NDArray[np.int32]]
"""A source and what it names: item rows of shape (n, depth), the best first, -1 for none."""


def gather(named: Sequence[Named], *, blocked: NDArray[np.bool_]) -> Candidates:
    """Join what the sources name for n people, and drop what is blocked or named before.

    Parameters
    ----------
    named : sequence of Named
        The first that names an item is told as its source.
    blocked : ndarray of bool, shape (n, n_items)
        Items that must not be in a person's list; left as it is.
    """
    people = np.arange(len(blocked))[:, None]
    nothing = np.empty((len(blocked), 0), dtype=np.int32)
    rows = np.concatenate([nothing, *(rows for _, rows in named)], axis=1)
    places = np.arange(rows.shape[1])
    # Written from behind, an item keeps the first place that names it; the last cell is for -1.
    first = np.empty((len(blocked), blocked.shape[1] + 1), dtype=np.int32)
    first[people, np.ascontiguousarray(rows[:, ::-1])] = np.ascontiguousarray(places[::-1])
    kept = (rows >= 0) & (first[people, rows] == places) & ~blocked[people, rows]
    depths = [rows.shape[1] for _, rows in named]
    sources = np.repeat(np.array([source.code for source, _ in named], dtype=np.uint8), depths)
    return Candidates(
        indptr=np.concatenate(([0], np.cumsum(np.count_nonzero(kept, axis=1)))),
        item_rows=rows[kept].astype(np.int32, copy=False),
        sources=np.broadcast_to(sources, kept.shape)[kept],
    )


def in_order(candidates: Candidates) -> NDArray[np.float32]:
    """Score pairs by the order in which they were named: 1, 1/2, 1/3, and so on."""
    starts = np.repeat(candidates.indptr[:-1], np.diff(candidates.indptr))
    place = np.arange(len(candidates.item_rows)) - starts
    return (1 / (1 + place)).astype(np.float32)
