"""The front without a server, and one real server for all tests of serving."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.processes import free_port, running, vitrine_serve
from features.home import Home
from serving.auth import Scope, issue_key
from serving.front import Front
from serving.house import House
from serving.settings import ServerSettings
from tests.serving.asking import Ask, MakeAsk, MakeHouse, Shop, ask_in_process, nothing_behind


@pytest.fixture(scope="session")
def make_house() -> MakeHouse:
    """Wire houses without a server; each has looked once."""

    def make(root: Path, *, keys: bool = False) -> House:
        house = House(ServerSettings(home=root, insecure_development="0" if keys else "1"))
        asyncio.run(house.look())
        return house

    return make


@pytest.fixture
def house(tiny_home: Home, tmp_path: Path, make_house: MakeHouse) -> Iterator[House]:
    """Give a house on the planted shop that needs no keys, with a store of its own."""
    root = tmp_path / "house"
    root.mkdir()
    (root / "bundles").symlink_to(tiny_home.bundles)
    house = make_house(root)
    yield house
    asyncio.run(house.close())


@pytest.fixture
def ask(house: House, make_ask: MakeAsk) -> Ask:
    """Ask the planted shop's front in this process."""
    return make_ask(Front(nothing_behind, house=house))


@pytest.fixture(scope="session")
def make_ask() -> MakeAsk:
    """Make functions that ask a front in this process."""
    return ask_in_process


@pytest.fixture(scope="session")
def shop(tiny_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Run a real server on the planted shop for all tests of serving."""
    folder = tmp_path_factory.mktemp("server")
    home = Home(folder / "home")
    shutil.copytree(tiny_home.root, home.root)
    keys = {scope: issue_key(home, scope.value, [scope]) for scope in Scope}
    port = free_port()
    environment = {
        "BENTOML_HOME": str(folder),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "VITRINE_INSECURE_DEVELOPMENT": "0",
    }
    command = vitrine_serve(home.root, port=port, workers=1)
    with running(command, port=port, log=folder / "log", environment=environment) as server:
        yield Shop(server, keys)
