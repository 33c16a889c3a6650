"""A small simulated shop, brought along the road by the commands that a user types."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def vitrine() -> Run:
    """Run a command in a process of its own."""

    def run(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "vitrine", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory, vitrine: Run) -> Path:
    """Simulate a shop's files."""
    out = tmp_path_factory.mktemp("simulated")
    size = ("--users", "400", "--items", "200", "--days", "180", "--seed", "3")
    vitrine("simulate", "--out", str(out), *size)
    return out


@pytest.fixture(scope="session")
def simulated_home(tmp_path_factory: pytest.TempPathFactory, simulated: Path, vitrine: Run) -> Path:
    """Ingest them into a home."""
    home = tmp_path_factory.mktemp("home")
    kinds = ("events", "items", "users")
    files = [word for kind in kinds for word in (f"--{kind}", str(simulated / f"{kind}.parquet"))]
    vitrine("ingest", *files, "--home", str(home))
    return home


@pytest.fixture(scope="session")
def few_trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write settings whose ranker is learnt in a moment."""
    config = tmp_path_factory.mktemp("settings") / "few_trees.toml"
    config.write_text("[ranker]\ntrees_everything = 25\ntrees_new = 25\n")
    return config


@pytest.fixture(scope="session")
def trained_home(simulated_home: Path, few_trees: Path, vitrine: Run) -> Path:
    """Train on it and promote the version."""
    vitrine("train", "--home", str(simulated_home), "--config", str(few_trees))
    vitrine("promote", "latest", "--home", str(simulated_home))
    return simulated_home
