"""Lists of items: what every road ends in, and how a short one is filled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.candidates import Source


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """n lists of items, best first.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (n, num_results)
        The items; -1 behind the last one of a list that came out short.
    scores : ndarray of float32, shape (n, num_results)
        Non-increasing in each list; `-inf` where there is no item.
    sources : ndarray of uint8, shape (n, num_results)
        `Source.code`.
    """

    item_rows: NDArray[np.int32]
    scores: NDArray[np.float32]
    sources: NDArray[np.uint8]

    @classmethod
    def empty(cls, n: int, num_results: int) -> Self:
        """Build n lists that hold nothing yet."""
        shape = (n, num_results)
        return cls(
            np.full(shape, -1, dtype=np.int32),
            np.full(shape, -np.inf, dtype=np.float32),
            np.full(shape, Source.POPULAR.code, dtype=np.uint8),
        )

    @classmethod
    def best(
        cls,
        item_rows: NDArray[np.int32],
        scores: NDArray[np.float32],
        sources: NDArray[np.uint8],
        *,
        num_results: int,
    ) -> Self:
        """Take the best of each person's candidates, shapes (n, m); `-inf` marks no candidate."""
        lists = cls.empty(len(scores), num_results)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :num_results]
        best = np.take_along_axis(scores, order, axis=1)
        found = np.take_along_axis(item_rows, order, axis=1)
        width = order.shape[1]
        lists.scores[:, :width] = best
        lists.item_rows[:, :width] = np.where(np.isfinite(best), found, -1)
        lists.sources[:, :width] = np.take_along_axis(sources, order, axis=1)
        return lists

    @classmethod
    def joined(cls, parts: Sequence[Self], *, num_results: int) -> Self:
        """Put several batches' lists behind each other."""
        parts = parts or [cls.empty(0, num_results)]
        return cls(
            np.concatenate([one.item_rows for one in parts]),
            np.concatenate([one.scores for one in parts]),
            np.concatenate([one.sources for one in parts]),
        )

    def spread(self, places: NDArray[np.integer], *, n: int) -> Self:
        """Give n lists of which these stand at the places named; the others are empty."""
        every = type(self).empty(n, self.item_rows.shape[1])
        every.item_rows[places] = self.item_rows
        every.scores[places] = self.scores
        every.sources[places] = self.sources
        return every

    @property
    def returned(self) -> NDArray[np.int64]:
        """How many items each list has, shape (n,)."""
        counts: NDArray[np.int64] = (self.item_rows >= 0).sum(axis=1)
        return counts

    @property
    def short(self) -> list[int]:
        """Which lists have fewer items than wanted."""
        return np.flatnonzero(self.returned < self.item_rows.shape[1]).tolist()

    def fill(self, place: int, item_rows: NDArray[np.integer], source: Source) -> None:
        """Append items to one list that is still being made, behind what it holds.

        Parameters
        ----------
        place : int
            Which list.
        item_rows : ndarray of int
            Different items, best first; those already in the list are passed over.
        source : Source
            What to say that they come from.
        """
        start, wanted = int(self.returned[place]), self.item_rows.shape[1]
        # As many as the list takes are enough, even where all that it holds are among them.
        first = item_rows[:wanted]
        fill = first[~np.isin(first, self.item_rows[place, :start])][: wanted - start]
        stop = start + len(fill)
        self.item_rows[place, start:stop] = fill
        floor = self.scores[place, start - 1] if start else np.float32(0)
        self.scores[place, start:stop] = floor - np.arange(1, len(fill) + 1, dtype=np.float32)
        self.sources[place, start:stop] = source.code
