"""Homes, databases and servers that a test may break."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from features.home import Home
from serving.auth import Scope, issue_key
from tests.faults.databases import Database, in_a_file, in_a_schema
from tests.faults.servers import FullServer, LeanServer, started

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


@dataclass(frozen=True, slots=True)
class Shop:
    """A lean server that needs keys, with its store in a file; tests of input share it.

    Parameters
    ----------
    server : LeanServer
        The server.
    database : Database
        Its store.
    key : str
        Opens everything.
    """

    server: LeanServer
    database: Database
    key: str


@pytest.fixture(scope="session")
def shop(tiny_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Run a server for all tests of input; they must not break it."""
    folder = tmp_path_factory.mktemp("shop")
    home = Home(folder / "home")
    shutil.copytree(tiny_home.root, home.root)
    key = issue_key(home, "tests", list(Scope))
    environment = {"VITRINE_HOME": str(home.root), "VITRINE_INSECURE_DEVELOPMENT": "0"}
    server = LeanServer(environment, folder / "log")
    with closing(server.listener), started(server):
        yield Shop(server, Database(f"sqlite:///{home.store}"), key)
