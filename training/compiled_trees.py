"""Compiled trees: LightGBM's trees as bit masks that serving evaluates without LightGBM."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.trees import MOST_LEAVES, TreeEnsemble

_EVERY_LEAF = (1 << MOST_LEAVES) - 1


def compiled(booster: Any) -> TreeEnsemble:  # noqa: ANN401 -- LightGBM has no types
    """Turn a booster's trees into an ensemble that gives the same sums.

    Parameters
    ----------
    booster : lightgbm.Booster
        Of numerical features that are never missing; at most 32 leaves in each tree.
    """
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    leaves = np.zeros((len(trees), MOST_LEAVES))
    conditions: dict[int, list[tuple[float, int, int]]] = {}
    for place, root in enumerate(trees):
        for leaf, value in enumerate(_leaf_values(root)):
            leaves[place, leaf] = value
        for feature, threshold, mask in _conditions(root, 0):
            conditions.setdefault(feature, []).append((threshold, place, mask))
    used = sorted(conditions)
    joined = [_joined(conditions[feature], len(trees)) for feature in used]
    names = booster.feature_name()
    return TreeEnsemble(
        features=tuple(names[feature] for feature in used),
        bounds=np.cumsum([0, *(len(thresholds) for thresholds, _ in joined)], dtype=np.int64),
        thresholds=np.concatenate([thresholds for thresholds, _ in joined] or [np.empty(0)]),
        masks=np.concatenate(
            [masks for _, masks in joined] or [np.empty((0, len(trees)), np.uint32)]
        ),
        leaves=leaves,
    )


def _leaf_values(node: dict[str, Any]) -> Iterator[float]:
    if "left_child" not in node:
        yield node["leaf_value"]
        return
    yield from _leaf_values(node["left_child"])
    yield from _leaf_values(node["right_child"])


def _conditions(node: dict[str, Any], first_leaf: int) -> Iterator[tuple[int, float, int]]:
    """Give each inner node's feature, threshold, and the leaves that stay where it is passed."""
    if "left_child" not in node:
        return
    n_left = sum(1 for _ in _leaf_values(node["left_child"]))
    ruled_out = ((1 << n_left) - 1) << first_leaf
    yield node["split_feature"], node["threshold"], ~ruled_out & _EVERY_LEAF
    yield from _conditions(node["left_child"], first_leaf)
    yield from _conditions(node["right_child"], first_leaf + n_left)


def _joined(
    conditions: Iterable[tuple[float, int, int]], n_trees: int
) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    """Join one feature's masks: row i is what stays for a value above i of the thresholds."""
    rising = sorted(conditions)
    thresholds = np.unique([threshold for threshold, _, _ in rising])
    masks = np.full((len(thresholds) + 1, n_trees), _EVERY_LEAF, dtype=np.uint32)
    places = np.searchsorted(thresholds, [threshold for threshold, _, _ in rising])
    for place, (_, tree, mask) in zip(places.tolist(), rising, strict=True):
        masks[place + 1 :, tree] &= np.uint32(mask)
    return thresholds, masks
