"""Side features: what an item or a person is like, apart from what anybody did."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from numpy.typing import NDArray

from features.catalog import CATEGORY_SEPARATOR

_WORD: Final = re.compile(r"[^\W_]+")
# They are in titles of every kind; what they mean is left to the words beside them.
_SAY_NOTHING: Final = frozenset(
    ("an", "and", "at", "by", "de", "for", "from", "in", "la", "of", "on", "the", "to", "with")
)
_FEWEST_TITLES: Final = 2
"""A word of one title likens it to no other."""
_MOST_WORDS: Final = 5_000
_FEWEST_LETTERS: Final = 2
_SHORTEST_PART: Final = 4
"""Of a word that is put together: "cake" and "stand", but not "car" and "pet"."""
_TITLE: Final = "title="


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
    """Describe items by their category's levels, their brand, price band and title's words.

    A price band doubles: a lamp for 12 shares its band with everything from 8 to below 16, in
    every catalogue and at every time. A word counts where two titles or more have it, in the
    singular, and is one of the 5,000 most frequent; numbers and words such as "with" do not.

    Parameters
    ----------
    items : pyarrow.Table
        The columns `category`, `brand`, `price` and `title` of `catalog.ITEM_SCHEMA`, one row
        per item.

    Returns
    -------
    FeatureMatrix
        Row i describes row i of the table.

    Examples
    --------
    >>> lamp = {"category": "Home > Lamps", "brand": None, "price": 12.0, "title": "Desk lamp"}
    >>> lamps = [lamp, lamp | {"title": "2 lamps for the wall"}]
    >>> item_features(pa.Table.from_pylist(lamps)).names
    ('category=Home', 'category=Home > Lamps', 'price=8..16', 'title=lamp')
    """
    # Nothing to double from: a price of nought or below says no more than a missing one.
    price = pc.if_else(pc.greater(items["price"], 0), items["price"], None)
    return _side_by_side(
        _one_hot(items["category"].cast(pa.string()), _category_levels),
        _named_values(items, "brand"),
        _one_hot(pc.floor(pc.log2(price.cast(pa.float64()))), _price_band),
        _frequent(_taken_apart(_one_hot(items["title"].cast(pa.string()), _title_words))),
    )


def user_features(users: pa.Table) -> FeatureMatrix:
    """Describe people by what each column says of them, such as their country.

    Parameters
    ----------
    users : pyarrow.Table
        Columns of text, such as `country` of `catalog.USER_SCHEMA`; one row per person.

    Returns
    -------
    FeatureMatrix
        Row i describes row i of the table.

    Examples
    --------
    >>> user_features(pa.table({"country": ["NZ"], "lifecycle": ["new"]})).names
    ('country=NZ', 'lifecycle=new')
    """
    return _side_by_side(*(_named_values(users, name) for name in users.column_names))


def _named_values(table: pa.Table, kind: str) -> FeatureMatrix:
    return _one_hot(table[kind].cast(pa.string()), lambda value: _named(kind, value))


def _category_levels(path: str) -> list[str]:
    levels = [level for level in path.split(CATEGORY_SEPARATOR) if level.strip()]
    ends = range(1, len(levels) + 1)
    return [f"category={CATEGORY_SEPARATOR.join(levels[:end])}" for end in ends]


def _named(kind: str, value: str) -> list[str]:
    return [f"{kind}={value}"] if value.strip() else []


def _price_band(exponent: float) -> list[str]:
    return [f"price={2**exponent:g}..{2 ** (exponent + 1):g}"]


def _title_words(title: str) -> list[str]:
    found = {_singular(word) for word in _WORD.findall(title.lower()) if word not in _SAY_NOTHING}
    telling = {word for word in found if len(word) >= _FEWEST_LETTERS and not word.isdigit()}
    return [f"{_TITLE}{word}" for word in sorted(telling)]


def _singular(word: str) -> str:
    """Take off a plural's s, in the languages that have one: "lamps", but "glass" and "gas"."""
    is_plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))  # noqa: PLR2004
    return word[:-1] if is_plural else word


def _taken_apart(words: FeatureMatrix) -> FeatureMatrix:
    """Put two words for one where both are more usual: a "cakestand" is a "cake stand"."""
    n_rows = np.bincount(words.matrix.indices, minlength=len(words.names))
    place = {name: at for at, name in enumerate(words.names)}
    meant = [_parts(at, words.names, place, n_rows) for at in range(len(words.names))]
    indptr = np.cumsum([0, *(len(parts) for parts in meant)])
    columns = np.array([part for parts in meant for part in parts], dtype=np.int64)
    means = sp.csr_array(
        (np.ones(len(columns), dtype=np.float32), columns, indptr), shape=(len(place), len(place))
    )
    matrix = sp.csr_array(words.matrix @ means)
    matrix.data[:] = 1
    return FeatureMatrix(matrix, words.names)


def _parts(
    at: int, names: Sequence[str], place: Mapping[str, int], n_rows: NDArray[np.int64]
) -> list[int]:
    word = names[at].removeprefix(_TITLE)
    for cut in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
        parts = [place.get(f"{_TITLE}{part}", at) for part in (word[:cut], word[cut:])]
        if min(n_rows[parts]) > n_rows[at]:
            return parts
    return [at]


def _frequent(features: FeatureMatrix) -> FeatureMatrix:
    """Leave out the features of too few rows to liken them, and the rarest of too many."""
    n_rows = np.bincount(features.matrix.indices, minlength=len(features.names))
    order = np.argsort(-n_rows, kind="stable")[:_MOST_WORDS]
    kept = np.sort(order[n_rows[order] >= _FEWEST_TITLES])
    return FeatureMatrix(features.matrix[:, kept], tuple(features.names[at] for at in kept))


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
