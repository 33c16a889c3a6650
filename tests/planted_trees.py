"""Trees for tests: a booster's form with any splits, and rankers that split where it hurts most."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.ranker import Ranker
from features.recommender import ListPolicy
from features.trees import TreeEnsemble
from training.bundle import Bundle
from training.compiled_trees import compiled

Node = dict[str, Any]


@dataclass(frozen=True)
class PlantedBooster:
    """Trees in the form in which LightGBM tells of its own."""

    names: tuple[str, ...]
    trees: tuple[Node, ...]

    def dump_model(self) -> dict[str, Any]:
        """Give the trees as `lightgbm.Booster.dump_model` does."""
        return {"tree_info": [{"tree_structure": tree} for tree in self.trees]}

    def feature_name(self) -> list[str]:
        """Give the names of the features."""
        return list(self.names)


def leaf(value: float) -> Node:
    """Give a leaf."""
    return {"leaf_value": value}


def split(feature: int, threshold: float, left: Node, right: Node) -> Node:
    """Give a node that sends values up to the threshold to the left."""
    return {
        "split_feature": feature,
        "threshold": threshold,
        "left_child": left,
        "right_child": right,
    }


def planted_trees(
    names: tuple[str, ...], rows: NDArray[np.float32], *, seed: int, n_trees: int = 40
) -> TreeEnsemble:
    """Split at values that occur: a feature that is off by its last bit changes leaves."""
    rng = np.random.default_rng(seed)

    def grown(depth: int) -> Node:
        if not depth or not rows.shape[1]:
            return leaf(float(rng.normal()))
        feature = int(rng.integers(len(names)))
        threshold = float(rng.choice(rows[feature]))
        return split(feature, threshold, grown(depth - 1), grown(depth - 1))

    trees = tuple(grown(depth=int(rng.integers(1, 5))) for _ in range(n_trees))
    return compiled(PlantedBooster(names, trees))


def planted_ranker(bundle: Bundle, seed: int) -> Ranker:
    """Plant a ranker for everybody of a bundle."""
    recommender, persons = bundle.recommender, bundle.persons(np.arange(len(bundle.users)))
    nowhere = np.full(len(persons), len(recommender.trends.countries))
    trees = []
    for new in (False, True):
        policy = ListPolicy(10, exclude_purchased=new)
        features = [
            recommender.features(one)
            for one in recommender.propose(persons, policy, trend_rows=nowhere)
        ]
        rows = np.hstack([one.rows for one in features])
        trees.append(planted_trees(features[0].names, rows, seed=2 * seed + new))
    return Ranker(*trees)
