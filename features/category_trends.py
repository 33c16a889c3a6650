"""Trending by category: what is most wanted among the things that a person cares for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pyarrow.compute as pc
import scipy.sparse as sp
from numpy.typing import NDArray

from features.catalog import Catalogue, category_levels
from features.demand import Demand
from features.sparse_rows import NOBODY, largest
from features.weights import ConfidenceWeights

NO_CATEGORY: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class CategoryTrends:
    """The most wanted items of each category.

    A category is a level of a path such as "Home > Kitchen > Mugs", with everything below it.
    An item belongs to the deepest level of its path that has enough items to choose from, and
    to the first level where none has.

    Parameters
    ----------
    category_rows : ndarray of int32, shape (n_items,)
        The category that each item belongs to; -1 where it has none.
    top : ndarray of int32, shape (n_categories, n_top)
        Items that may be shown and that somebody wants, best first; -1 where there are fewer.
    """

    category_rows: NDArray[np.int32]
    top: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        demand: Demand,
        catalogue: Catalogue,
        *,
        weights: ConfidenceWeights,
        as_of_s: int,
        n_top: int = 50,
        least_items: int = 20,
    ) -> Self:
        """Rank the items of each category that may be shown by decayed demand.

        Parameters
        ----------
        demand : Demand
            The shop's events up to `as_of`.
        catalogue : Catalogue
            The items and their category paths.
        weights : ConfidenceWeights
            What an event of each type counts, and its half-life.
        as_of_s : int
            The moment, in seconds since 1970 UTC.
        n_top : int
            How many items of each category.
        least_items : int
            How many items that may be shown a level must have to be a category of its own.

        Raises
        ------
        FutureEventError
            An event is later than `as_of`.
        """
        shown = catalogue.recommendable
        wanted = demand.decayed(n_items=len(shown), weights=weights, as_of_s=as_of_s)[-1]
        levels = _levels(catalogue)
        sizes = levels.T @ shown.astype(np.int64)
        # Levels stand in each row from the first to the deepest.
        lengths = np.diff(levels.indptr)
        is_first = np.zeros(len(levels.indices), dtype=np.bool_)
        is_first[levels.indptr[:-1][lengths > 0]] = True
        is_enough = is_first | (sizes[levels.indices] >= least_items)
        item = np.repeat(np.arange(len(shown)), lengths)
        chosen = np.full(len(shown), NO_CATEGORY, dtype=np.int64)
        # The deepest level is the largest: a level is numbered after those above it.
        np.maximum.at(chosen, item[is_enough], levels.indices[is_enough])
        categories = np.unique(chosen[chosen != NO_CATEGORY])
        rows = np.full(levels.shape[1] + 1, NO_CATEGORY, dtype=np.int32)  # the last is for -1
        rows[categories] = np.arange(len(categories))
        demanded = levels.multiply((wanted * shown)[:, None]).tocsc()[:, categories]
        by_category = sp.csr_array(demanded.T)
        by_category.eliminate_zeros()
        return cls(category_rows=rows[chosen], top=largest(by_category, n_top))

    def interleaved(
        self, confidence: sp.csr_array, depth: int, *, n_categories: int = 3
    ) -> NDArray[np.int32]:
        """Name what is trending in the categories that each person has shown most for.

        The best item of the best category comes first, then the best of the second, and so on;
        a category that has run out leaves its turn to the next.

        Parameters
        ----------
        confidence : csr_array of float32, shape (n, n_items)
            What each person has shown.
        depth : int
            How many items at most.
        n_categories : int
            How many categories of each person.

        Returns
        -------
        ndarray of int32, shape (n, depth)
            Items, each at most once in a row; -1 where there are fewer.
        """
        n, (n_known, n_top) = confidence.shape[0], self.top.shape
        if not n_known:
            return np.full((n, depth), NOBODY, dtype=np.int32)
        rows = self.category_rows[confidence.indices]
        known = rows != NO_CATEGORY
        before = np.concatenate(([0], np.cumsum(known)))
        parts = (confidence.data[known], rows[known], before[confidence.indptr])
        interest = sp.csr_array(parts, shape=(n, n_known))
        interest.sum_duplicates()
        favourites = largest(interest, n_categories)
        theirs = np.where(favourites[:, :, None] >= 0, self.top[favourites], NOBODY)
        in_turn = theirs.transpose(0, 2, 1).reshape(n, n_top * n_categories)
        return _packed(_once(in_turn), depth)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give `category_rows` and `top`, for storage."""
        return {"category_rows": self.category_rows, "top": self.top}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from what `arrays` gave."""
        return cls(category_rows=arrays["category_rows"], top=arrays["top"])


def _levels(catalogue: Catalogue) -> sp.csr_array:
    """Mark the levels of each item's path, shape (n_items, n_levels), first to deepest in a row."""
    encoded = catalogue.table["category"].combine_chunks().dictionary_encode()
    names = sorted(
        {level for path in encoded.dictionary.to_pylist() for level in category_levels(path)}
    )
    # A level's name begins with the names above it, so that sorting puts it after them.
    place = {name: row for row, name in enumerate(names)}
    paths = [
        [place[level] for level in category_levels(path)] for path in encoded.dictionary.to_pylist()
    ]
    lengths = np.array([*map(len, paths), 0])  # the last is for items without a category
    flat = np.array([level for path in paths for level in path], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    codes = pc.fill_null(encoded.indices, len(paths)).to_numpy()
    indptr = np.concatenate(([0], np.cumsum(lengths[codes])))
    entries = np.repeat(starts[codes] - indptr[:-1], lengths[codes]) + np.arange(indptr[-1])
    marks = np.ones(len(entries), dtype=np.float32)
    return sp.csr_array((marks, flat[entries], indptr), (len(codes), len(names)))


def _once(item_rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """Blank out all but the first mention of an item in each row."""
    order = np.argsort(item_rows, axis=1, kind="stable")
    ordered = np.take_along_axis(item_rows, order, axis=1)
    repeated = np.zeros(item_rows.shape, dtype=np.bool_)
    np.put_along_axis(repeated, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    return np.where(repeated, np.int32(NOBODY), item_rows)


def _packed(item_rows: NDArray[np.int32], depth: int) -> NDArray[np.int32]:
    """Move each row's items to the front, in their order, and cut it to `depth`."""
    is_named = item_rows != NOBODY
    row, place = np.nonzero(is_named)
    rank = (np.cumsum(is_named, axis=1) - 1)[row, place]
    packed = np.full((len(item_rows), depth), NOBODY, dtype=np.int32)
    kept = rank < depth
    packed[row[kept], rank[kept]] = item_rows[row[kept], place[kept]]
    return packed
