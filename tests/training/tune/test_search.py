"""A search looks at earlier folds only, goes on where it left off, and tells what it found."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from features.errors import InvalidSettings, LakeBusy, NotEnoughData
from features.home import Home
from features.lock import holding
from tests.shops import AS_OF, event
from tests.training.tune.conftest import (
    EARLIER,
    HORIZON_DAYS,
    N_FOLDS,
    NOW,
    SETTINGS,
    bought,
    shop_of,
)
from training.mlflow_door import Connection
from training.settings import TrainingSettings
from training.tune.folds import TriedFold, earlier_folds
from training.tune.outcome import Outcome
from training.tune.search import study_name, tune
from training.tune.space import Space
from training.tune.study import Trial

LOG_END = AS_OF
"""Where the log ends."""

Told = list[tuple[str, int, int]]


@pytest.fixture(autouse=True)
def store(connection: Connection, model_name: str, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setenv("VITRINE_TRACKING_URI", connection.uri)
    monkeypatch.setenv("VITRINE_MODEL_NAME", model_name)
    return connection


def _tune(home: Home, n_trials: int, *, told: Told | None = None, **given: Any) -> Outcome:  # noqa: ANN401 -- any option
    lines: Told = [] if told is None else told
    options: dict[str, Any] = {"n_folds": N_FOLDS, "models": ["als"], "now": NOW} | given
    settings = options.pop("settings", SETTINGS)
    return tune(
        home, settings, n_trials=n_trials, progress=lambda *line: lines.append(line), **options
    )


def _points(outcome: Outcome) -> list[tuple[Any, ...]]:
    return [(one.point, one.fold_values, one.state) for one in outcome.tried]


def test_the_folds_end_before_the_last_one_begins(home: Home) -> None:
    first, second = earlier_folds(home.lake, SETTINGS, n_folds=2)

    days = [(LOG_END - one.closes).total_seconds() / 86_400 for one in (first, second)]
    assert days == [2 * HORIZON_DAYS, HORIZON_DAYS]


def test_the_last_fold_changes_nothing(home: Home, tmp_path: Path) -> None:
    nothing = shop_of(tmp_path / "nothing", EARLIER)
    another = bought(-9.9, -0.1, each=40)
    other = shop_of(tmp_path / "other", [*EARLIER, *another])

    searched = [_tune(one, 4) for one in (home, nothing, other)]

    assert _points(searched[0]) == _points(searched[1]) == _points(searched[2])
    assert searched[0].settings == searched[1].settings == searched[2].settings
    assert len({one.study for one in searched}) == 3


def test_an_earlier_fold_does_change_it(home: Home, tmp_path: Path) -> None:
    more = shop_of(tmp_path / "more", [*EARLIER, *bought(-19, -11, each=2, turned=True)])

    assert _points(_tune(home, 1)) != _points(_tune(more, 1))


def test_the_winner_is_not_worse_than_where_one_was(home: Home) -> None:
    outcome = _tune(home, 5)

    first = outcome.tried[0]
    assert first.is_current
    assert outcome.best[0].value == max(one.value for one in outcome.tried)
    assert outcome.best[0].value >= first.value
    assert bool(outcome.differences) == (outcome.best[0] is not first)


def test_the_first_trial_is_what_the_settings_reach(home: Home) -> None:
    outcome = _tune(home, 1)

    folds = earlier_folds(home.lake, SETTINGS, n_folds=N_FOLDS)
    scores = [TriedFold.read(home.lake, one).score(SETTINGS, now=NOW) for one in folds]
    (first,) = outcome.tried
    assert first.fold_values == tuple(one.value for one in scores)
    for score in scores:
        assert score.value == pytest.approx((score.means["all"] * score.means["new"]) ** 0.5)
    assert outcome.settings == SETTINGS
    assert "no trial was better" in outcome.as_text()


def test_a_ranker_changes_no_trial_and_stays_in_the_winners_settings(home: Home) -> None:
    without = SETTINGS.model_copy(update={"ranker": None})
    assert SETTINGS.ranker is not None

    fold = TriedFold.read(home.lake, earlier_folds(home.lake, SETTINGS, n_folds=1)[0])
    outcome = _tune(home, 3)

    ndcgs = [fold.score(one, now=NOW).means for one in (SETTINGS, without)]
    assert ndcgs[0] == ndcgs[1]
    assert outcome.settings.ranker == SETTINGS.ranker


def test_an_aborted_search_goes_on_and_repeats_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _tune(shop_of(tmp_path / "whole", EARLIER), 6)
    part = shop_of(tmp_path / "part", EARLIER)
    score, n_scored = TriedFold.score, count(1)

    def aborted(self: TriedFold, settings: TrainingSettings, **given: Any) -> Any:  # noqa: ANN401 -- passes all on
        # The second fold of the fourth trial.
        if next(n_scored) == 3 * N_FOLDS + 2:
            raise KeyboardInterrupt
        return score(self, settings, **given)

    monkeypatch.setattr(TriedFold, "score", aborted)
    with pytest.raises(KeyboardInterrupt):
        _tune(part, 6)
    told: Told = []
    resumed = _tune(part, 6, told=told)

    assert _points(resumed) == _points(whole)
    assert resumed.settings == whole.settings
    assert [differed.ndcg for differed in resumed.differences] == [
        differed.ndcg for differed in whole.differences
    ]
    assert [done for _, done, _ in told] == [3, 4, 5, 6]


def test_a_search_that_is_done_says_so_again_and_tries_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = _tune(home, 3)
    monkeypatch.setattr("training.tune.study.Study.ask", None)

    for n_trials in (3, 2):
        again = _tune(home, n_trials)

        assert again.as_text() == done.as_text()
        assert again.as_toml() == done.as_toml()


def test_the_written_settings_are_the_winners(home: Home, tmp_path: Path) -> None:
    given = SETTINGS.model_copy(update={"ranker": None, "compare": ["popular"]})
    path = tmp_path / "tuned.toml"
    for settings in (SETTINGS, given):
        outcome = _tune(home, 4, settings=settings)

        path.write_text(outcome.as_toml(), encoding="utf-8")

        assert TrainingSettings.load(path) == outcome.settings
        assert outcome.study in outcome.as_toml().splitlines()[0]
        assert str(tmp_path) not in outcome.as_toml()


def test_a_shop_that_serves_what_is_popular_can_begin_there(home: Home, tmp_path: Path) -> None:
    popular = SETTINGS.model_copy(update={"serve": None})

    outcome = _tune(home, 2, settings=popular)

    path = tmp_path / "tuned.toml"
    path.write_text(outcome.as_toml(), encoding="utf-8")
    assert TrainingSettings.load(path) == outcome.settings
    assert outcome.tried[0].is_current
    assert outcome.began.serve == "popular"


def test_every_trial_has_a_run_below_the_searchs_and_says_how_it_ended(
    home: Home, store: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Trial.report
    monkeypatch.setattr(
        Trial,
        "report",
        lambda self, place, value: report(self, place, value) or self.number == 2,
    )

    outcome = _tune(home, 4)

    runs = store.client.search_runs([store.experiment_id])
    named = {run.info.run_name: run for run in runs}
    parent = named.pop("tune")
    assert parent.data.tags["study"] == outcome.study
    assert {run.data.tags["mlflow.parentRunId"] for run in named.values()} == {parent.info.run_id}
    assert {name: run.data.tags["state"] for name, run in named.items()} == {
        "trial 0": "complete",
        "trial 1": "complete",
        "trial 2": "pruned",
        "trial 3": "complete",
    }
    assert [len(one.fold_values) for one in outcome.tried] == [2, 2, 1, 2]
    for one in outcome.best:
        data = named[f"trial {one.number}"].data
        assert data.metrics["ndcg"] == one.value
        assert float(data.params["blend.own"]) == pytest.approx(one.point["blend.own"], rel=0.005)
    assert "ndcg" not in named["trial 2"].data.metrics
    assert "3 trials" not in outcome.as_text()
    assert "4 trials, 1 pruned" in outcome.as_text()


def test_a_fit_that_runs_away_is_no_end_of_the_search(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = TriedFold.score

    def fragile(self: TriedFold, settings: TrainingSettings, **given: Any) -> Any:  # noqa: ANN401 -- passes all on
        if settings != SETTINGS:
            raise FloatingPointError("overflow")
        return score(self, settings, **given)

    monkeypatch.setattr(TriedFold, "score", fragile)

    outcome = _tune(home, 3)

    assert [one.state for one in outcome.tried] == ["complete", "failed", "failed"]
    assert outcome.settings == SETTINGS
    assert "3 trials, 2 failed" in outcome.as_text()


def test_settings_that_cannot_be_fitted_are_an_error(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise InvalidSettings("no")

    monkeypatch.setattr(TriedFold, "score", broken)

    with pytest.raises(InvalidSettings, match="no"):
        _tune(home, 3)


def test_after_the_timeout_no_trial_is_begun_but_the_first_one_is_made(home: Home) -> None:
    # A minute goes by with each line that is told: the folds are one, and each trial is one.
    for timeout_minutes, n_tried in ((0.5, 1), (2.5, 1 + 2)):
        told: Told = []

        outcome = _tune(
            home,
            5,
            told=told,
            timeout_minutes=timeout_minutes,
            clock=lambda told=told: 60.0 * len(told),
        )

        assert len(outcome.tried) == n_tried


def test_another_search_in_the_same_home_is_refused(home: Home) -> None:
    lock = home.tune_db.with_name(f".{home.tune_db.name}.lock")

    with (
        holding(lock, busy=LakeBusy("unused")),
        pytest.raises(LakeBusy, match="another vitrine tune"),
    ):
        _tune(home, 1)


def test_a_name_stands_for_all_that_trials_depend_on(home: Home) -> None:
    folds = earlier_folds(home.lake, SETTINGS, n_folds=2)
    one = study_name(Space.of(SETTINGS, ["als"]), folds, digest="a")

    compared = SETTINGS.model_copy(update={"compare": ["bpr"]})
    assert study_name(Space.of(compared, ["als"]), folds, digest="a") == one
    assert one.startswith("10d-2folds-")
    others = [
        study_name(Space.of(SETTINGS, ["als"]), folds, digest="b"),
        study_name(Space.of(SETTINGS, ["als"]), folds[1:], digest="a"),
        study_name(Space.of(SETTINGS, ["bpr"]), folds, digest="a"),
        study_name(Space.of(TrainingSettings(seed=9), ["als"]), folds, digest="a"),
    ]
    assert len({one, *others}) == 5


def test_an_unknown_model_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="'knn' cannot be tuned; choose of"):
        _tune(Home(tmp_path / "nothing"), 3, models=["knn"])


def test_an_empty_log_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughData, match="run vitrine ingest first"):
        _tune(Home(tmp_path / "nothing"), 3)


@pytest.mark.parametrize("n_folds", [7, 50])
def test_a_log_too_short_for_the_folds_says_what_to_do(n_folds: int, home: Home) -> None:
    with pytest.raises(NotEnoughData, match="ask for fewer --folds or other --horizon-days"):
        _tune(home, 3, n_folds=n_folds)


def test_a_fold_in_which_nobody_buys_says_what_to_do(tmp_path: Path) -> None:
    quiet = shop_of(tmp_path / "quiet", [event("ann", "item-01", days=-50)])

    with pytest.raises(NotEnoughData, match="ask for fewer --folds"):
        _tune(quiet, 3)
