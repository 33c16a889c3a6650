"""`vitrine evaluate` prints the whole report, or its first table; --json has it all."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from features.segments import segments
from tests.planted_reports import planted_report
from tests.shops import bundle_of, event, some_snapshot, write_lake
from training import pipeline
from training.cli import evaluate
from training.pipeline import Evaluation
from training.report_text import as_text


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    """Let every evaluation come out the same."""
    snapshot = some_snapshot(3, n_users=50)
    report = planted_report(np.arange(1, 50), segments(snapshot))
    found = Evaluation(report, snapshot, bundle_of(snapshot), None, None)

    def evaluated(*_given: Any, **_options: Any) -> Evaluation:  # noqa: ANN401 -- any at all
        return found

    monkeypatch.setattr(pipeline, "evaluate", evaluated)
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_lake(tmp_path / "lake", [event("ann", "mug"), event("ann", "mug", days=3)])
    return tmp_path


def _run(shop: Path, *words: str) -> str:
    done = CliRunner().invoke(evaluate, ["--home", str(shop), *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_the_whole_report_is_printed(shop: Path, measured: Evaluation) -> None:
    assert _run(shop) == as_text(measured.report) + "\n"


def test_brief_prints_the_models_alone_and_json_has_it_all(
    shop: Path, measured: Evaluation, tmp_path: Path
) -> None:
    out = tmp_path / "report.json"

    printed = _run(shop, "--brief", "--json", str(out))

    assert printed == as_text(measured.report, brief=True) + "\n"
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(measured.report.as_dict()))
    assert written["differences"]["trending"]["all"]["ndcg"]["beyond_noise"]
    assert written["segments"]["new"]["baseline"] == "trending"
    assert written["models"]["served"]["all"]["lists"]["coverage"] == 0.5
