"""A training's run keeps what a person needs to trust its numbers."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from features.coverage import coverage
from features.home import Home
from features.segments import segments
from tests.fitted_rankers import some_fitted
from tests.planted_reports import planted_report
from tests.shops import bundle_of, event, item, some_snapshot, write_lake
from training.mlflow_door import Connection
from training.pipeline import Evaluation
from training.run_log import (
    log_coverage,
    log_explanations,
    log_plots,
    log_ranker,
    log_report,
    log_training,
)
from training.steps import Steps
from training.tracking import TrackedRun, Tracker

Read = Callable[[str], str]


@pytest.fixture(scope="module")
def measured() -> Evaluation:
    snapshot = some_snapshot(5, n_users=80, n_items=40)
    bundle = bundle_of(snapshot)
    report = planted_report(np.arange(1, 80), segments(snapshot), own_history=0.4)
    return Evaluation(report, snapshot, bundle, some_fitted(bundle), None)


@pytest.fixture
def run(connection: Connection) -> TrackedRun:
    with Tracker(connection).run("train") as opened:
        return opened


@pytest.fixture
def read(run: TrackedRun, tmp_path: Path) -> Read:
    """Read an artifact of the run."""

    def read_artifact(path: str) -> str:
        client = run.connection.client
        return Path(client.download_artifacts(run.run_id, path, str(tmp_path))).read_text("utf-8")

    return read_artifact


def _artifacts(run: TrackedRun, folder: str | None = None) -> set[str]:
    return {one.path for one in run.connection.client.list_artifacts(run.run_id, folder)}


def test_a_report_is_kept_for_people_for_programs_and_as_metrics(
    run: TrackedRun, read: Read, measured: Evaluation
) -> None:
    log_report(run, measured.report)

    assert "beyond accuracy" in read("report.txt")
    assert json.loads(read("report.json")) == json.loads(json.dumps(measured.report.as_dict()))
    metrics = run.connection.client.get_run(run.run_id).data.metrics
    assert metrics["served.all.recall"] == pytest.approx(0.5)
    assert metrics["served.new.coverage"] == 0.5
    assert metrics["served_minus.trending.all.ndcg"] == pytest.approx(0.2)
    assert metrics["served_minus.own_history.new.recall.low"] == pytest.approx(0.1)


def test_segments_are_kept_with_their_margin_over_the_strongest_baseline(
    run: TrackedRun, read: Read, measured: Evaluation
) -> None:
    log_report(run, measured.report)

    kept = json.loads(read("segments.json"))
    assert (
        kept["models"]["served"]["all"]
        == measured.report.as_dict()["models"]["served"]["all"]["segments"]
    )
    against = kept["against_strongest_baseline"]["all"]
    assert against["baseline"] == "own_history"
    margins = [one["ndcg"]["mean"] for one in against["differences"].values()]
    assert margins == pytest.approx([0.1] * len(margins))


def test_the_pictures_show_segments_popularity_and_the_amount_of_history(
    run: TrackedRun, read: Read, measured: Evaluation
) -> None:
    log_plots(run, measured)

    assert _artifacts(run, "plots") == {
        f"plots/{name}.png"
        for target in ("all", "new")
        for name in (
            *(f"recall_{target}", f"popularity_{target}"),
            *(f"learning_curve_{target}_orders", f"learning_curve_{target}_events"),
        )
    }
    curve = json.loads(read("learning_curve.json"))["all"]["orders"]["NDCG"]
    assert set(curve) == {"served", "trending", "own_history"}
    n_users = {name: one["n_users"] for name, one in curve["served"].items()}
    assert sum(n_users.values()) <= 79
    assert {name: one["n_users"] for name, one in curve["trending"].items()} == n_users


def test_a_ranker_is_kept_as_text_with_its_importance(
    run: TrackedRun, read: Read, measured: Evaluation
) -> None:
    assert measured.fitted is not None

    log_ranker(run, measured.fitted)

    shares = json.loads(read("importance.json"))
    assert set(shares) == {"everything", "new"}
    assert sum(shares["new"].values()) == pytest.approx(1)
    for kind in shares:
        assert read(f"ranker_{kind}.txt").startswith("tree\n")
        assert f"plots/importance_{kind}.png" in _artifacts(run, "plots")


def test_explanations_are_of_five_people_and_five_items_and_name_nobody(
    run: TrackedRun, read: Read, measured: Evaluation
) -> None:
    log_explanations(run, measured)

    written = read("explanations.json")
    for lists in json.loads(written).values():
        assert [one["person"] for one in lists] == [f"person {number}" for number in range(1, 6)]
        assert [len(one["items"]) for one in lists] == [5] * 5
    users = measured.bundle.users
    assert not any(users.id_of(row) in written for row in range(len(users)))


def test_without_a_ranker_there_is_nothing_to_explain(
    run: TrackedRun, measured: Evaluation
) -> None:
    blended = Evaluation(measured.report, measured.snapshot, measured.bundle, None, None)

    log_explanations(run, blended)

    assert _artifacts(run) == set()


def test_a_whole_training_is_kept_with_the_data_map_and_the_seconds(
    run: TrackedRun, read: Read, home: Home, measured: Evaluation
) -> None:
    lake = write_lake(home.lake, [event("ann", "mug")], items=[item("mug", title="Mug")])

    log_training(run, home, measured, Steps(lambda _line: None), ranker=None)

    assert json.loads(read("coverage.json")) == json.loads(json.dumps(coverage(lake).as_dict()))
    assert _artifacts(run) == {
        *("report.txt", "report.json", "segments.json", "plots", "learning_curve.json"),
        *("explanations.json", "importance.json", "ranker_everything.txt", "ranker_new.txt"),
        *("coverage.txt", "coverage.json"),
    }
    metrics = run.connection.client.get_run(run.run_id).data.metrics
    assert metrics["seconds.log the run"] > 0


def test_a_data_map_is_readable(run: TrackedRun, read: Read, home: Home) -> None:
    lake = write_lake(home.lake, [event("ann", "mug")])

    log_coverage(run, coverage(lake))

    assert read("coverage.txt").startswith("The data map: 1 event")


def test_people_without_a_bin_or_segment_in_common_are_logged_without_those_pictures(
    run: TrackedRun, measured: Evaluation
) -> None:
    rows = np.array([1, 2])
    apart = {f"user {row}": np.arange(80) == row for row in rows.tolist()}
    report = planted_report(rows, apart, targets=("all",))

    log_plots(run, Evaluation(report, measured.snapshot, measured.bundle, None, None))

    assert "plots/recall_all.png" not in _artifacts(run, "plots")
    assert "plots/popularity_all.png" in _artifacts(run, "plots")
