"""The built bento: everything that serves, nothing of training, and it answers by itself."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.home import Home

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
OF_TRAINING = (
    "__init__.py",
    "bundle.py",
    "manifest.py",
    "padding.py",
    "storage.py",
    "stored_recommender.py",
)
HEAVY = {
    *(
        "mlflow",
        "implicit",
        "lightfm",
        "pandas",
        "optuna",
        "lightgbm",
        "sklearn",
        "pyspark",
        "ibis",
        "duckdb",
    ),
    *("matplotlib", "sklearn"),
}


def _environment(folder: Path) -> dict[str, str]:
    # PYTHONPATH keeps the test's own path out of the build.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, "BENTOML_HOME": str(folder), "BENTOML_DO_NOT_TRACK": "True"}


@pytest.fixture(scope="module")
def bento(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the bento from the project as it is."""
    folder = tmp_path_factory.mktemp("bento")
    command = [sys.executable, "-m", "bentoml", "build", "--output", "tag"]
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (path.parent for path in folder.glob("bentos/vitrine/*/bento.yaml"))
    return built


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_of_training_the_bento_holds_the_seam_alone(bento: Path) -> None:
    held = sorted(path.name for path in (bento / "src/training").rglob("*") if path.is_file())

    assert held == sorted(OF_TRAINING)


def test_no_file_in_the_bento_asks_for_a_library_of_training(bento: Path) -> None:
    asked = {
        (path.relative_to(bento).as_posix(), name)
        for path in (bento / "src").rglob("*.py")
        for name in _imported(path)
        if name.split(".")[0] in HEAVY
    }

    assert asked == set(), "exclude these files in bentofile.yaml, or do not import it there"


def test_the_bento_installs_what_serving_has_locked(bento: Path) -> None:
    locked = (ROOT / "requirements-serving.txt").read_text().split()
    installed = (bento / "env/python/requirements.txt").read_text().split()

    # BentoML adds itself once more, without a hash; the locked line pins the same version.
    assert installed[: len(locked)] == locked
    assert list(installed[len(locked) :]) in ([], ["bentoml==1.4.39"])
    assert not {word.partition("==")[0] for word in installed} & HEAVY
    assert not [word for word in installed if "://" in word]


def test_the_bento_answers_with_nothing_of_the_project_around_it(
    bento: Path, tiny_home: Home, tmp_path: Path
) -> None:
    program = """
import os, sys
sys.meta_path = [one for one in sys.meta_path if "editable" not in repr(one)]
sys.path.insert(0, os.getcwd())
from starlette.testclient import TestClient
from serving.service import Vitrine
assert sys.modules["serving"].__file__.startswith(os.getcwd())
with TestClient(Vitrine.to_asgi()) as client:
    assert client.get("/readyz").json()["n_users"] == 60
    assert client.get("/docs.json").json()["openapi"] == "3.1.0"
    answer = client.post("/v1/recommend", json={"user_id": "user-00", "num_results": 3})
    assert answer.json()["returned"] == 3, answer.text
    picks = {"placement": "weekly_email", "user_ids": ["user-00"]}
    assert '"trailer"' in client.post("/v1/picks", json=picks).text
print("answered")
"""
    environment = {
        **_environment(tmp_path),
        "VITRINE_HOME": str(tiny_home.root),
        "VITRINE_INSECURE_DEVELOPMENT": "1",
    }

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=bento / "src",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.splitlines()[-1:] == ["answered"], done.stdout + done.stderr
