"""The road of every list: history, vector, candidates, score, the best of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.candidates import Source, gather
from features.demand import Trends
from features.events import EventType
from features.fitted_model import EmbeddingModel
from features.history import Histories
from features.item_index import ItemIndex
from features.lists import Lists
from features.pair_features import Blend, pair_features
from features.weights import ConfidenceWeights, confidence

_CELLS_AT_ONCE: Final = 4_000_000
_MOST_PEOPLE_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Persons:
    """People as the models see them.

    Parameters
    ----------
    histories : Histories
        What each of n people did.
    confidence : csr_array of float32, shape (n, n_items)
        What that says about each item.
    vectors : ndarray of float32, shape (n, d), or None
        Where that puts them; None where there is no embedding model.
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


@dataclass(frozen=True, slots=True)
class ListPolicy:
    """What every list of one call keeps to.

    Parameters
    ----------
    num_results : int
        Items wanted in each list.
    exclude_purchased : bool
        True to leave out what the person has bought and kept.
    """

    num_results: int
    exclude_purchased: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Recommender:
    """Everything that turns histories into lists, the same for one request and a million emails.

    Parameters
    ----------
    as_of_s : int
        What ages are counted to; an event after it counts as if it were of that day.
    weights : ConfidenceWeights
        How events add up.
    recommendable : ndarray of bool, shape (n_items,)
        Items that may be shown.
    trends : Trends
        What is wanted by everybody.
    blend : Blend
        How the pair features add up to a score.
    model : EmbeddingModel or None
        Where people and items lie; None for a bundle that knows only what is popular.
    index : ItemIndex or None
        The index of the model's item vectors.
    """

    as_of_s: int
    weights: ConfidenceWeights
    recommendable: NDArray[np.bool_]
    trends: Trends
    blend: Blend
    model: EmbeddingModel | None = None
    index: ItemIndex | None = None

    def read(self, histories: Histories, *, vectors: NDArray[np.float32] | None = None) -> Persons:
        """Turn histories into what the models see.

        Parameters
        ----------
        histories : Histories
            n people.
        vectors : ndarray of float32, shape (n, d), optional
            Their vectors, where they have been encoded before from the same histories.
        """
        seen = replace(histories, timestamps=np.minimum(histories.timestamps, self.as_of_s))
        sureness = confidence(
            seen, n_items=len(self.recommendable), weights=self.weights, as_of_s=self.as_of_s
        )
        if vectors is None and self.model is not None:
            vectors = self.model.encode(sureness)
        return Persons(histories, sureness, vectors)

    def recommend(
        self,
        persons: Persons,
        policy: ListPolicy,
        *,
        trend_rows: NDArray[np.integer],
        excluded: Sequence[NDArray[np.integer]] | None = None,
    ) -> Lists:
        """Make a list for each person.

        Parameters
        ----------
        persons : Persons
            n people.
        policy : ListPolicy
            Length, and whether purchases are left out.
        trend_rows : ndarray of int, shape (n,)
            `Trends.row_of` each person's country.
        excluded : sequence of n ndarrays of int, optional
            Item rows that each person must not be shown.
        """
        people, items = _blocked_pairs(persons.histories, policy, excluded)
        bounds = np.searchsorted(people, np.arange(len(persons) + 1))
        parts = []
        for start, stop in self._batches(len(persons)):
            here, pairs = slice(start, stop), slice(bounds[start], bounds[stop])
            blocked = np.zeros((stop - start, len(self.recommendable)), dtype=np.bool_)
            blocked[people[pairs] - start, items[pairs]] = True
            trending = self.trends.top[trend_rows[here]]
            parts.append(self._lists(persons, here, policy.num_results, trending, blocked))
        return Lists.joined(parts, num_results=policy.num_results)

    def _batches(self, n: int) -> Iterator[tuple[int, int]]:
        at_once = int(np.clip(_CELLS_AT_ONCE // len(self.recommendable), 1, _MOST_PEOPLE_AT_ONCE))
        for start in range(0, n, at_once):
            yield start, min(start + at_once, n)

    def _lists(
        self,
        persons: Persons,
        here: slice,
        num_results: int,
        trending: NDArray[np.int32],
        blocked: NDArray[np.bool_],
    ) -> Lists:
        confidence = persons.confidence[here]
        vectors = None if persons.vectors is None else persons.vectors[here]
        # Row by row the bits are counted by vector instructions; a sum over rows is slower.
        n_blocked = np.array([np.count_nonzero(one) for one in blocked], dtype=np.int64)
        blocked |= ~self.recommendable
        candidates = gather(
            confidence=confidence,
            vectors=vectors,
            index=self.index,
            num_results=num_results,
            trending=trending,
            blocked=blocked,
            n_blocked=n_blocked,
        )
        features = pair_features(
            candidates.item_rows,
            confidence=confidence,
            vectors=vectors,
            item_vectors=None if self.model is None else self.model.item_vectors,
            trend_scores=self.trends.scores,
        )
        # Of somebody new only the place is known: what is trending there is in its order already.
        is_new = np.diff(confidence.indptr)[:, None] == 0
        scores = np.where(is_new, np.float32(0), self.blend.score(features))
        scores = np.where(candidates.valid, scores, -np.inf)
        lists = Lists.best(
            candidates.item_rows, scores, candidates.sources, num_results=num_results
        )
        for place in lists.short:
            for popular in (trending[place], self.trends.order):
                # `blocked` also marks what the sources named: it stands in the list already.
                lists.fill(place, popular[~blocked[place, popular]], Source.POPULAR)
        return lists


def _blocked_pairs(
    histories: Histories,
    policy: ListPolicy,
    excluded: Sequence[NDArray[np.integer]] | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair people with the items that they must not be shown, sorted by person."""
    people, items = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    if policy.exclude_purchased:
        bought = histories.event_types == EventType.PURCHASE.code
        people, items = histories.person_of_entry[bought], histories.item_rows[bought]
    if excluded is not None:
        lengths = [len(one) for one in excluded]
        people = np.concatenate((people, np.repeat(np.arange(len(excluded)), lengths)))
        items = np.concatenate((items, *excluded))
    order = np.argsort(people, kind="stable")
    return people[order], items[order]
