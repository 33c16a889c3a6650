"""The second stage learns what only it can see, from windows that close before it is judged."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from features.home import Home
from features.ranker import Ranker
from features.recommender import Recommender
from features.seen import Persons
from features.snapshot import Snapshot
from tests import windows
from tests.shops import AS_OF
from tests.windows import FOLD, HORIZON_DAYS, SETTINGS, lived, opened
from training import second_stage
from training.pipeline import Evaluation, evaluate
from training.ranker import PairTable, pair_tables
from training.second_stage import FEWEST_WINDOWS, SecondStage
from training.settings import TrainingSettings
from training.split import Fold
from training.steps import Steps
from training.targets import Targets, fold_targets

NOW = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def alternating(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return opened(lived(windows.alternating), tmp_path_factory.mktemp("alternating"))


@pytest.fixture(scope="module")
def measured(alternating: Home) -> Evaluation:
    return evaluate(alternating, SETTINGS, FOLD, now=NOW, steps=Steps(lambda _line: None))


@pytest.fixture(scope="module")
def loyal(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    home = opened(lived(windows.loyal), tmp_path_factory.mktemp("loyal"))
    return evaluate(home, SETTINGS, FOLD, now=NOW, steps=Steps(lambda _line: None))


@dataclass
class Watch:
    """Looks on while a second stage reads its windows."""

    folds: list[Fold] = field(default_factory=list)
    targets: list[Targets] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def fold_targets(self, lake: Path, snapshot: Snapshot, fold: Fold) -> Targets:
        """Read targets as they are."""
        found = fold_targets(lake, snapshot, fold)
        self.folds.append(fold)
        self.targets.append(found)
        return found

    def stage(
        self, home: Home, settings: TrainingSettings, monkeypatch: pytest.MonkeyPatch
    ) -> SecondStage:
        """Give a second stage that is looked at."""
        monkeypatch.setattr(second_stage, "fold_targets", self.fold_targets)
        return SecondStage(home.lake, settings, Steps(self.told.append))


def _same(one: Ranker, other: Ranker) -> bool:
    return all(
        getattr(one, kind).features == getattr(other, kind).features
        and all(
            np.array_equal(array, getattr(other, kind).arrays()[name])
            for name, array in getattr(one, kind).arrays().items()
        )
        for kind in ("everything", "new")
    )


def _ndcg(measured: Evaluation, name: str, target: str = "all") -> float:
    return float(measured.report.results[name][target].per_user["ndcg"].mean())


def test_a_rule_that_only_the_ranker_can_see_is_learnt(measured: Evaluation) -> None:
    assert measured.verdict is not None
    (everything, _) = measured.verdict.comparisons

    # The blend puts what was bought last first; the ranker knows that its turn is over.
    assert everything.difference.low > 0.2
    assert measured.ranks
    assert _ndcg(measured, "ranked") > _ndcg(measured, "blended") + 0.2
    assert measured.report.results["served"] is measured.report.results["ranked"]


def test_what_the_ranker_learnt_is_the_rule(measured: Evaluation) -> None:
    assert measured.fitted is not None

    importance = measured.fitted.importance("everything")

    assert sum(importance.values()) == pytest.approx(1)
    ranked = list(importance)
    # How long ago it was bought says all, whichever of these features says it.
    assert ranked[0] in {"bought_since", "bought_late", "due_in_days", "own_history", "due_again"}
    assert list(importance.values()) == sorted(importance.values(), reverse=True)


def test_where_the_blend_is_right_already_it_is_served(loyal: Evaluation) -> None:
    assert loyal.fitted is not None
    assert loyal.verdict is not None

    assert not loyal.verdict.passed
    assert not loyal.ranks
    assert loyal.report.results["served"] is loyal.report.results["blended"]
    assert "ranked" in loyal.report.results


@pytest.mark.parametrize("gap_days", [0, 3])
def test_every_window_closes_before_the_fold_begins(
    gap_days: int, alternating: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, fold = Watch(), replace(FOLD, gap_days=gap_days)

    assert watch.stage(alternating, SETTINGS, monkeypatch).learnt_before(fold) is not None

    assert SETTINGS.ranker is not None
    assert len(watch.folds) == SETTINGS.ranker.windows
    latest_first = [fold, *watch.folds]
    for later, earlier in pairwise(latest_first):
        # The windows neither overlap nor leave anything out.
        assert earlier.closes == later.as_of
        assert (earlier.horizon_days, earlier.gap_days) == (HORIZON_DAYS, gap_days)


def test_a_ranker_is_the_same_whatever_comes_after(alternating: Home, tmp_path: Path) -> None:
    known = [one for one in lived(windows.alternating) if one["timestamp"] <= AS_OF]
    ended = opened(known, tmp_path)
    steps = Steps(lambda _line: None)

    one, other = (
        SecondStage(home.lake, SETTINGS, steps).learnt_before(FOLD) for home in (alternating, ended)
    )

    assert one is not None
    assert other is not None
    assert _same(one.ranker, other.ranker)


def test_the_same_seed_learns_the_same_ranker(alternating: Home, measured: Evaluation) -> None:
    steps = Steps(lambda _line: None)
    drawn = SETTINGS.model_dump()
    drawn["ranker"] |= {"row_share": 0.6, "feature_share": 0.5, "most_users": 25}

    one, other, third = (
        SecondStage(
            alternating.lake, TrainingSettings.model_validate(drawn | {"seed": seed}), steps
        ).learnt_before(FOLD)
        for seed in (1, 1, 2)
    )

    assert measured.fitted is not None
    assert one is not None
    assert other is not None
    assert third is not None
    assert _same(one.ranker, other.ranker)
    assert not _same(one.ranker, third.ranker)


@pytest.mark.parametrize("n_windows", [0, FEWEST_WINDOWS - 1, FEWEST_WINDOWS])
def test_fewer_than_three_windows_teach_no_ranker_and_it_says_so(
    n_windows: int, tmp_path: Path
) -> None:
    # One window more than is learnt from: somebody's first purchases are nobody's targets.
    home = opened(lived(windows.alternating, first_window=-n_windows - 1), tmp_path)
    told: list[str] = []

    fitted = SecondStage(home.lake, SETTINGS, Steps(told.append)).learnt_before(FOLD)

    assert (fitted is not None) == (n_windows >= FEWEST_WINDOWS)
    refused = [line for line in told if line.startswith("no ranker")]
    assert len(refused) == (n_windows < FEWEST_WINDOWS)
    if refused:
        assert f"{n_windows} windows of {HORIZON_DAYS} days" in refused[0]
        assert "the blend orders the lists" in refused[0]


def test_who_wants_no_ranker_gets_none(alternating: Home) -> None:
    settings = SETTINGS.model_copy(update={"ranker": None})
    told: list[str] = []

    measured = evaluate(alternating, settings, FOLD, now=NOW, steps=Steps(told.append))

    assert measured.fitted is measured.verdict is None
    assert not measured.ranks
    assert {"ranked", "blended"}.isdisjoint(measured.report.results)
    assert "learn a window" not in told


def test_no_window_is_learnt_twice(alternating: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    stage = watch.stage(alternating, SETTINGS, monkeypatch)
    later = replace(FOLD, as_of=FOLD.closes)

    stage.learnt_before(FOLD)
    stage.learnt_before(FOLD)
    stage.learnt_before(later)

    starts = [fold.as_of for fold in watch.folds]
    # The later fold has one window of its own: the one that the earlier was judged on.
    assert len(starts) == len(set(starts)) == FEWEST_WINDOWS + 1
    assert starts[-1] == FOLD.as_of


def test_no_more_people_are_learnt_from_than_wanted(
    alternating: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = SETTINGS.model_dump()
    few["ranker"] |= {"most_users": 7}
    asked: list[int] = []

    def tables(
        recommender: Recommender, persons: Persons, *about: np.ndarray, new: bool
    ) -> PairTable:
        asked.append(len(persons))
        assert [one.shape[0] for one in about] == [len(persons)] * 2
        return pair_tables(recommender, persons, *about, new=new)

    monkeypatch.setattr(second_stage, "pair_tables", tables)
    steps = Steps(lambda _line: None)

    SecondStage(alternating.lake, TrainingSettings.model_validate(few), steps).learnt_before(FOLD)

    assert asked == [7] * 2 * FEWEST_WINDOWS


def test_a_window_in_which_nobody_bought_is_left_out(tmp_path: Path) -> None:
    closed = [
        one
        for one in lived(windows.alternating)
        if not AS_OF - timedelta(days=20) < one["timestamp"] <= AS_OF - timedelta(days=10)
    ]
    home, told = opened(closed, tmp_path), []
    four = SETTINGS.model_dump()
    four["ranker"] |= {"windows": FEWEST_WINDOWS + 1}
    settings = TrainingSettings.model_validate(four)

    fitted = SecondStage(home.lake, settings, Steps(told.append)).learnt_before(FOLD)

    assert fitted is not None  # of the three others
    start = f"{AS_OF - timedelta(days=20):%Y-%m-%d}"
    assert [line for line in told if line.startswith(f"window from {start} teaches nothing")]
