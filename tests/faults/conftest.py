"""Homes, databases and servers that a test may break."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from features.home import Home
from tests.faults.databases import Database, in_a_file, in_a_schema
from tests.faults.servers import FullServer, LeanServer

MakeLean = Callable[..., LeanServer]
MakeFull = Callable[..., FullServer]


@pytest.fixture
def home(tiny_home: Home, tmp_path: Path) -> Home:
    """Copy the planted shop."""
    shutil.copytree(tiny_home.root, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give an empty database of each kind."""
    if request.param == "sqlite":
        yield in_a_file(tmp_path)
        return
    with in_a_schema() as schema:
        yield schema


@pytest.fixture
def lean(home: Home, tmp_path: Path) -> Iterator[MakeLean]:
    """Make servers without BentoML; they are not started yet."""
    made: list[LeanServer] = []

    def make(store_url: str, *, n_workers: int = 1, **settings: object) -> LeanServer:
        environment = {"VITRINE_HOME": str(home.root), "VITRINE_STORE_URL": store_url}
        made.append(LeanServer(environment, tmp_path / "log", n_workers, **settings))
        return made[-1]

    yield make
    for server in made:
        server.listener.close()


@pytest.fixture
def full(home: Home, tmp_path: Path) -> MakeFull:
    """Make servers with BentoML; they are not started yet."""

    def make(store_url: str, *, n_workers: int = 1) -> FullServer:
        environment = {
            "VITRINE_STORE_URL": store_url,
            "BENTOML_HOME": str(tmp_path / "bentoml"),
            "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
        }
        return FullServer(home.root, environment, tmp_path / "log", n_workers)

    return make
