"""Similar items: what somebody who looks at these may want instead or as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from features.candidates import Source
from features.item_index import ItemIndex
from features.lists import Lists

_WELL_KNOWN: Final = 0.9
"""The quantile of the vectors' lengths that stands for an item with evidence enough."""
_SHRINKAGE: Final = 0.1
_NOTHING: Final = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class SimilarItems:
    """Look up items by items: by the angle between their vectors, else by their category.

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
    """

    index: ItemIndex
    category_rows: NDArray[np.int32]
    recommendable: NDArray[np.bool_]
    popular: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        item_vectors: NDArray[np.float32],
        *,
        categories: Sequence[str | None],
        recommendable: NDArray[np.bool_],
        popular: NDArray[np.int32],
        budget_ms: float,
    ) -> Self:
        """Prepare the lookup for a model's item vectors and the catalogue's categories."""
        names = {name: row for row, name in enumerate(sorted({one for one in categories if one}))}
        rows = np.array([names.get(one or "", -1) for one in categories], dtype=np.int32)
        index = ItemIndex.build(
            directions(item_vectors), findable=recommendable, budget_ms=budget_ms
        )
        return cls(index, rows, recommendable, popular)

    def similar(
        self,
        seeds: Sequence[NDArray[np.integer]],
        *,
        num_results: int,
        excluded: Sequence[NDArray[np.integer]] | None = None,
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
        """
        n_items = len(self.recommendable)
        blocked = np.zeros((len(seeds), n_items), dtype=np.bool_)
        for place, group in enumerate(seeds):
            blocked[place, group] = True
            if excluded is not None:
                blocked[place, excluded[place]] = True
        n_blocked = blocked.sum(axis=1)
        blocked |= ~self.recommendable
        means = [self.index.vectors[group].mean(axis=0) for group in seeds]
        queries = np.array(means).reshape(len(seeds), self.index.vectors.shape[1])
        lengths = np.linalg.norm(queries, axis=1, keepdims=True)
        queries = (queries / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        found = self.index.search_unblocked(
            queries, num_results, blocked=blocked, n_blocked=n_blocked
        )
        found[~queries.any(axis=1)] = -1
        cosines = np.matmul(self.index.vectors[found], queries[:, :, None])[:, :, 0]
        # An item that points elsewhere is no more similar than a stranger.
        scores = np.where((found >= 0) & (cosines > 0), cosines, -np.inf)
        sources = np.full(found.shape, Source.SIMILAR.code, dtype=np.uint8)
        lists = Lists.best(found, scores, sources, num_results=num_results)
        for place in lists.short:
            self._fill(lists, place, seeds[place], blocked[place])
        return lists

    def _fill(
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
        lists.fill(place, free, Source.POPULAR)


def directions(item_vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale item vectors towards length 1, the less the less is known of an item.

    An item's vector is as long as there is evidence for it. The mere angle lets an item that one
    person bought be the nearest to everything that person bought; shrinking the short ones takes
    that away, as shrinking correlations by their support does (Koren 2008, section 2.2).

    Parameters
    ----------
    item_vectors : ndarray of float32, shape (n_items, d)
        As a model learnt them.

    Returns
    -------
    ndarray of float32, shape (n_items, d)
        Lengths below 1; zeros where next to nothing is known.

    Examples
    --------
    >>> directions(np.array([[9, 0], [0, 1], [0, 0.01]], dtype=np.float32)).round(2).tolist()
    [[0.9200000166893005, 0.0], [0.0, 0.5699999928474426], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(item_vectors, axis=1, keepdims=True)
    usual = float(np.quantile(lengths, _WELL_KNOWN)) if len(lengths) else 0.0
    known = lengths > _NOTHING * usual
    scaled = item_vectors / np.where(known, lengths + _SHRINKAGE * usual, 1)
    return np.where(known, scaled, 0).astype(np.float32)
