"""Sources: what the shop's knowledge names for a person, beside what lies near in a model."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.arrivals import Arrivals
from features.candidates import Budgets, Named, Source
from features.category_trends import CategoryTrends
from features.demand import Trends
from features.due import Due
from features.events import EventType
from features.last_items import last_items
from features.neighbours import Neighbours
from features.proposal import LIKELY_SOON, ListPolicy, Wishes
from features.repurchase import RepurchaseModel
from features.retrievers import Blocked
from features.seen import Persons, Seen
from features.sparse_rows import kept_entries, largest
from features.unfinished import unfinished

DEFAULT_SOURCES: Final = (
    Source.UNFINISHED,
    Source.DUE_AGAIN,
    Source.OWN_HISTORY,
    Source.NEAR_USER,
    Source.BOUGHT_TOGETHER,
    Source.CONTENT,
    Source.NEAR_ITEMS,
    Source.TRENDING_IN_CATEGORY,
    Source.TRENDING_IN_COUNTRY,
    Source.TRENDING,
    Source.NEW_ARRIVAL,
    Source.TRENDING_NOW,
)
"""Who names candidates where a placement does not say: the most personal first."""

_LOOKED: Final = (EventType.VIEW.code, EventType.CLICK.code)


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Everything that names candidates and is no model; None where a bundle does not have it.

    Parameters
    ----------
    budgets : Budgets
        How many items each source may name.
    baskets : Neighbours or None
        What is bought together.
    content : Neighbours or None
        What is alike by what it is.
    categories : CategoryTrends or None
        What is trending in each category.
    repurchase : RepurchaseModel or None
        When people buy again what they have bought.
    arrivals : Arrivals or None
        What the shop has not had for long.
    """

    budgets: Budgets = field(default_factory=Budgets)
    baskets: Neighbours | None = None
    content: Neighbours | None = None
    categories: CategoryTrends | None = None
    repurchase: RepurchaseModel | None = None
    arrivals: Arrivals | None = None

    @classmethod
    def stored(cls) -> tuple[str, ...]:
        """Name the parts that a bundle holds as groups of arrays."""
        return tuple(one.name for one in fields(cls) if one.name != "budgets")

    def arrays(self) -> dict[str, dict[str, NDArray[Any]]]:
        """Give each part's arrays, by the part's name."""
        parts = {name: getattr(self, name) for name in self.stored()}
        return {name: part.arrays() for name, part in parts.items() if part is not None}

    @classmethod
    def from_arrays(
        cls, groups: Mapping[str, Mapping[str, NDArray[Any]]], *, budgets: Budgets
    ) -> Self:
        """Build from stored arrays; a part without any is not there."""
        parts = {name: _OPENED[name](arrays) for name, arrays in groups.items() if arrays}
        return cls(budgets=budgets, **parts)

    def due(self, persons: Persons, *, as_of_s: int) -> Due | None:
        """Expect what n people buy again, where the shop has learnt how often that is."""
        if self.repurchase is None:
            return None
        return self.repurchase.due(persons.histories, as_of_s=as_of_s)

    def strengths(
        self, persons: Persons, due: Due | None, *, as_of_s: int
    ) -> dict[Source, sp.csr_array]:
        """Say how strongly each source that is about the person names which item.

        Returns
        -------
        dict of Source to csr_array of float32, shape (n, n_items)
            The first that names an item is told as its source.
        """
        wanted = persons.confidence
        n_people, n_items = wanted.shape
        found = {Source.UNFINISHED: unfinished(persons.histories, n_items=n_items, as_of_s=as_of_s)}
        if due is not None:
            found[Source.DUE_AGAIN] = due.strengths(n_people, n_items)
        found[Source.OWN_HISTORY] = wanted
        if self.baskets is not None:
            found[Source.BOUGHT_TOGETHER] = self.baskets.scores(wanted)
        if self.content is not None:
            found[Source.CONTENT] = self.content.scores(wanted)
        return found

    def named(self, asked: "Asked") -> list[Named]:
        """Ask every source that may name; the first that names an item is told as its source."""
        chosen = DEFAULT_SOURCES if asked.policy.sources is None else asked.policy.sources
        return [named for source in chosen for named in self._named(source, asked)]

    def _named(self, source: Source, asked: "Asked") -> Iterator[Named]:
        seen, depth = asked.seen, self._depth(source, asked.policy)
        if source is Source.NEAR_USER:
            for view in seen.views.values():
                yield source, view.nearest(depth, asked.blocked)
        elif source in seen.strengths or source is Source.RECENTLY_VIEWED:
            yield source, largest(asked.strengths(self, source), depth)
        elif source is Source.TRENDING_IN_CATEGORY and self.categories is not None:
            yield source, self.categories.interleaved(seen.persons.confidence, depth)
        elif source is Source.NEW_ARRIVAL and self.arrivals is not None:
            yield source, _for_all(self.arrivals.item_rows, depth, len(seen.persons))
        elif source in (Source.TRENDING, Source.TRENDING_IN_COUNTRY):
            yield source, _trending(source, asked, depth)
        elif source is Source.TRENDING_NOW and asked.wishes.trending_now is not None:
            yield source, asked.wishes.trending_now[asked.people, :depth]

    def _depth(self, source: Source, policy: ListPolicy) -> int:
        if source is Source.NEAR_USER:
            return max(self.budgets.near_user, 2 * policy.num_results)
        depth = _depths(self.budgets).get(source, self.budgets.own_history)
        # Where a placement names its sources, these few must do for the whole list.
        return depth if policy.sources is None else max(depth, policy.num_results)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the sources are asked.

    Parameters
    ----------
    seen : Seen
        A batch of people.
    people : ndarray of int64, shape (n,)
        Which of the persons asked about they are.
    trends : Trends
        What is wanted by everybody.
    blocked : Blocked
        What must not be in whose list.
    policy : ListPolicy
        What all lists keep to.
    wishes : Wishes
        Of all the persons asked about.
    """

    seen: Seen
    people: NDArray[np.int64]
    trends: Trends
    blocked: Blocked
    policy: ListPolicy
    wishes: Wishes

    def strengths(self, sources: Sources, source: Source) -> sp.csr_array:
        """Say how strongly a source that is about the person names which item.

        Of somebody whose list is narrowed to some items only these count, so that what a filter
        drops takes nobody's place.
        """
        found = self._strengths(sources, source)
        if not len(self.wishes.allowed):
            return found
        is_narrow = np.array([self.wishes.allowed[person] is not None for person in self.people])
        owner = np.repeat(np.arange(len(is_narrow)), np.diff(found.indptr))
        return kept_entries(found, ~(is_narrow[owner] & self.blocked.marks[owner, found.indices]))

    def _strengths(self, sources: Sources, source: Source) -> sp.csr_array:
        persons = self.seen.persons
        n_items = persons.confidence.shape[1]
        if source is Source.RECENTLY_VIEWED:
            looked = np.isin(persons.histories.event_types, _LOOKED)
            viewed, depth = persons.histories.select(looked), sources.budgets.own_history
            return last_items(viewed, n_items=n_items, most=max(depth, self.policy.num_results))
        found = self.seen.strengths[source]
        if source is Source.DUE_AGAIN:
            return kept_entries(found, found.data >= LIKELY_SOON)
        baskets = self.wishes.basket_rows(self.people, n_items)
        if source is not Source.BOUGHT_TOGETHER or baskets is None or sources.baskets is None:
            return found
        # Who has nothing in the cart is asked about with all that they did.
        is_empty = sp.diags_array((np.diff(baskets.indptr) == 0).astype(np.float32))
        return sources.baskets.scores(sp.csr_array(baskets + is_empty @ persons.confidence))


@cache
def _depths(budgets: Budgets) -> dict[Source, int]:
    return budgets.by_source()


def _trending(source: Source, asked: Asked, depth: int) -> NDArray[np.int32]:
    trends, rows = asked.trends, asked.seen.trend_rows
    if source is Source.TRENDING:
        return _for_all(trends.top[-1], depth, len(asked.people))
    is_known = np.asarray(rows) < len(trends.countries)
    return np.where(is_known[:, None], trends.top[rows, :depth], -1).astype(np.int32)


def _for_all(item_rows: NDArray[np.int32], depth: int, n: int) -> NDArray[np.int32]:
    first = item_rows[:depth]
    return np.broadcast_to(first, (n, len(first)))


_OPENED: Final[dict[str, Callable[[Mapping[str, NDArray[Any]]], Any]]] = {
    "baskets": Neighbours.from_arrays,
    "content": Neighbours.from_arrays,
    "categories": CategoryTrends.from_arrays,
    "repurchase": RepurchaseModel.from_arrays,
    "arrivals": Arrivals.from_arrays,
}
"""How each stored part is opened."""
