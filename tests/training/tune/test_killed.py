"""The law of a killed search: the same command completes it as if nothing had happened."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from features.errors import InvalidSettings
from features.home import Home
from tests.training.tune.conftest import SETTINGS
from training.cli import tune
from training.mlflow_door import Connection
from training.settings import TrainingSettings

# The process kills itself, as kill -9 does, in the second fold of the third trial.
KILLED = """
import os, signal, sys
from training.tune.folds import TriedFold
from vitrine import main

score, n_scored = TriedFold.score, []

def fatal(*given, **stated):
    n_scored.append(1)
    if len(n_scored) == 6:
        os.kill(os.getpid(), signal.SIGKILL)
    return score(*given, **stated)

TriedFold.score = fatal
main()
"""


@pytest.fixture
def words(home: Home, connection: Connection, tmp_path: Path) -> list[str]:
    config = tmp_path / "shop.toml"
    config.write_text("[evaluation]\nk = 5\n[models.als]\nfactors = 16\niterations = 3\n")
    shop = ("--home", str(home.root), "--config", str(config), "--horizon-days", "10")
    return ["--trials", "4", "--models", "als", *shop]


@pytest.fixture
def store(connection: Connection, model_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_TRACKING_URI", connection.uri)
    monkeypatch.setenv("VITRINE_MODEL_NAME", model_name)


@pytest.mark.usefixtures("store")
def test_a_killed_search_is_completed_by_the_same_command(
    words: list[str], home: Home, tmp_path: Path
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, "tune", *words],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )

    assert killed.returncode == -9, killed.stderr
    assert [line.split()[0] for line in killed.stderr.splitlines()] == ["0/4", "1/4", "2/4"]

    resumed = CliRunner().invoke(tune, words, catch_exceptions=False)

    assert [line.split()[0] for line in resumed.stderr.splitlines()] == ["2/4", "3/4", "4/4"]
    written = home.root / "tuned.toml"
    assert TrainingSettings.load(written).evaluation == SETTINGS.evaluation
    assert f"next: vitrine train --home {home.root} --config {written}" in resumed.stdout

    again = CliRunner().invoke(tune, [*words, "--out", str(tmp_path / "again.toml")])

    assert (tmp_path / "again.toml").read_text() == written.read_text()
    assert again.stdout.splitlines()[:-1] == resumed.stdout.splitlines()[:-1]


def test_an_unknown_model_is_an_error_that_names_those_there_are(words: list[str]) -> None:
    wrong = [word if word != "als" else "als,knn" for word in words]

    with pytest.raises(InvalidSettings, match="'knn' cannot be tuned; choose of"):
        CliRunner().invoke(tune, wrong, catch_exceptions=False)
