"""A ranker has trees for each kind of list."""

import numpy as np

from features.pair_features import PairFeatures
from features.ranker import Ranker
from tests.planted_trees import PlantedBooster, leaf, split
from training.compiled_trees import compiled


def test_lists_with_and_without_purchases_have_trees_of_their_own() -> None:
    cheap_first = compiled(PlantedBooster(("price",), (split(0, 5.0, leaf(1.0), leaf(0.0)),)))
    new_first = compiled(PlantedBooster(("age",), (split(0, 30.0, leaf(1.0), leaf(0.0)),)))
    ranker = Ranker(everything=cheap_first, new=new_first)
    features = PairFeatures.of({"age": np.array([10, 90]), "price": np.array([9.0, 2.0])})

    assert ranker.score(features, new=False).tolist() == [0, 1]
    assert ranker.score(features, new=True).tolist() == [1, 0]
