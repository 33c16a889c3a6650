"""Seen: a batch of people through the eyes of every model, what sources and features read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.candidates import Candidates, Source
from features.due import Due
from features.history import Histories
from features.retrievers import View


@dataclass(frozen=True, slots=True, eq=False)
class Persons:
    """People as the models see them.

    Parameters
    ----------
    histories : Histories
        What each of n people did; nothing in it is later than `as_of`.
    confidence : csr_array of float32, shape (n, n_items)
        What that says about each item.
    vectors : ndarray of float32, shape (n, d), or None
        Where that puts them for the first model; None where it has no vectors.
    """

    histories: Histories
    confidence: sp.csr_array
    vectors: NDArray[np.float32] | None

    def __len__(self) -> int:
        return len(self.histories)

    def take(self, rows: NDArray[np.integer]) -> "Persons":
        """Give these people, in this order."""
        vectors = None if self.vectors is None else self.vectors[rows]
        return Persons(self.histories.take(rows), self.confidence[rows], vectors)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One batch of people, and all that is computed of them once.

    Parameters
    ----------
    persons : Persons
        n people.
    views : mapping of str to View
        How each model sees them, the first model first.
    trend_rows : ndarray of int, shape (n,)
        Row of `Trends.top` for each person's country.
    strengths : mapping of Source to csr_array of float32, shape (n, n_items)
        How strongly each source that is about the person names which item.
    due : Due or None
        What they are expected to buy again; None where that was not learnt.
    as_of_s : int
        What ages are counted to, in seconds since 1970 UTC.
    """

    persons: Persons
    views: Mapping[str, View]
    trend_rows: NDArray[np.integer]
    strengths: Mapping[Source, sp.csr_array]
    due: Due | None
    as_of_s: int

    def unranked_where_new(
        self, scores: NDArray[np.float32], candidates: Candidates
    ) -> NDArray[np.float32]:
        """Score the items of people who have done nothing alike, so that they stay in order.

        Of somebody new only the place is known: what is trending there is in its order already.
        """
        is_new = np.diff(self.persons.confidence.indptr) == 0
        if not is_new.any():
            return scores
        return np.where(is_new[candidates.person_rows], np.float32(0), scores)
