"""Sources: what the shop's knowledge names for a person, beside what lies near in a model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.arrivals import Arrivals
from features.candidates import Budgets, Named, Source
from features.category_trends import CategoryTrends
from features.demand import Trends
from features.due import Due
from features.neighbours import Neighbours
from features.repurchase import RepurchaseModel
from features.retrievers import Blocked
from features.seen import Persons, Seen
from features.sparse_rows import kept_entries, largest
from features.unfinished import unfinished

_LIKELY_SOON: Final = 0.1
"""Below this probability of a purchase within two weeks nobody would call an item due."""

_OWN: Final[tuple[Source, ...]] = (Source.UNFINISHED, Source.DUE_AGAIN, Source.OWN_HISTORY)


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

    def named(
        self, seen: Seen, trends: Trends, blocked: Blocked, *, num_results: int
    ) -> list[Named]:
        """Ask every source; the first that names an item is told as its source."""
        budgets, wanted = self.budgets, seen.persons.confidence
        depths = budgets.by_source()
        strengths = dict(seen.strengths)
        if seen.due is not None:
            due = strengths[Source.DUE_AGAIN]
            strengths[Source.DUE_AGAIN] = kept_entries(due, due.data >= _LIKELY_SOON)
        own = {source: largest(named, depths[source]) for source, named in strengths.items()}
        near_user = max(budgets.near_user, 2 * num_results)
        named: list[Named] = [(source, own.pop(source)) for source in _OWN if source in own]
        named += [
            (Source.NEAR_USER, view.nearest(near_user, blocked)) for view in seen.views.values()
        ]
        named.extend(own.items())
        if self.categories is not None:
            trending = self.categories.interleaved(wanted, budgets.trending_in_category)
            named.append((Source.TRENDING_IN_CATEGORY, trending))
        n = len(seen.persons)
        country = trends.top[seen.trend_rows, : budgets.trending]
        is_known = np.asarray(seen.trend_rows) < len(trends.countries)
        country = np.where(is_known[:, None], country, -1).astype(np.int32)
        named.append((Source.TRENDING_IN_COUNTRY, country))
        named.append((Source.TRENDING, _for_all(trends.top[-1], budgets.trending, n)))
        if self.arrivals is not None:
            new = _for_all(self.arrivals.item_rows, budgets.new_arrivals, n)
            named.append((Source.NEW_ARRIVAL, new))
        return named


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
