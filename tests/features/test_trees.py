"""An ensemble gives the sums that walking its trees gives, whoever else is asked about."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InvalidInput
from features.trees import MOST_LEAVES, TreeEnsemble
from tests.planted_trees import Node, PlantedBooster, leaf, planted_trees, split
from training.compiled_trees import compiled

NAMES = ("price", "age", "colour")


def _rows(seed: int, n: int = 50) -> np.ndarray:
    """Give values of which many are equal, so that some stand at a threshold exactly."""
    return np.random.default_rng(seed).integers(-4, 5, (len(NAMES), n)).astype(np.float32)


def _walked(node: Node, values: np.ndarray) -> float:
    while "leaf_value" not in node:
        goes_left = values[node["split_feature"]] <= node["threshold"]
        node = node["left_child"] if goes_left else node["right_child"]
    return float(node["leaf_value"])


def _chain(n_leaves: int, *, to_the_left: bool) -> Node:
    """Grow the deepest tree: every split has a leaf on one side."""
    node = leaf(0.0)
    for place in range(n_leaves - 1):
        other, threshold = leaf(place + 1.0), float(place % 7 - 3)
        sides = (node, other) if to_the_left else (other, node)
        node = split(place % len(NAMES), threshold, *sides)
    return node


def test_a_tree_is_its_picture() -> None:
    # Cheap things are worth 1; of the others, new ones 10 and old ones 100.
    tree = split(0, 5.0, leaf(1.0), split(1, 30.0, leaf(10.0), leaf(100.0)))
    ensemble = compiled(PlantedBooster(NAMES, (tree,)))
    rows = np.array([[5, 6, 6, 6], [99, 30, 31, 99], [0, 0, 0, 0]], dtype=np.float32)

    assert ensemble.score(NAMES, rows).tolist() == [1, 10, 100, 100]
    assert ensemble.features == ("price", "age")


@pytest.mark.parametrize("threshold", [0.1, 0.3, -0.1, 1 / 3, 1.0, 0.0, 1e300, -1e300, 1e-60])
def test_a_value_beside_a_threshold_that_no_float32_is_goes_its_own_way(threshold: float) -> None:
    with np.errstate(over="ignore"):
        nearest = np.float32(threshold)
    beside = [nearest, np.nextafter(nearest, np.float32(9)), np.nextafter(nearest, np.float32(-9))]
    values = np.array([[one for one in beside if np.isfinite(one)]], dtype=np.float32)
    tree = split(0, threshold, leaf(1.0), leaf(2.0))

    scores = compiled(PlantedBooster(("x",), (tree,))).score(("x",), values)

    assert scores.tolist() == [2.0 if value > threshold else 1.0 for value in values[0].tolist()]


@given(st.integers(0, 10_000))
def test_an_ensemble_is_a_walk_through_its_trees(seed: int) -> None:
    rows = _rows(seed)
    rng = np.random.default_rng(seed)
    trees = tuple(_chain(int(rng.integers(1, 9)), to_the_left=bool(one % 2)) for one in range(6))
    ensemble = compiled(PlantedBooster(NAMES, trees))

    scores = ensemble.score(NAMES, rows)

    walked = [sum(_walked(tree, values) for tree in trees) for values in rows.T]
    assert scores.tolist() == walked


@pytest.mark.parametrize("to_the_left", [True, False])
@pytest.mark.parametrize("n_leaves", [1, 2, 31, MOST_LEAVES])
def test_every_leaf_can_be_reached(n_leaves: int, to_the_left: bool) -> None:
    tree = _chain(n_leaves, to_the_left=to_the_left)
    rows = _rows(3, n=2000)

    scores = compiled(PlantedBooster(NAMES, (tree,))).score(NAMES, rows)

    assert scores.tolist() == [_walked(tree, values) for values in rows.T]


def test_the_thirty_second_leaf_is_a_leaf_like_the_others() -> None:
    # Thresholds 0 to 30 part the line into 32 leaves, from left to right.
    tree = leaf(0.0)
    for place in range(MOST_LEAVES - 1):
        tree = split(0, float(place), tree, leaf(place + 1.0))
    values = np.arange(MOST_LEAVES, dtype=np.float32)

    assert compiled(PlantedBooster(("x",), (tree,))).score(("x",), values[None]).tolist() == (
        values.tolist()
    )


def test_trees_without_a_split_are_the_same_for_everything() -> None:
    ensemble = compiled(PlantedBooster(NAMES, (leaf(0.25), leaf(0.5))))

    assert ensemble.features == ()
    assert ensemble.score(NAMES, _rows(0, n=3)).tolist() == [0.25 + 0.5] * 3


@pytest.mark.parametrize("n", [0, 1, 511, 512, 513, 1500])
def test_a_row_scores_the_same_alone_and_among_others(n: int) -> None:
    rows = np.random.default_rng(n).normal(size=(len(NAMES), n)).astype(np.float32)
    ensemble = planted_trees(NAMES, rows, seed=n)

    together = ensemble.score(NAMES, rows)

    assert together.shape == (n,)
    for place in range(0, n, 97):
        assert ensemble.score(NAMES, rows[:, [place]]) == together[place]


def test_features_are_found_by_name_wherever_they_stand() -> None:
    rows = _rows(1)
    ensemble = planted_trees(NAMES, rows, seed=1)
    order = [2, 0, 1]

    others = np.vstack([rows[order], np.full((1, rows.shape[1]), np.nan, np.float32)])
    moved = ensemble.score((*(NAMES[place] for place in order), "further"), others)

    np.testing.assert_array_equal(moved, ensemble.score(NAMES, rows))


def test_a_feature_that_is_not_given_is_named_with_its_remedy() -> None:
    ensemble = compiled(PlantedBooster(NAMES, (split(1, 0.0, leaf(0.0), leaf(1.0)),)))

    with pytest.raises(InvalidInput, match=r"'age'.*run vitrine train"):
        ensemble.score(("price", "colour"), _rows(0)[:2])


def test_a_feature_that_no_tree_reads_need_not_be_given() -> None:
    ensemble = compiled(PlantedBooster(NAMES, (split(1, 0.0, leaf(0.0), leaf(1.0)),)))

    assert ensemble.score(("age",), np.array([[-1, 0, 1]], np.float32)).tolist() == [0, 0, 1]


def test_stored_arrays_give_the_ensemble_back() -> None:
    rows = _rows(2)
    ensemble = planted_trees(NAMES, rows, seed=2)

    again = TreeEnsemble.from_arrays(ensemble.features, ensemble.arrays())

    np.testing.assert_array_equal(again.score(NAMES, rows), ensemble.score(NAMES, rows))
    assert {name: one.dtype for name, one in again.arrays().items()} == {
        "bounds": np.int64,
        "thresholds": np.float64,
        "masks": np.uint32,
        "leaves": np.float64,
    }
