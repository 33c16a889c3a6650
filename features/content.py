"""Side features: what an item or a person is like, apart from what anybody did."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from features.catalog import CATEGORY_SEPARATOR


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMatrix:
    """Which rows have which features.

    Parameters
    ----------
    matrix : csr_array of float32, shape (n_rows, n_features)
        1 where the row has the feature; a row may have none.
    names : tuple of str, length n_features
        What each column means, such as ``"brand=Acme"``; sorted within each kind.
    """

    matrix: sp.csr_array
    names: tuple[str, ...]


def item_features(items: pa.Table) -> FeatureMatrix:
    """Describe items by each level of their category, their brand and their price band.

    A price band doubles: a lamp for 12 shares its band with everything from 8 to below 16, in
    every catalogue and at every time.

    Parameters
    ----------
    items : pyarrow.Table
        The columns `category`, `brand` and `price` of `catalog.ITEM_SCHEMA`, one row per item.

    Returns
    -------
    FeatureMatrix
        Row i describes row i of the table.

    Examples
    --------
    >>> lamp = {"category": "Home > Lamps", "brand": None, "price": 12.0}
    >>> item_features(pa.Table.from_pylist([lamp])).names
    ('category=Home', 'category=Home > Lamps', 'price=8..16')
    """
    # Nothing to double from: a price of nought or below says no more than a missing one.
    price = pc.if_else(pc.greater(items["price"], 0), items["price"], None)
    return _side_by_side(
        _one_hot(items["category"].cast(pa.string()), _category_levels),
        _one_hot(items["brand"].cast(pa.string()), lambda brand: _named("brand", brand)),
        _one_hot(pc.floor(pc.log2(price.cast(pa.float64()))), _price_band),
    )


def user_features(users: pa.Table) -> FeatureMatrix:
    """Describe people by their country.

    Parameters
    ----------
    users : pyarrow.Table
        The column `country` of `catalog.USER_SCHEMA`, one row per person.

    Returns
    -------
    FeatureMatrix
        Row i describes row i of the table.
    """
    return _one_hot(users["country"].cast(pa.string()), lambda country: _named("country", country))


def _category_levels(path: str) -> list[str]:
    levels = [level for level in path.split(CATEGORY_SEPARATOR) if level.strip()]
    ends = range(1, len(levels) + 1)
    return [f"category={CATEGORY_SEPARATOR.join(levels[:end])}" for end in ends]


def _named(kind: str, value: str) -> list[str]:
    return [f"{kind}={value}"] if value.strip() else []


def _price_band(exponent: float) -> list[str]:
    return [f"price={2**exponent:g}..{2 ** (exponent + 1):g}"]


def _one_hot(column: pa.ChunkedArray, features_of: Callable[[Any], list[str]]) -> FeatureMatrix:
    encoded = pc.dictionary_encode(column).combine_chunks()
    of_value = [features_of(value) for value in encoded.dictionary.to_pylist()]
    names = sorted({name for features in of_value for name in features})
    place = {name: at for at, name in enumerate(names)}
    indptr = np.cumsum([0, *(len(features) for features in of_value)])
    columns = [place[name] for features in of_value for name in features]
    values = sp.csr_array(
        (np.ones(len(columns), dtype=np.float32), columns, indptr),
        shape=(len(of_value), len(names)),
    )
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(codes >= 0)
    picks = sp.csr_array(
        (np.ones(len(rows), dtype=np.float32), (rows, codes[rows])),
        shape=(len(codes), len(of_value)),
    )
    return FeatureMatrix(sp.csr_array(picks @ values), tuple(names))


def _side_by_side(*parts: FeatureMatrix) -> FeatureMatrix:
    matrix = sp.hstack([part.matrix for part in parts], format="csr", dtype=np.float32)
    return FeatureMatrix(matrix, tuple(name for part in parts for name in part.names))
