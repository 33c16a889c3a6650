"""What a run was told is what can be read back."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.intervals import Interval
from training.mlflow_door import Connection
from training.plots import recall_by_segment
from training.tracking import Tracker, flatten

NAMES = st.sampled_from(["als", "bpr", "seed", "half_life_days"])
VALUES = st.integers() | st.none() | st.booleans()
NESTED = st.recursive(VALUES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)


def test_settings_and_metrics_are_read_back_as_they_were(connection: Connection) -> None:
    settings = {"seed": 7, "serve": None, "models": {"als": {"factors": 64, "fast": True}}}
    metrics = {"served.new.recall": 0.125, "served.all.ndcg": 1 / 3}

    with Tracker(connection).run("train", tags={"why": "test"}) as run:
        run.log_params(settings)
        run.log_metrics(metrics)
        run.log_timings({"fit als": 1.5})

    kept = connection.client.get_run(run.run_id)
    assert kept.data.params == {
        "seed": "7",
        "serve": "null",
        "models.als.factors": "64",
        "models.als.fast": "true",
    }
    assert kept.data.metrics == metrics | {"seconds.fit als": 1.5}
    assert kept.data.tags["why"] == "test"
    assert (kept.info.status, kept.info.run_name) == ("FINISHED", "train")


def test_more_values_than_mlflow_takes_at_once_are_all_kept(connection: Connection) -> None:
    with Tracker(connection).run("many") as run:
        run.log_params({f"p{i}": i for i in range(101)})
        run.log_metrics({f"m{i}": i for i in range(1_001)})

    kept = connection.client.get_run(run.run_id).data
    assert (len(kept.params), len(kept.metrics)) == (101, 1_001)


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("no"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_a_failure_marks_the_run_and_goes_on(
    connection: Connection, error: BaseException, status: str
) -> None:
    with pytest.raises(type(error)), Tracker(connection).run("train") as run:
        raise error

    assert connection.client.get_run(run.run_id).info.status == status


def test_the_data_of_a_run_is_named_by_its_whole_digest(connection: Connection) -> None:
    digest = "0123456789abcdef" * 4

    with Tracker(connection).run("train") as run:
        run.log_data(digest=digest, source="shop/lake", as_of=datetime(2024, 6, 1, tzinfo=UTC))

    kept = connection.client.get_run(run.run_id)
    (used,) = kept.inputs.dataset_inputs
    assert digest.startswith(used.dataset.digest)
    assert json.loads(used.dataset.source) == {"uri": "shop/lake"}
    assert json.loads(used.dataset.profile) == {"as_of": "2024-06-01T00:00:00+00:00"}
    assert kept.data.tags["data_digest"] == digest


def test_plots_and_texts_become_artifacts(connection: Connection, tmp_path: Path) -> None:
    figure = recall_by_segment({"served": {"orders: 1": Interval(0.2, 0.1, 0.3, 50)}}, k=20)

    with Tracker(connection).run("train") as run:
        run.log_figure(figure, "plots/recall.png")
        run.log_text("a lamp, a mug", "report.txt")

    folder = connection.fetch_from_run(run.run_id, "plots", tmp_path)
    assert folder is not None
    assert (folder / "recall.png").read_bytes().startswith(b"\x89PNG")
    client = connection.client
    report = Path(client.download_artifacts(run.run_id, "report.txt", str(tmp_path)))
    assert report.read_text(encoding="utf-8") == "a lamp, a mug"


@given(st.dictionaries(NAMES, NESTED, min_size=1))
def test_flat_names_lead_back_to_every_value(nested: dict[str, Any]) -> None:
    flat = flatten(nested)

    for path, value in flat.items():
        found: Any = nested
        for name in path.split("."):
            found = found[name]
        assert found == value
    assert not any(isinstance(value, dict) and value for value in flat.values())
