"""The baselines are what their names say, on numbers that can be counted by hand."""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from features.demand import Demand, Trends
from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.weights import ConfidenceWeights
from tests.shops import some_snapshot
from training.baselines import OwnHistoryModel, baselines

EVERY_ITEM = np.arange(3)


def _scores() -> dict[str, np.ndarray]:
    """Sell item 0 often a year ago, item 1 twice today, and item 2 never."""
    snapshot = some_snapshot(0, n_items=3, n_unavailable=0)
    today = snapshot.as_of_s // SECONDS_PER_DAY
    demand = Demand(
        item_rows=np.array([0, 1], np.int32),
        days=np.array([today - 365, today], np.int32),
        event_types=np.full(2, EventType.PURCHASE.code, np.uint8),
        country_rows=np.array([0, -1], np.int16),
        counts=np.array([100.0, 2.0], np.float32),
        countries=("GB",),
    )
    weights = ConfidenceWeights(half_life_days=7.0)
    trends = Trends.of(
        demand,
        recommendable=np.ones(3, dtype=np.bool_),
        weights=weights,
        as_of_s=snapshot.as_of_s,
    )
    models = baselines(replace(snapshot, demand=demand), trends, weights)
    own = sp.csr_array(np.array([[0, 0, 0.5], [0, 0, 0]], dtype=np.float32))
    return {name: model.score(own, EVERY_ITEM) for name, model in models.items()}


def test_most_popular_forgets_nothing() -> None:
    assert _scores()["most_popular"].tolist() == [[100, 2, 0]] * 2


def test_trending_forgets_what_is_long_past() -> None:
    first, second, third = _scores()["trending"][0].tolist()

    assert (second, third) == (1.0, 0.0)
    assert 0 < first < 1e-10


def test_own_history_comes_before_what_is_trending() -> None:
    somebody, new = _scores()["own_history"].tolist()

    assert somebody[2] > somebody[1] > somebody[0]
    assert new == _scores()["trending"][0].tolist()


def test_the_faintest_own_event_comes_before_the_strongest_trend() -> None:
    model = OwnHistoryModel(np.array([1.0, 0.0], dtype=np.float32))
    faint = sp.csr_array(np.array([[0, 1e-3]], dtype=np.float32))

    scores = model.score(faint, np.arange(2))

    assert scores[0, 1] > scores[0, 0]


def test_only_the_items_asked_about_are_scored() -> None:
    model = OwnHistoryModel(np.array([0.1, 0.2, 0.3], dtype=np.float32))

    scores = model.score(sp.csr_array((2, 3), dtype=np.float32), np.array([2, 0]))

    np.testing.assert_allclose(scores, [[0.3, 0.1]] * 2)
