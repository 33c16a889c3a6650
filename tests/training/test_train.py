"""A training serves the ranker that it measured, and measures the champion as it is served."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from features.home import Home
from tests import windows
from tests.windows import SETTINGS, lived, opened
from training import train as train_module
from training.bundle import Bundle
from training.mlflow_door import connect
from training.registry import Registry
from training.settings import TrainingSettings
from training.train import Trained, train

NOW = datetime(2025, 1, 1, tzinfo=UTC)
BLENDED = SETTINGS.model_copy(update={"ranker": None})

Train = Callable[[TrainingSettings], Trained]


@pytest.fixture(autouse=True)
def _without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing: what a training logs takes longer than what it learns."""
    monkeypatch.setattr(train_module, "log_training", lambda *_what, **_more: None)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return opened(lived(windows.alternating), tmp_path_factory.mktemp("alternating"))


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def training(
    shop: Home,
    tmp_path: Path,
    tracking_uri: str,
    model_name: str,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Home, Train]:
    """Train on the shop in a home of one's own, and in a registry of one's own."""
    home = Home(tmp_path / "home")
    home.lake.parent.mkdir(parents=True, exist_ok=True)
    home.lake.symlink_to(shop.lake)
    monkeypatch.setattr(train_module, "connect", partial(connect, name=model_name))

    def train_once(settings: TrainingSettings) -> Trained:
        return train(home, settings, now=NOW, say=told.append, uri=tracking_uri)

    return home, train_once


def _promoted(home: Home, uri: str, name: str) -> Bundle:
    promotion = Registry(home, connect(home, uri=uri, name=name)).promote("latest", now=NOW)
    return Bundle.open(home.bundles / promotion.bundle_id)


def _ndcg(trained: Trained, name: str) -> np.ndarray:
    return trained.report.results[name]["all"].per_user["ndcg"]


def test_a_champion_is_measured_with_the_ranker_that_it_serves_by(
    training: tuple[Home, Train], tracking_uri: str, model_name: str, told: list[str]
) -> None:
    home, train_once = training

    first = train_once(SETTINGS)
    champion = _promoted(home, tracking_uri, model_name)
    told.clear()
    second = train_once(BLENDED)

    assert "ranked" in first.report.results
    assert champion.recommender.ranker is not None
    # The champion is learnt anew with a ranker, though the version that meets it has none.
    assert "learn a window" in told
    np.testing.assert_array_equal(_ndcg(second, "champion"), _ndcg(first, "served"))
    assert "ranked" not in second.report.results
    assert _ndcg(second, "champion").mean() > _ndcg(second, "served").mean() + 0.1


def test_a_champion_that_serves_the_blend_is_measured_without_a_ranker(
    training: tuple[Home, Train], tracking_uri: str, model_name: str
) -> None:
    home, train_once = training

    first = train_once(BLENDED)
    champion = _promoted(home, tracking_uri, model_name)
    second = train_once(SETTINGS)

    assert champion.recommender.ranker is None
    np.testing.assert_array_equal(_ndcg(second, "champion"), _ndcg(first, "served"))
    np.testing.assert_array_equal(_ndcg(second, "champion"), _ndcg(second, "blended"))
    # What is registered is what was found to be better.
    registered = _promoted(home, tracking_uri, model_name)
    assert registered.recommender.ranker is not None


def test_settings_that_want_a_ranker_and_serve_none_are_measured_as_they_serve(
    tmp_path: Path, tracking_uri: str, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The blend is right by construction: the settings want a ranker, the bundle has none.
    home = opened(lived(windows.loyal), tmp_path / "loyal")
    monkeypatch.setattr(train_module, "connect", partial(connect, name=model_name))
    told: list[str] = []

    first = train(home, SETTINGS, now=NOW, say=told.append, uri=tracking_uri)
    champion = _promoted(home, tracking_uri, model_name)
    second = train(home, SETTINGS, now=NOW, say=told.append, uri=tracking_uri)

    assert champion.manifest.settings["ranker"] is not None
    assert champion.recommender.ranker is None
    assert [line for line in told if line.startswith("the ranker is not served")]
    np.testing.assert_array_equal(_ndcg(second, "champion"), _ndcg(first, "blended"))
