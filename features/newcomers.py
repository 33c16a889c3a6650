"""Newcomers: where items belong that came after the training, by what the shop says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from numpy.typing import NDArray

from features.catalog import Catalogue, category_levels

_DOUBTED_ITEMS: Final = 3.0
"""How many items a category, or a brand in it, needs before its mean is believed by half."""
_NONE: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Newcomers:
    """The items behind those that a bundle was trained on, and whom they are like.

    Parameters
    ----------
    n_trained : int
        Items that the training knew; the new ones have the rows behind them.
    relatives : csr_array of float32, shape (n_groups, n_trained)
        The weights of the trained items in the mean of each category and brand. They sum to
        less than 1, the less the fewer items there are.
    groups : ndarray of int64, shape (n_new,)
        Row of `relatives` of each new item.
    twins : ndarray of int64, shape (n_new,)
        A trained item with the very same category; -1 where there is none.
    categories : ndarray of int64, shape (n_new,)
        Numbers the categories that the new items are in; -1 where one has none.
    prices : ndarray of float64, shape (n_new,)
        What they cost; NaN where it is not known.
    arrivals : ndarray of int32, shape (at most n_new,)
        Rows of those that may be shown, the latest released first.
    """

    n_trained: int
    relatives: sp.csr_array
    groups: NDArray[np.int64]
    twins: NDArray[np.int64]
    categories: NDArray[np.int64]
    prices: NDArray[np.float64]
    arrivals: NDArray[np.int32]

    @classmethod
    def of(cls, catalogue: Catalogue, *, n_trained: int) -> Self:
        """Find whom the items of a catalogue that were not trained on are like.

        Parameters
        ----------
        catalogue : Catalogue
            The trained items and those behind them.
        n_trained : int
            How many the training knew; at least one more is in the catalogue.
        """
        trained = _Trained.of(catalogue, n_trained)
        new = catalogue.table.slice(n_trained)
        paths, brands = new["category"].to_pylist(), new["brand"].to_pylist()
        kinds = list(dict.fromkeys(zip(paths, brands, strict=True)))
        place = {kind: row for row, kind in enumerate(kinds)}
        twin = {path: trained.twin(path) for path in dict.fromkeys(paths)}
        number = {path: row for row, path in enumerate(path for path in twin if path)}
        return cls(
            n_trained=n_trained,
            relatives=trained.relatives(kinds),
            groups=np.array([place[kind] for kind in zip(paths, brands, strict=True)]),
            twins=np.array([twin[path] for path in paths]),
            categories=np.array([number.get(path, _NONE) for path in paths]),
            prices=new["price"].cast(pa.float64()).to_numpy(),
            arrivals=_latest_first(catalogue, n_trained),
        )

    def __len__(self) -> int:
        return len(self.groups)

    def means(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Place each newcomer in the middle of its relatives.

        Parameters
        ----------
        values : ndarray of float32, shape (n_trained, d)
            Of the trained items.

        Returns
        -------
        ndarray of float32, shape (n_new, d)
            Zeros where there are no relatives.
        """
        means: NDArray[np.float32] = (self.relatives @ values)[self.groups]
        return means

    def usual(self, rows: NDArray[np.integer]) -> NDArray[np.integer]:
        """Name the category that each newcomer's twin is in, else most of its relatives.

        Parameters
        ----------
        rows : ndarray of int, shape (n_trained,)
            The trained items' categories by any numbering; -1 for none.

        Returns
        -------
        ndarray of int, shape (n_new,)
            -1 where nobody tells.
        """
        most = np.full(self.relatives.shape[0], _NONE, dtype=rows.dtype)
        for group in range(len(most)):
            start, stop = self.relatives.indptr[group : group + 2]
            known = rows[self.relatives.indices[start:stop]]
            most[group] = _most_frequent(known[known != _NONE])
        return np.where(self.twins >= 0, rows[self.twins], most[self.groups])

    def numbered(self, rows: NDArray[np.integer]) -> NDArray[np.integer]:
        """Name the category that each newcomer's twin is in, else a new one of its own category.

        Parameters
        ----------
        rows : ndarray of int, shape (n_trained,)
            The trained items' categories by their whole paths; -1 for none.
        """
        fresh = np.where(self.categories >= 0, rows.max(initial=_NONE) + 1 + self.categories, _NONE)
        return np.where(self.twins >= 0, rows[self.twins], fresh)


@dataclass(frozen=True, slots=True, eq=False)
class _Trained:
    """The trained items by their categories and brands.

    Parameters
    ----------
    paths : dict of str to int
        The number of each category path.
    path_rows, brand_rows : ndarray of int, shape (n_trained,)
        The number of each item's path and brand; -1 for none.
    brands : dict of str to int
        The number of each brand.
    shown : ndarray of bool, shape (n_trained,)
        Items that may be shown.
    """

    paths: dict[str, int]
    path_rows: NDArray[np.int64]
    brands: dict[str, int]
    brand_rows: NDArray[np.int64]
    shown: NDArray[np.bool_]

    @classmethod
    def of(cls, catalogue: Catalogue, n_trained: int) -> Self:
        known = catalogue.table.slice(0, n_trained)
        return cls(
            *_numbers(known["category"]),
            *_numbers(known["brand"]),
            shown=catalogue.recommendable[:n_trained],
        )

    def twin(self, path: str | None) -> int:
        """Find an item of the very same category."""
        number = self.paths.get(path or "", _NONE)
        return int(np.argmax(self.path_rows == number)) if number != _NONE else _NONE

    def relatives(self, kinds: Sequence[tuple[str | None, str | None]]) -> sp.csr_array:
        """Weigh the items that may be shown in the mean of each category and brand."""
        levels: dict[str, list[int]] = {}
        for path, number in self.paths.items():
            for level in category_levels(path):
                levels.setdefault(level, []).append(number)
        near = {path: self._near(path, levels) for path in dict.fromkeys(one for one, _ in kinds)}
        rows = [near[path] for path, _ in kinds]
        weights = [self._weights(one, brand) for one, (_, brand) in zip(rows, kinds, strict=True)]
        indptr = np.cumsum([0, *map(len, rows)])
        parts = (np.concatenate(weights), np.concatenate(rows), indptr)
        return sp.csr_array(parts, shape=(len(kinds), len(self.shown)))

    def _near(self, path: str | None, levels: dict[str, list[int]]) -> NDArray[np.int64]:
        """Find the items of the deepest level that has any."""
        for level in reversed(category_levels(path)):
            rows = np.flatnonzero(np.isin(self.path_rows, levels.get(level, [])) & self.shown)
            if len(rows):
                return rows
        return np.empty(0, dtype=np.int64)

    def _weights(self, rows: NDArray[np.int64], brand: str | None) -> NDArray[np.float32]:
        """Draw the brand's mean towards the category's, and that towards nought."""
        is_brand = self.brand_rows[rows] == self.brands.get(brand or "", len(self.brands))
        by_half = is_brand.sum() + _DOUBTED_ITEMS
        of_category = _DOUBTED_ITEMS / by_half / (len(rows) + _DOUBTED_ITEMS)
        weights: NDArray[np.float32] = (of_category + is_brand / by_half).astype(np.float32)
        return weights


def _numbers(column: pa.ChunkedArray) -> tuple[dict[str, int], NDArray[np.int64]]:
    encoded = pc.dictionary_encode(column.cast(pa.string())).combine_chunks()
    rows = encoded.indices.fill_null(_NONE).to_numpy(zero_copy_only=False).astype(np.int64)
    return {name: row for row, name in enumerate(encoded.dictionary.to_pylist())}, rows


def _most_frequent(rows: NDArray[np.integer]) -> int:
    return int(np.bincount(rows).argmax()) if len(rows) else _NONE


def _latest_first(catalogue: Catalogue, n_trained: int) -> NDArray[np.int32]:
    shown = np.flatnonzero(catalogue.recommendable[n_trained:]) + n_trained
    released = catalogue.table["released_at"].take(pa.array(shown)).cast(pa.int64())
    # Without a date an item is as new as it can be: the shop has only just told of it.
    undated = np.iinfo(np.int64).max
    order = np.lexsort((-shown, released.fill_null(undated).to_numpy()))[::-1]
    return shown[order].astype(np.int32)
