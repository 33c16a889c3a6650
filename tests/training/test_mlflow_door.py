"""The store opens for everybody who comes, and nothing else is touched."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from features.errors import InvalidSettings
from features.home import Home
from training.mlflow_door import NAME_VARIABLE, URI_VARIABLE, connect

ROOT = Path(__file__).parents[2]
OPEN = """
import sys
from pathlib import Path
from features.home import Home
from training.mlflow_door import connect
print(connect(Home(Path(sys.argv[1]))).experiment_id)
"""
DIE_ON_THE_WAY = """
import itertools, os, signal
import sqlalchemy
steps = itertools.count()
@sqlalchemy.event.listens_for(sqlalchemy.engine.Engine, "before_cursor_execute")
def die(connection, cursor, statement, *_):
    if statement.startswith("UPDATE alembic_version") and next(steps) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def _start(home: Home, code: str) -> subprocess.Popen[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("VITRINE_")}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, str(home.root)],
        cwd=home.root.parent,
        env=own | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_three_processes_open_a_new_store_at_once_after_one_was_killed_making_it(
    home: Home, tmp_path: Path
) -> None:
    killed = _start(home, DIE_ON_THE_WAY + OPEN)
    killed.communicate()

    running = [_start(home, OPEN) for _ in range(3)]
    answers = [process.communicate() for process in running]

    assert killed.returncode == -signal.SIGKILL
    assert [process.returncode for process in running] == [0, 0, 0], answers
    assert len({out for out, _ in answers}) == 1
    assert [err for _, err in answers] == ["", "", ""]
    assert home.tracking_database.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_artifacts_of_a_database_lie_in_the_home(tracking_uri: str, home: Home) -> None:
    connection = connect(home, uri=tracking_uri, name="artifacts lie in the home")

    experiment = connection.client.get_experiment(connection.experiment_id)

    assert Path(experiment.artifact_location) == home.artifacts


def test_the_environment_says_where_and_under_which_name(
    tracking_uri: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URI_VARIABLE, tracking_uri)
    monkeypatch.setenv(NAME_VARIABLE, "lamp shop")

    connection = connect(home)

    assert (connection.uri, connection.name) == (tracking_uri, "lamp shop")
    assert not home.tracking_database.exists()


def test_opening_twice_gives_the_same_experiment(tracking_uri: str, home: Home) -> None:
    first, second = (connect(home, uri=tracking_uri, name="opened twice") for _ in range(2))

    assert first.experiment_id == second.experiment_id


def test_a_store_that_cannot_be_opened_is_named_without_its_password(home: Home) -> None:
    with pytest.raises(InvalidSettings, match="unset VITRINE_TRACKING_URI") as caught:
        connect(home, uri="gopher://me:secret@store.example/runs")

    assert "gopher://me:***@store.example/runs" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["a/b", "bob's", "x:1", "%"])
def test_a_name_that_mlflow_or_its_queries_would_misread_is_refused(home: Home, name: str) -> None:
    with pytest.raises(InvalidSettings, match="cannot name a model"):
        connect(home, name=name)


def test_nothing_is_reported_home() -> None:
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
