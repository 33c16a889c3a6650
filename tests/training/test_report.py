"""A report says how well every model did, in JSON of one shape and in a table."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from features.errors import InvalidInput
from tests.shops import bundle_of, some_snapshot
from training.baselines import baselines
from training.intervals import bootstrap_mean
from training.report import BASELINES, METRICS, Report, Result, Target

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

    assert set(report) == {"as_of", "horizon_days", "k", "models", "differences", "segments"}
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


@pytest.mark.parametrize("metric", METRICS)
def test_a_mean_lies_in_its_interval(metric: str) -> None:
    result = _result(list(range(40)), np.linspace(0, 1, 40).tolist())

    interval = result.interval(metric)

    assert interval.low <= interval.mean <= interval.high
    assert interval.n == 40


def _of_models(**recalls: list[float]) -> Report:
    """Report on four users of which the first two are in the segment "first"."""
    rows = [0, 1, 2, 3]
    return Report(
        as_of=AS_OF,
        horizon_days=60,
        k=20,
        results={name: {"all": _result(rows, values)} for name, values in recalls.items()},
        segments={"first": np.array([True, True, False, False])},
        timings_s={},
    )


def test_a_difference_is_the_mean_over_the_same_users() -> None:
    report = _of_models(served=[1.0, 0.5, 0.5, 0.0], als=[0.5, 0.5, 0.0, 0.0])

    differences = report.differences()

    assert set(differences) == {"als"}
    assert differences["als"]["all"]["recall"].mean == (0.5 + 0.0 + 0.5 + 0.0) / 4
    assert differences["als"]["all"]["recall"].n == 4


def test_a_gain_that_every_user_has_is_beyond_noise_though_users_differ_more() -> None:
    spread = np.linspace(0.1, 0.9, 4).tolist()
    report = _of_models(served=[one + 0.01 for one in spread], als=spread)

    gain = report.differences()["als"]["all"]["recall"]

    assert gain.low == pytest.approx(0.01)
    assert gain.excludes_zero
    written = report.as_dict()["differences"]["als"]["all"]["recall"]
    assert written["beyond_noise"]
    assert written["mean"] == pytest.approx(0.01)


def test_results_of_other_users_cannot_be_paired() -> None:
    with pytest.raises(InvalidInput, match="cannot be paired"):
        _result([0, 1], [0.5, 0.5]).minus(_result([0, 2], [0.5, 0.5]), "recall")


def test_the_strongest_baseline_is_the_one_with_the_highest_ndcg() -> None:
    report = _of_models(served=[1.0] * 4, als=[0.9] * 4, most_popular=[0.1] * 4, trending=[0.3] * 4)

    assert report.strongest_baseline("all") == "trending"
    assert report.as_dict()["segments"]["all"]["baseline"] == "trending"


def test_without_a_baseline_there_is_nothing_to_hold_segments_against() -> None:
    report = _of_models(served=[1.0] * 4, als=[0.9] * 4)

    assert report.strongest_baseline("all") is None
    assert report.as_dict()["segments"] == {}


def test_a_segments_difference_is_over_its_own_users() -> None:
    report = _of_models(served=[1.0, 0.5, 0.0, 0.0], trending=[0.5, 0.5, 1.0, 1.0])

    first = report.segment_differences("trending", "all")["first"]["recall"]

    assert (first.mean, first.n) == ((0.5 + 0.0) / 2, 2)


def test_the_baselines_of_a_report_are_those_that_are_measured() -> None:
    snapshot = some_snapshot(0)
    bundle = bundle_of(snapshot)

    measured = baselines(snapshot, bundle.recommender.trends, bundle.recommender.weights)

    assert tuple(measured) == BASELINES
