"""Values by user keep their user, their fold and their gaps."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from features.ids import IdMap
from training.report import Result
from training.split import Fold
from training.user_metrics import COLUMNS, LastFold, UserMetrics

FOLD = Fold(datetime(2024, 6, 1, 12, 30, tzinfo=UTC), horizon_days=30, gap_days=1)
NOTHING = np.empty((0, 0), dtype=np.int32)


def _result(user_rows: list[int], recall: list[float], ndcg: list[float]) -> Result:
    per_user = {"recall": np.array(recall), "ndcg": np.array(ndcg)}
    return Result(np.array(user_rows), per_user, item_rows=NOTHING, of_lists={})


@pytest.fixture
def metrics() -> UserMetrics:
    users = IdMap.of(["ann", "bob", "cy", "dee"])
    results = {
        "all": _result([0, 1, 3], recall=[0.0, 0.5, 1.0], ndcg=[0.0, 0.25, 1.0]),
        "new": _result([1, 3], recall=[0.2, 0.4], ndcg=[0.1, 0.3]),
    }
    return UserMetrics.of(results, users, fold=FOLD, k=20, bundle_id="abc")


def test_each_value_stands_by_its_user(metrics: UserMetrics) -> None:
    assert metrics.user_ids == ("ann", "bob", "dee")
    np.testing.assert_array_equal(metrics.values["recall_all"], [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(metrics.values["ndcg_all"], [0.0, 0.25, 1.0])
    np.testing.assert_array_equal(metrics.values["recall_new"], [np.nan, 0.2, 0.4])
    np.testing.assert_array_equal(metrics.values["ndcg_new"], [np.nan, 0.1, 0.3])


def test_means_leave_out_who_had_no_target(metrics: UserMetrics) -> None:
    assert metrics.means == pytest.approx(
        {
            "recall_all": (0.0 + 0.5 + 1.0) / 3,
            "ndcg_all": (0.0 + 0.25 + 1.0) / 3,
            "recall_new": (0.2 + 0.4) / 2,
            "ndcg_new": (0.1 + 0.3) / 2,
        }
    )


def test_a_target_that_nobody_had_has_no_mean() -> None:
    results = {"all": _result([0], recall=[1.0], ndcg=[1.0])}

    metrics = UserMetrics.of(results, IdMap.of(["ann"]), fold=FOLD, k=5, bundle_id="abc")

    assert metrics.means == {"recall_all": 1.0, "ndcg_all": 1.0}


def test_what_is_opened_equals_what_was_saved(metrics: UserMetrics, tmp_path: Path) -> None:
    LastFold(metrics, champion=metrics).save(tmp_path)

    opened = LastFold.open(tmp_path)

    for one in (opened.served, opened.champion):
        assert one is not None
        assert (one.fold, one.k, one.bundle_id) == (FOLD, 20, "abc")
        assert one.user_ids == metrics.user_ids
        for column in COLUMNS:
            np.testing.assert_array_equal(one.values[column], metrics.values[column])


def test_a_fold_without_a_champion_opens_without_one(metrics: UserMetrics, tmp_path: Path) -> None:
    LastFold(metrics).save(tmp_path)

    assert LastFold.open(tmp_path).champion is None
