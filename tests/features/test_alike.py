"""Items are alike by what the catalogue says of them, however many bought them."""

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pytest import MonkeyPatch

from features import row_blocks
from features.alike import alike
from features.catalog import ITEM_SCHEMA
from features.content import FeatureMatrix, item_features
from features.neighbours import Neighbours


def _features(dense: NDArray[np.bool_]) -> FeatureMatrix:
    names = tuple(f"title={place}" for place in range(dense.shape[1]))
    return FeatureMatrix(sp.csr_array(dense.astype(np.float32)), names)


def _some(seed: int, n_items: int = 40, n_features: int = 12) -> FeatureMatrix:
    rng = np.random.default_rng(seed)
    return _features(rng.random((n_items, n_features)) < rng.uniform(0.05, 0.6, n_features))


def _cosines(features: FeatureMatrix) -> NDArray[np.float64]:
    """Compare every item with every other, without sparse matrices."""
    dense = features.matrix.toarray().astype(float)
    n_with = dense.sum(axis=0)
    weighted = dense * np.log(len(dense) / np.maximum(n_with, 1))
    lengths = np.linalg.norm(weighted, axis=1, keepdims=True)
    unit = weighted / np.where(lengths > 0, lengths, 1)
    cosines: NDArray[np.float64] = unit @ unit.T
    np.fill_diagonal(cosines, 0)
    return cosines


@given(st.integers(0, 1000))
def test_the_neighbours_are_the_nearest_by_cosine(seed: int) -> None:
    features = _some(seed)

    found = alike(features, most=5).similarity.toarray()

    wanted = np.sort(_cosines(features), axis=1)[:, :-6:-1]
    np.testing.assert_allclose(np.sort(found, axis=1)[:, :-6:-1], wanted, atol=1e-5)


def test_blocks_of_rows_change_nothing(monkeypatch: MonkeyPatch) -> None:
    features = _some(1)
    whole = alike(features)

    monkeypatch.setattr(row_blocks, "_CELLS_AT_ONCE", 3 * 40)

    np.testing.assert_array_equal(alike(features).similarity.toarray(), whole.similarity.toarray())


def test_a_rare_word_likens_more_than_a_common_one() -> None:
    # stand, red: item 0 is a red stand, item 1 a stand, items 2 to 4 are red, item 5 is neither.
    words = np.array([[1, 1], [1, 0], [0, 1], [0, 1], [0, 1], [0, 0]], dtype=np.bool_)

    similarity = alike(_features(words)).similarity

    stand, red = np.log(6 / 2), np.log(6 / 4)
    length = np.hypot(stand, red)
    np.testing.assert_allclose(similarity[0, 1], stand / length, rtol=1e-5)
    np.testing.assert_allclose(similarity[0, 2], red / length, rtol=1e-5)


def test_what_every_item_has_likens_none() -> None:
    assert alike(_features(np.ones((4, 1), dtype=np.bool_))).similarity.nnz == 0


def test_an_item_that_nothing_is_said_of_has_no_neighbours() -> None:
    words = np.array([[1, 0], [1, 0], [0, 0]], dtype=np.bool_)

    lengths = np.diff(alike(_features(words)).similarity.indptr)

    assert lengths.tolist() == [1, 1, 0]


def test_a_new_title_finds_its_kind() -> None:
    titles = ["Red cakestand", "Cake stand, 3 tier", "Hot water bottle", "Water bottles"]
    titles += ["Fruit cake", "Plate stand"]
    rows = [dict.fromkeys(ITEM_SCHEMA.names) | {"title": title} for title in titles]
    schema = pa.schema([field.with_nullable(True) for field in ITEM_SCHEMA])

    nearest = alike(item_features(pa.Table.from_pylist(rows, schema=schema)), most=1)

    assert nearest.similarity[[0]].indices.tolist() == [1]
    assert nearest.similarity[[2]].indices.tolist() == [3]


def test_an_empty_catalogue_has_no_neighbours() -> None:
    found = alike(_features(np.zeros((0, 0), dtype=np.bool_)))

    assert isinstance(found, Neighbours)
    assert found.similarity.shape == (0, 0)
