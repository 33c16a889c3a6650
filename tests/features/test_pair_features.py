"""Features have names, and the plainest of them add up to a score."""

import numpy as np
import pytest

from features.pair_features import Blend, PairFeatures


def _one(value: float) -> np.ndarray:
    return np.array([value], dtype=np.float32)


def test_features_are_rows_by_name() -> None:
    features = PairFeatures.of({"price": np.array([1.5, 2.5]), "days": np.array([3, 4])})

    assert features.names == ("price", "days")
    assert features.rows.dtype == np.float32
    assert features["price"].tolist() == [1.5, 2.5]
    assert features["days"].tolist() == [3, 4]


def test_a_feature_that_is_not_there_is_not_found() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        PairFeatures.of({"price": np.array([1.5])})["colour"]


def test_a_blend_is_a_weighted_sum() -> None:
    blend = Blend(affinity=3.0, own=4.0, own_half=2.0, trend=8.0)

    score = blend.score(affinity=_one(2.0), own=_one(6.0), trend=_one(0.5))

    assert score.dtype == np.float32
    assert score.tolist() == [3 * 2 + 4 * (6 / (6 + 2)) + 8 * 0.5]


def test_own_history_counts_half_at_its_half() -> None:
    blend = Blend(own=1.0, own_half=10.0)

    assert blend.score(affinity=_one(0), own=_one(10), trend=_one(0)).tolist() == [0.5]


def test_what_was_never_touched_counts_nothing_of_its_own() -> None:
    assert Blend().score(affinity=_one(0), own=_one(0), trend=_one(0)).tolist() == [0]
