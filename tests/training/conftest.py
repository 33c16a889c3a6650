"""A real MLflow store on SQLite, shared because its migrations take seconds."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from features.home import Home
from training.bundle import Bundle
from training.mlflow_door import Connection, connect


@pytest.fixture(scope="session")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make the store once; each test has an experiment and a model of its own in it."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('tracking') / 'mlflow.db'}"
    connect(Home(tmp_path_factory.mktemp("unused")), uri=uri)
    return uri


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "shop")


@pytest.fixture
def model_name(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\W+", "-", f"{request.module.__name__}-{request.node.name}")


@pytest.fixture
def connection(home: Home, tracking_uri: str, model_name: str) -> Connection:
    return connect(home, uri=tracking_uri, name=model_name)


@pytest.fixture(scope="session")
def bundle_folders(
    make_tiny_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, ...]:
    """Save three bundles that differ; tests copy them and never write to them."""
    parent = tmp_path_factory.mktemp("trained")
    return tuple(make_tiny_bundle(seed=seed).save(parent) for seed in range(3))
