"""Similar items: what somebody who looks at these may want instead or as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.candidates import Source
from features.directions import directions
from features.errors import InvalidInput
from features.item_index import ItemIndex
from features.kinds import Kind, as_alternatives, as_complements
from features.lists import Lists
from features.neighbours import Neighbours
from features.sparse_rows import largest


@dataclass(frozen=True, slots=True, eq=False)
class SimilarItems:
    """Look up items by items, of any kind, those wanted instead, or those wanted as well.

    Of any kind are the nearest by the angle between their vectors, else those of the same
    category, else what is popular. Of the other kinds a list holds only what `features.kinds`
    means by them, and alternatives may be filled with the same category; so it may be short.

    Parameters
    ----------
    index : ItemIndex
        Of the item vectors' directions (`directions`).
    category_rows : ndarray of int32, shape (n_items,)
        Which category each item is in; -1 where it has none.
    recommendable : ndarray of bool, shape (n_items,)
        Items that may be shown.
    popular : ndarray of int32, shape (n_recommendable,)
        Those items, the most wanted first.
    content, baskets : Neighbours, optional
        What each item is alike to and bought together with; None in a bundle that was made
        before there were kinds.
    """

    index: ItemIndex
    category_rows: NDArray[np.int32]
    recommendable: NDArray[np.bool_]
    popular: NDArray[np.int32]
    content: Neighbours | None = None
    baskets: Neighbours | None = None

    @classmethod
    def of(
        cls,
        item_vectors: NDArray[np.float32],
        *,
        categories: Sequence[str | None],
        recommendable: NDArray[np.bool_],
        popular: NDArray[np.int32],
        budget_ms: float,
        content: Neighbours | None = None,
        baskets: Neighbours | None = None,
    ) -> Self:
        """Prepare the lookup for a model's item vectors and the catalogue's categories."""
        names = {name: row for row, name in enumerate(sorted({one for one in categories if one}))}
        rows = np.array([names.get(one or "", -1) for one in categories], dtype=np.int32)
        index = ItemIndex.build(
            directions(item_vectors), findable=recommendable, budget_ms=budget_ms
        )
        return cls(index, rows, recommendable, popular, content, baskets)

    @property
    def knows_kinds(self) -> bool:
        """Whether there are lists of another kind than any."""
        return self.content is not None and self.baskets is not None

    def similar(
        self,
        seeds: Sequence[NDArray[np.integer]],
        *,
        num_results: int,
        excluded: Sequence[NDArray[np.integer]] | None = None,
        kind: Kind = "any",
    ) -> Lists:
        """Make a list for each group of items.

        Parameters
        ----------
        seeds : sequence of n ndarrays of int
            Item rows; each list is about one group and holds none of it.
        num_results : int
            Items wanted in each list.
        excluded : sequence of n ndarrays of int, optional
            Further item rows that must not be in the list.
        kind : {"any", "alternatives", "complements"}
            What the items are wanted for.

        Raises
        ------
        InvalidInput
            Nothing is known of this kind (see `knows_kinds`).
        """
        left_out = np.zeros((len(seeds), len(self.recommendable)), dtype=np.bool_)
        for place, group in enumerate(seeds):
            left_out[place, group] = True
            if excluded is not None:
                left_out[place, excluded[place]] = True
        if kind == "any":
            return self._nearest(seeds, num_results, left_out)
        return self._of_kind(kind, seeds, num_results, left_out)

    def _nearest(
        self,
        seeds: Sequence[NDArray[np.integer]],
        num_results: int,
        left_out: NDArray[np.bool_],
    ) -> Lists:
        blocked = left_out | ~self.recommendable
        queries = self._queries(seeds)
        found = self.index.search_unblocked(queries, num_results, blocked=blocked)
        found[~queries.any(axis=1)] = -1
        cosines = np.matmul(self.index.vectors[found], queries[:, :, None])[:, :, 0]
        # An item that points elsewhere is no more similar than a stranger.
        scores = np.where((found >= 0) & (cosines > 0), cosines, -np.inf)
        sources = np.full(found.shape, Source.SIMILAR.code, dtype=np.uint8)
        lists = Lists.best(found, scores, sources, num_results=num_results)
        for place in lists.short:
            self._fill_category(lists, place, seeds[place], blocked[place])
            lists.fill(place, self.popular[~blocked[place, self.popular]], Source.POPULAR)
        return lists

    def _of_kind(
        self,
        kind: Kind,
        seeds: Sequence[NDArray[np.integer]],
        num_results: int,
        left_out: NDArray[np.bool_],
    ) -> Lists:
        if self.content is None or self.baskets is None:
            raise InvalidInput(
                f"nothing is known of {kind}; train again, or ask for similar items of any kind"
            )
        free = ~left_out & self.recommendable
        content, baskets = _to_groups(self.content, seeds), _to_groups(self.baskets, seeds)
        if kind == "complements":
            sources = np.full(free.shape, Source.BOUGHT_TOGETHER.code, dtype=np.uint8)
            return _best(as_complements(content, baskets) * free, sources, num_results)
        taste, known = self._tastes(self._queries(seeds), content > 0)
        scores = as_alternatives(content, baskets, taste=taste, known=known)
        sources = np.where(taste > 0, Source.SIMILAR.code, Source.CONTENT.code).astype(np.uint8)
        lists = _best(scores * free, sources, num_results)
        # What is bought along and not alike is a complement, of whatever category.
        blocked = ~free | (baskets > 0)
        for place in lists.short:
            self._fill_category(lists, place, seeds[place], blocked[place])
        return lists

    def _queries(self, seeds: Sequence[NDArray[np.integer]]) -> NDArray[np.float32]:
        """Point to the middle of each group, with length 1; zeros where nothing is known of it."""
        means = [self.index.vectors[group].mean(axis=0) for group in seeds]
        queries = np.array(means).reshape(len(seeds), self.index.vectors.shape[1])
        lengths = np.linalg.norm(queries, axis=1, keepdims=True)
        return (queries / np.where(lengths > 0, lengths, 1)).astype(np.float32)

    def _tastes(
        self, queries: NDArray[np.float32], wanted: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give the wanted items' cosines to the queries, and how far each can be trusted."""
        taste = np.zeros(wanted.shape, dtype=np.float32)
        known = np.zeros(wanted.shape, dtype=np.float32)
        places, items = np.nonzero(wanted)
        vectors = self.index.vectors[items]
        taste[places, items] = (vectors * queries[places]).sum(axis=1)
        # A direction is as long as its item is known, and a query is either known or zeros.
        known_queries = np.linalg.norm(queries, axis=1)
        known[places, items] = np.linalg.norm(vectors, axis=1) * known_queries[places]
        return taste, known

    def _fill_category(
        self,
        lists: Lists,
        place: int,
        seeds: NDArray[np.integer],
        blocked: NDArray[np.bool_],
    ) -> None:
        free = self.popular[~blocked[self.popular]]
        wanted = self.category_rows[seeds]
        same = np.isin(self.category_rows[free], wanted[wanted >= 0])
        lists.fill(place, free[same], Source.SAME_CATEGORY)


def _to_groups(neighbours: Neighbours, seeds: Sequence[NDArray[np.integer]]) -> NDArray[np.float32]:
    """Tell how near every item is to the nearest of each group, shape (n, n_items)."""
    nearest = np.zeros((len(seeds), neighbours.similarity.shape[1]), dtype=np.float32)
    every = np.concatenate([*seeds, np.empty(0, dtype=np.int64)]).astype(np.int64)
    place = np.repeat(np.arange(len(seeds)), [len(group) for group in seeds])
    found = sp.coo_array(neighbours.similarity[every])
    np.maximum.at(nearest, (place[found.row], found.col), found.data)
    return nearest


def _best(scores: NDArray[np.float32], sources: NDArray[np.uint8], num_results: int) -> Lists:
    """Make lists of the items that score above 0, arrays of the shape (n, n_items)."""
    rows = largest(sp.csr_array(scores), num_results)
    best = np.where(rows >= 0, np.take_along_axis(scores, rows, axis=1), -np.inf)
    chosen = np.take_along_axis(sources, rows, axis=1)
    return Lists(rows, best.astype(np.float32), np.where(rows >= 0, chosen, Source.POPULAR.code))
