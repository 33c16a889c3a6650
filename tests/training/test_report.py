"""A report says how well every model did, in JSON of one shape and in a table."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from training.intervals import bootstrap_mean
from training.report import METRICS, Report, Result, Target

AS_OF = datetime(2011, 10, 10, 12, 50, tzinfo=UTC)


def _result(user_rows: list[int], recall: list[float]) -> Result:
    values = np.array(recall)
    return Result(
        user_rows=np.array(user_rows),
        per_user={name: values / (place + 1) for place, name in enumerate(METRICS)},
        item_rows=np.zeros((len(user_rows), 1), dtype=np.int32),
        of_lists={"coverage": 0.5},
    )


def _report(*targets: Target) -> Report:
    results = {
        "all": _result([0, 2, 3], [1.0, 0.5, 0.0]),
        "new": _result([2, 3], [0.25, 0.75]),
    }
    chosen: dict[Target, Result] = {name: results[name] for name in targets or ("all", "new")}
    return Report(
        as_of=AS_OF,
        horizon_days=60,
        k=20,
        results={"served": chosen, "trending": chosen},
        segments={
            "orders: 1": np.array([True, False, True, True]),
            "orders: 2-4": np.array([True, True, False, False]),
        },
        timings_s={},
    )


def test_the_json_has_the_promised_shape() -> None:
    report = json.loads(json.dumps(_report().as_dict(), allow_nan=False))

    assert set(report) == {"as_of", "horizon_days", "k", "models"}
    assert (report["as_of"], report["horizon_days"], report["k"]) == (AS_OF.isoformat(), 60, 20)
    assert list(report["models"]) == ["served", "trending"]
    for model in report["models"].values():
        assert set(model) == {"all", "new", "n_users"}
        assert model["n_users"] == 3
        for target in ("all", "new"):
            assert {"recall", "ndcg", "ci"} <= set(model[target])
            assert set(model[target]["ci"]) == set(METRICS)


def test_the_numbers_are_means_over_the_users_of_a_target() -> None:
    model = _report().as_dict()["models"]["served"]

    assert model["all"]["recall"] == (1.0 + 0.5 + 0.0) / 3
    assert model["all"]["ndcg"] == (1.0 + 0.5 + 0.0) / 3 / 2
    assert model["new"]["recall"] == (0.25 + 0.75) / 2
    assert (model["all"]["n_users"], model["new"]["n_users"]) == (3, 2)
    low, high = model["all"]["ci"]["recall"]
    assert 0 <= low <= 0.5 <= high <= 1


def test_the_intervals_are_those_of_the_bootstrap() -> None:
    result = _result([0, 2, 3], [1.0, 0.5, 0.0])

    assert result.interval("recall") == bootstrap_mean(np.array([1.0, 0.5, 0.0]), seed=0)


def test_a_segment_is_averaged_over_its_own_test_users() -> None:
    segments = _report().as_dict()["models"]["served"]["all"]["segments"]

    # Of those with one order all three were tested; of those with more, one alone.
    assert list(segments) == ["orders: 1"]
    assert segments["orders: 1"]["recall"] == (1.0 + 0.5 + 0.0) / 3
    assert segments["orders: 1"]["n_users"] == 3


def test_flat_names_are_model_target_metric() -> None:
    metrics = _report().metrics()

    assert len(metrics) == 2 * 2 * len(METRICS)
    assert metrics["served.new.recall"] == 0.5


def test_the_table_has_a_line_for_each_model() -> None:
    lines = _report().as_text().splitlines()

    assert lines[0].startswith("as of 2011-10-10 12:50, 60 days, k = 20")
    assert [line.split()[0] for line in lines[2:-1]] == ["served", "trending"]
    assert "0.5000" in lines[2]
    assert lines[-1] == "users: 3 and 2"


def test_a_target_that_nobody_had_is_a_dash() -> None:
    report = _report("all")

    assert report.as_text().splitlines()[2].rstrip().endswith("-")
    assert "new" not in report.as_dict()["models"]["served"]


@pytest.mark.parametrize("metric", METRICS)
def test_a_mean_lies_in_its_interval(metric: str) -> None:
    result = _result(list(range(40)), np.linspace(0, 1, 40).tolist())

    interval = result.interval(metric)

    assert interval.low <= interval.mean <= interval.high
    assert interval.n == 40
