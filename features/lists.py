"""Lists of items: what every road ends in, and how a short one is filled."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.candidates import Candidates, Source


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """n lists of items, best first.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (n, num_results)
        The items; -1 behind the last one of a list that came out short.
    scores : ndarray of float32, shape (n, num_results)
        Non-increasing in each list, but where rules put it in another order; `-inf` where there
        is no item.
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
    def best_candidates(
        cls, candidates: Candidates, scores: NDArray[np.float32], *, num_results: int
    ) -> Self:
        """Take the best of each person's candidates; equal ones stay in their order.

        Parameters
        ----------
        candidates : Candidates
            Of n people.
        scores : ndarray of float32, shape (n_pairs,)
            Higher comes first.
        num_results : int
            Items wanted in each list.
        """
        lists = cls.empty(len(candidates), num_results)
        # Person by person: what is sorted at once is small enough for the processor's cache.
        for person, (start, stop) in enumerate(pairwise(candidates.indptr.tolist())):
            chosen = start + (-scores[start:stop]).argsort(kind="stable")[:num_results]
            lists.item_rows[person, : len(chosen)] = candidates.item_rows[chosen]
            lists.scores[person, : len(chosen)] = scores[chosen]
            lists.sources[person, : len(chosen)] = candidates.sources[chosen]
        return lists

    @classmethod
    def best(
        cls,
        item_rows: NDArray[np.int32],
        scores: NDArray[np.float32],
        sources: NDArray[np.uint8],
        *,
        num_results: int,
    ) -> Self:
        """Take the best of a grid of items, shapes (n, m); `-inf` marks a place without any."""
        valid = np.isfinite(scores)
        candidates = Candidates(
            indptr=np.concatenate(([0], np.cumsum(valid.sum(axis=1)))),
            item_rows=item_rows[valid].astype(np.int32, copy=False),
            sources=sources[valid],
        )
        return cls.best_candidates(candidates, scores[valid], num_results=num_results)

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

    def put(
        self,
        place: int,
        item_rows: NDArray[np.int32],
        scores: NDArray[np.float32],
        sources: NDArray[np.uint8],
    ) -> None:
        """Write one list that is still being made anew, from at most as many items as it takes."""
        n = len(item_rows)
        for array, values, nothing in (
            (self.item_rows, item_rows, -1),
            (self.scores, scores, -np.inf),
            (self.sources, sources, Source.POPULAR.code),
        ):
            array[place, :n] = values
            array[place, n:] = nothing

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
