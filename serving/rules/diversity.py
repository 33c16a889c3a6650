"""Diversity: a list whose items differ, by maximal marginal relevance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.rules.shelf import Shelf

_BELOW_EVERYTHING: Final = 10.0
"""Values lie within 1 of 0, so that no fallback is worth more than a candidate."""

_LOOKED_AT_FIRST: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Diversity:
    """How much the difference to what is in the list counts beside the score.

    The next item is the one with the highest ``(1 - share) score - share max cosine``, the scores
    scaled to 0 to 1 over the shelf (Carbonell and Goldstein 1998, with lambda = 1 - share). What
    points elsewhere is no more different than what has nothing in common.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_items, d)
        Of any length; zeros for an item of which nothing is known.
    share : float
        0 for the scores alone, 1 for the difference alone.
    """

    vectors: NDArray[np.float32]
    share: float


class Mixture:
    """What each item is worth to a list that is being made.

    Parameters
    ----------
    diversity : Diversity
        What it keeps to.
    shelf : Shelf
        Best first.
    n_candidates : int
        So many are candidates; those behind them are the fallback.
    """

    def __init__(self, diversity: Diversity, shelf: Shelf, n_candidates: int) -> None:
        self._vectors = diversity.vectors[shelf.item_rows]
        lengths = np.sqrt(np.einsum("ij,ij->i", self._vectors, self._vectors))
        self._per_length = (1 / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        self._share_per_length = self._per_length * np.float32(diversity.share)
        self._values = (1 - diversity.share) * _scaled(shelf.scores, n_candidates)
        self._penalties = np.zeros(len(shelf), dtype=np.float32)

    def best_first(self) -> Iterator[int]:
        """Give the places on the shelf, the one first that would add most.

        What is in the list already comes last.
        """
        worth = self._values - self._penalties
        # Mostly one of the first will do, and so only the others are put in order.
        for _ in range(min(_LOOKED_AT_FIRST, len(worth))):
            best = int(worth.argmax())
            yield best
            worth[best] = -np.inf
        yield from np.argsort(-worth, kind="stable").tolist()

    def place(self, place: int) -> None:
        """Note that an item is in the list."""
        self._values[place] = -np.inf
        penalties = self._vectors @ (self._vectors[place] * self._per_length[place])
        penalties *= self._share_per_length
        np.maximum(self._penalties, penalties, out=self._penalties)


def _scaled(scores: NDArray[np.float32], n_candidates: int) -> NDArray[np.float32]:
    """Scale the candidates' scores to 0 to 1, and put the fallback below them in its order."""
    place = np.arange(len(scores)) / max(len(scores), 1)
    first = scores[:n_candidates].astype(np.float64)
    spread = float(np.ptp(first)) if n_candidates else 0.0
    # Of somebody new only the order of the candidates speaks.
    scaled = (first - first.min()) / spread if spread else 1 - place[:n_candidates]
    every = np.concatenate((scaled, -_BELOW_EVERYTHING - place[n_candidates:]))
    return every.astype(np.float32)
