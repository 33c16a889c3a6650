"""The road of every list: history, views, candidates, features, score, the best of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.candidates import Source, gather, in_order
from features.context_lifts import ContextLifts
from features.demand import Trends
from features.errors import InvalidInput
from features.fitted_model import EmbeddingModel
from features.history import Histories
from features.item_facts import ItemFacts
from features.last_items import last_items
from features.lists import Lists
from features.neighbours import Neighbours
from features.pair_features import Blend, PairFeatures
from features.proposal import (
    NO_WISHES,
    ListPolicy,
    Proposal,
    Wishes,
    blocked_items,
    blocked_pairs,
    named,
)
from features.ranker import Ranker
from features.ranker_features import ranker_features
from features.retrievers import EmbeddingRetriever, Retriever, at_pairs
from features.seen import Persons, Seen
from features.sources import Asked, Sources
from features.weights import ConfidenceWeights, confidence

__all__ = ["ListPolicy", "Recommender", "Shape", "Wishes"]

_CELLS_AT_ONCE: Final = 4_000_000
_MOST_PEOPLE_AT_ONCE: Final = 256

Shape = Callable[[Proposal, NDArray[np.float32]], Lists]
"""Makes lists of a proposal's candidates and their scores."""


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
        How the plain features add up to a score.
    retrievers : mapping of str to Retriever
        The models by name. The first tells where people and items lie and why an item is listed;
        empty for a bundle that knows only what is popular.
    sources : Sources
        What names candidates beside the models.
    facts : ItemFacts or None
        What the ranker reads of items.
    ranker : Ranker or None
        Orders the candidates; the blend does without one.
    lifts : ContextLifts or None
        What is wanted more or less than usual in a season, at a time of day, on a device.
    """

    as_of_s: int
    weights: ConfidenceWeights
    recommendable: NDArray[np.bool_]
    trends: Trends
    blend: Blend
    retrievers: Mapping[str, Retriever] = field(default_factory=dict)
    sources: Sources = field(default_factory=Sources)
    facts: ItemFacts | None = None
    ranker: Ranker | None = None
    lifts: ContextLifts | None = None

    @property
    def first(self) -> EmbeddingRetriever | None:
        """The first model, with its index."""
        found = next(iter(self.retrievers.values()), None)
        return found if isinstance(found, EmbeddingRetriever) else None

    @property
    def model(self) -> EmbeddingModel | None:
        """The first model: where people and items lie."""
        return None if self.first is None else self.first.model

    @property
    def item_to_item(self) -> Neighbours | None:
        """The first model of which items speak for which others."""
        models = (one.model for one in self.retrievers.values())
        return next((one for one in models if isinstance(one, Neighbours)), None)

    def read(self, histories: Histories, *, vectors: NDArray[np.float32] | None = None) -> Persons:
        """Turn histories into what the models see.

        Parameters
        ----------
        histories : Histories
            n people.
        vectors : ndarray of float32, shape (n, d), optional
            Their vectors, where they have been encoded before from the same histories.
        """
        seen = histories.up_to(self.as_of_s)
        sureness = confidence(
            seen, n_items=len(self.recommendable), weights=self.weights, as_of_s=self.as_of_s
        )
        if vectors is None and self.model is not None:
            vectors = self.model.encode(sureness)
        return Persons(seen, sureness, vectors)

    def recommend(
        self,
        persons: Persons,
        policy: ListPolicy,
        *,
        trend_rows: NDArray[np.integer],
        wishes: Wishes = NO_WISHES,
        shape: Shape | None = None,
    ) -> Lists:
        """Make a list for each person.

        Parameters
        ----------
        persons : Persons
            n people.
        policy : ListPolicy
            What all lists keep to.
        trend_rows : ndarray of int, shape (n,)
            `Trends.row_of` each person's country.
        wishes : Wishes
            What each list is asked to be.
        shape : function of (Proposal, scores of its pairs) to Lists, optional
            Makes lists of scored candidates; by default they are the best ones.
        """
        parts = []
        for proposal in self.propose(persons, policy, trend_rows=trend_rows, wishes=wishes):
            scores = self._scores(proposal, policy)
            if shape is None:
                n = policy.num_results
                lists = Lists.best_candidates(proposal.candidates, scores, num_results=n)
            else:
                lists = shape(proposal, scores)
            self._fill(lists, proposal, policy)
            parts.append(lists)
        return Lists.joined(parts, num_results=policy.num_results)

    def propose(
        self,
        persons: Persons,
        policy: ListPolicy,
        *,
        trend_rows: NDArray[np.integer],
        wishes: Wishes = NO_WISHES,
    ) -> Iterator[Proposal]:
        """Name the candidates of each person, batch by batch; see `recommend`."""
        pairs = blocked_pairs(persons.histories, policy, wishes)
        for start, stop in self._batches(len(persons)):
            people = np.arange(start, stop)
            some = persons if len(people) == len(persons) else persons.take(people)
            seen = self._see(some, trend_rows[people])
            blocked = blocked_items(self.recommendable, seen.due, people, pairs, wishes)
            asked = Asked(seen, people, self.trends, blocked, policy, wishes)
            found = named(wishes, people, partial(self.sources.named, asked))
            yield Proposal(people, seen, gather(found, blocked=blocked.marks), blocked)

    def features(self, proposal: Proposal) -> PairFeatures:
        """Compute what the ranker reads of a proposal's pairs.

        Raises
        ------
        InvalidInput
            The bundle holds no item facts.
        """
        if self.facts is None:
            raise InvalidInput("this bundle holds no item facts; run vitrine train")
        return ranker_features(proposal.seen, proposal.candidates, self.facts)

    def blended(self, proposal: Proposal) -> NDArray[np.float32]:
        """Score a proposal's pairs without a ranker, shape (n_pairs,)."""
        seen, candidates = proposal.seen, proposal.candidates
        affinity = np.zeros(len(candidates.item_rows), dtype=np.float32)
        if seen.views:
            affinity = next(iter(seen.views.values())).pair_scores(candidates)
        return self.blend.score(
            affinity=affinity,
            own=at_pairs(seen.persons.confidence, candidates),
            trend=self.trends.scores[candidates.item_rows],
        )

    def _see(self, persons: Persons, trend_rows: NDArray[np.integer]) -> Seen:
        views = {
            name: retriever.view(
                persons.confidence, persons.vectors if retriever is self.first else None
            )
            for name, retriever in self.retrievers.items()
        }
        due = self.sources.due(persons, as_of_s=self.as_of_s)
        strengths = self.sources.strengths(persons, due, as_of_s=self.as_of_s)
        if self.item_to_item is not None:
            last = last_items(persons.histories, n_items=len(self.recommendable))
            strengths[Source.NEAR_ITEMS] = self.item_to_item.scores(last)
        return Seen(persons, views, trend_rows, strengths, due, self.as_of_s)

    def _batches(self, n: int) -> Iterator[tuple[int, int]]:
        at_once = int(np.clip(_CELLS_AT_ONCE // len(self.recommendable), 1, _MOST_PEOPLE_AT_ONCE))
        for start in range(0, n, at_once):
            yield start, min(start + at_once, n)

    def _scores(self, proposal: Proposal, policy: ListPolicy) -> NDArray[np.float32]:
        candidates = proposal.candidates
        if policy.order == "source":
            return in_order(candidates)
        if self.ranker is None:
            scores = self.blended(proposal)
        else:
            scores = self.ranker.score(self.features(proposal), new=policy.exclude_purchased)
        return proposal.seen.unranked_where_new(scores, candidates)

    def fallbacks(
        self, proposal: Proposal, place: int, policy: ListPolicy
    ) -> list[tuple[Source, NDArray[np.int32]]]:
        """Name what may fill a person's list where the sources named too little, best first."""
        if policy.fallback is None:
            return []
        trends, arrivals = self.trends, self.sources.arrivals
        row = proposal.seen.trend_rows[place]
        named = [(Source.POPULAR, trends.top[row]), (Source.POPULAR, trends.order)]
        if policy.fallback is Source.NEW_ARRIVAL and arrivals is not None:
            named.insert(0, (Source.NEW_ARRIVAL, arrivals.item_rows))
        free = ~proposal.blocked.marks[place]
        return [(source, rows[free[rows]]) for source, rows in named]

    def _fill(self, lists: Lists, proposal: Proposal, policy: ListPolicy) -> None:
        for place in lists.short:
            for source, rows in self.fallbacks(proposal, place, policy):
                lists.fill(place, rows, source)
