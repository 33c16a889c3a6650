"""Compiled trees give what LightGBM itself predicts."""

from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.trees import MOST_LEAVES, TreeEnsemble
from training.compiled_trees import compiled

N_FEATURES = 6


def _data(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Give columns that rise, repeat, hold one value alone, or lie about nought."""
    rng = np.random.default_rng(seed)
    rows = np.stack(
        [
            rng.normal(size=n),
            rng.integers(0, 4, n),
            np.full(n, 7.5),
            np.exp(rng.normal(size=n) * 8),
            rng.choice([-1.0, 0.0, 0.0, 0.0, 1e-30], n),
            np.round(rng.normal(size=n), 1),
        ]
    ).astype(np.float32)
    wanted = rows[0] + (rows[1] > 1) * rows[5] + rng.normal(size=n) * 0.1
    return rows, wanted


def _booster(seed: int, rows: np.ndarray, labels: np.ndarray, **chosen: Any) -> lightgbm.Booster:  # noqa: ANN401 -- LightGBM's settings
    names = [f"feature-{place}" for place in range(N_FEATURES)]
    data = lightgbm.Dataset(
        rows.T,
        label=labels,
        feature_name=names,
        params={"verbose": -1, "use_missing": False, "min_data_in_bin": 1},
    )
    fixed = {"verbose": -1, "use_missing": False, "seed": seed, "num_threads": 1}
    return lightgbm.train(
        fixed | {"objective": "regression", "min_data_in_leaf": 2} | chosen,
        data,
        num_boost_round=12,
    )


def _same(ensemble: TreeEnsemble, booster: lightgbm.Booster, rows: np.ndarray) -> None:
    wanted = booster.predict(rows.T)
    found = ensemble.score(tuple(booster.feature_name()), rows)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


@settings(max_examples=12)
@given(st.integers(0, 10_000), st.sampled_from([2, 3, 8, 31, MOST_LEAVES]))
def test_compiled_trees_predict_as_their_library_does(seed: int, n_leaves: int) -> None:
    rows, labels = _data(seed)
    booster = _booster(seed, rows, labels, num_leaves=n_leaves)
    ensemble = compiled(booster)

    _same(ensemble, booster, rows)
    # What it has never seen, the constant column included.
    _same(ensemble, booster, _data(seed + 1)[0] * np.float32(1.5))


def test_a_value_at_a_threshold_goes_where_the_library_sends_it() -> None:
    rows, labels = _data(1)
    booster = _booster(1, rows, labels, num_leaves=16)
    ensemble = compiled(booster)
    names = booster.feature_name()

    for place, name in enumerate(ensemble.features):
        bounds = slice(ensemble.bounds[place], ensemble.bounds[place + 1])
        exact = ensemble.thresholds[bounds].astype(np.float32)
        about = [np.nextafter(exact, np.float32(end)) for end in (-np.inf, np.inf)]
        values = np.concatenate([exact, *about])
        probed = np.repeat(rows[:, :1], len(values), axis=1)
        probed[names.index(name)] = values
        _same(ensemble, booster, probed)


def test_the_features_are_those_that_split() -> None:
    rows, labels = _data(2)
    booster = _booster(2, rows, labels, num_leaves=8)

    gains = booster.feature_importance(importance_type="split")

    assert compiled(booster).features == tuple(
        name for name, n in zip(booster.feature_name(), gains, strict=True) if n
    )
    assert "feature-2" not in compiled(booster).features  # it never changes


@pytest.mark.filterwarnings("ignore")
def test_where_nothing_can_be_told_apart_every_tree_is_one_leaf() -> None:
    rows, _ = _data(3)
    labels = np.full(rows.shape[1], 4.0)
    booster = _booster(3, np.zeros_like(rows), labels, num_leaves=8)

    ensemble = compiled(booster)

    assert ensemble.features == ()
    _same(ensemble, booster, rows)


def test_trees_that_rank_are_compiled_like_others() -> None:
    rows, wanted = _data(4)
    labels = (wanted > np.quantile(wanted, 0.8)).astype(np.int32)
    data = lightgbm.Dataset(rows.T, label=labels, group=[20] * 20, params={"verbose": -1})
    booster = lightgbm.train(
        {"objective": "lambdarank", "verbose": -1, "num_leaves": 31, "min_data_in_leaf": 1}
        | {"feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1, "seed": 5}
        | {"use_missing": False, "num_threads": 1},
        data,
        num_boost_round=20,
    )

    _same(compiled(booster), booster, rows)
