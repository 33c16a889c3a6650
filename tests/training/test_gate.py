"""Worse beyond noise is refused, noise is not, and what cannot be compared is not waved through."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.gate import beats, judge
from training.report import Result, Target
from training.split import Fold
from training.user_metrics import LastFold, UserMetrics

N_USERS = 200
FOLD = Fold(datetime(2024, 6, 1, tzinfo=UTC), horizon_days=30)
LATER = Fold(FOLD.as_of + timedelta(days=7), horizon_days=30)
BASE = np.linspace(0.2, 0.8, N_USERS)
ZIGZAG = np.where(np.arange(N_USERS) % 2 == 0, 0.1, -0.1)
CHAMPION, VERSION = "the-champion", "the-version"


def _metrics(
    all_: NDArray[np.float64],
    new: NDArray[np.float64] | None = None,
    *,
    fold: Fold = FOLD,
    k: int = 20,
    bundle_id: str = VERSION,
    first_user: int = 0,
) -> UserMetrics:
    ndcg_new = all_ if new is None else new
    return UserMetrics(
        fold=fold,
        k=k,
        bundle_id=bundle_id,
        user_ids=tuple(f"user-{first_user + row}" for row in range(len(all_))),
        values={"recall_all": all_, "ndcg_all": all_, "recall_new": ndcg_new, "ndcg_new": ndcg_new},
    )


CHAMPIONS_OWN = LastFold(_metrics(BASE, bundle_id=CHAMPION))


def test_a_version_that_is_worse_for_everybody_is_refused_with_the_numbers() -> None:
    version = LastFold(_metrics(BASE - 0.1))

    verdict = judge(version, CHAMPIONS_OWN, champion_bundle_id=CHAMPION)

    assert not verdict.passed
    assert [one.target for one in verdict.comparisons] == ["all", "new"]
    for one in verdict.comparisons:
        difference = one.difference
        ends = (difference.low, difference.mean, difference.high)
        assert ends == pytest.approx((-0.1, -0.1, -0.1))
        assert difference.n == N_USERS
    assert "NDCG on all 0.4000 against 0.5000, -0.1000" in verdict.reason


@pytest.mark.parametrize("gain", [0.1, 0.0], ids=["better", "equal"])
def test_a_version_that_is_not_worse_passes(gain: float) -> None:
    version = LastFold(_metrics(BASE + gain))

    verdict = judge(version, CHAMPIONS_OWN, champion_bundle_id=CHAMPION)

    assert verdict.passed
    assert verdict.reason.startswith("not worse than the champion")


def test_a_loss_within_noise_passes() -> None:
    version = LastFold(_metrics(BASE + ZIGZAG - 0.001))

    verdict = judge(version, CHAMPIONS_OWN, champion_bundle_id=CHAMPION)

    assert verdict.passed
    assert verdict.comparisons[0].difference.mean == pytest.approx(-0.001)


def test_worse_on_one_target_is_enough_and_the_reason_names_that_one() -> None:
    version = LastFold(_metrics(BASE + 0.1, new=BASE - 0.1))

    verdict = judge(version, CHAMPIONS_OWN, champion_bundle_id=CHAMPION)

    assert not verdict.passed
    assert "NDCG on new" in verdict.reason
    assert "NDCG on all" not in verdict.reason


@given(st.permutations(range(20)))
def test_users_are_paired_by_id_whatever_their_order(order: list[int]) -> None:
    ours, theirs = _metrics(BASE[:20] - 0.1), _metrics(BASE[:20], bundle_id=CHAMPION)
    shuffled = UserMetrics(
        theirs.fold,
        theirs.k,
        CHAMPION,
        tuple(theirs.user_ids[row] for row in order),
        {name: values[order] for name, values in theirs.values.items()},
    )

    verdict = judge(LastFold(ours), LastFold(shuffled), champion_bundle_id=CHAMPION)

    assert verdict.comparisons[0].difference.low == pytest.approx(-0.1)
    assert verdict.comparisons[0].difference.high == pytest.approx(-0.1)


def test_the_champion_learnt_anew_on_the_same_fold_goes_before_its_own_old_numbers() -> None:
    anew = _metrics(BASE - 0.1, bundle_id=CHAMPION)
    version = LastFold(_metrics(BASE - 0.1), champion=anew)

    verdict = judge(version, CHAMPIONS_OWN, champion_bundle_id=CHAMPION)

    assert verdict.passed
    assert verdict.comparisons[0].difference.mean == 0


def test_another_fold_is_compared_by_the_champion_learnt_anew() -> None:
    anew = _metrics(BASE, fold=LATER, bundle_id=CHAMPION)
    version = LastFold(_metrics(BASE - 0.1, fold=LATER), champion=anew)

    verdict = judge(version, CHAMPIONS_OWN, champion_bundle_id=CHAMPION)

    assert not verdict.passed
    assert verdict.comparisons


@pytest.mark.parametrize(
    "version",
    [
        LastFold(_metrics(BASE, fold=LATER)),
        LastFold(_metrics(BASE, k=10)),
        LastFold(_metrics(BASE, first_user=N_USERS // 2 + 1)),
        LastFold(
            _metrics(BASE, fold=LATER),
            champion=_metrics(BASE, fold=LATER, bundle_id="champion of another day"),
        ),
    ],
    ids=["another fold", "another k", "most users are others", "another champion"],
)
def test_what_cannot_be_compared_is_refused_and_says_what_to_do(version: LastFold) -> None:
    verdict = judge(version, CHAMPIONS_OWN, champion_bundle_id=CHAMPION)

    assert not verdict.passed
    assert verdict.comparisons == ()
    assert "run vitrine train" in verdict.reason


def test_a_version_whose_evaluation_is_lost_is_refused() -> None:
    verdict = judge(None, CHAMPIONS_OWN, champion_bundle_id=CHAMPION)

    assert not verdict.passed
    assert "evaluation is missing" in verdict.reason


def test_where_nobody_wants_new_items_all_decides() -> None:
    nobody = np.full(N_USERS, np.nan)
    version = LastFold(_metrics(BASE, new=nobody))

    verdict = judge(version, CHAMPIONS_OWN, champion_bundle_id=CHAMPION)

    assert verdict.passed
    assert [one.target for one in verdict.comparisons] == ["all"]


def _results(
    all_: NDArray[np.float64], new: NDArray[np.float64] | None = None
) -> dict[Target, Result]:
    values: dict[Target, NDArray[np.float64]] = {"all": all_} | (
        {} if new is None else {"new": new}
    )
    return {
        target: Result(
            user_rows=np.arange(len(one)),
            per_user={"ndcg": one},
            item_rows=np.zeros((len(one), 1), dtype=np.int32),
            of_lists={},
        )
        for target, one in values.items()
    }


@pytest.mark.parametrize(
    ("all_", "new", "passes"),
    [
        (BASE + 0.1, BASE + 0.1, True),
        # One target is enough, if the other is no worse.
        (BASE + 0.1, BASE + ZIGZAG, True),
        (BASE + ZIGZAG, BASE + 0.1, True),
        (BASE + 0.1, BASE - 0.1, False),
        (BASE - 0.1, BASE + 0.1, False),
        # Not better beyond noise: the simpler one stays.
        (BASE, BASE, False),
        (BASE + ZIGZAG + 0.001, BASE, False),
        (BASE - 0.1, BASE - 0.1, False),
    ],
)
def test_a_second_stage_has_to_be_better_beyond_noise(
    all_: NDArray[np.float64], new: NDArray[np.float64], passes: bool
) -> None:
    verdict = beats(_results(all_, new), _results(BASE, BASE))

    assert verdict.passed == passes
    assert [one.target for one in verdict.comparisons] == ["all", "new"]


def test_the_verdict_on_a_second_stage_has_the_numbers() -> None:
    verdict = beats(_results(BASE + 0.1), _results(BASE))

    assert verdict.passed
    (everything,) = verdict.comparisons
    assert everything.difference.low == pytest.approx(0.1)
    expected = "ranker against blend: NDCG on all 0.6000 against 0.5000, +0.1000"
    assert verdict.reason.startswith(expected)
