"""A search goes on where it left off, as if nothing had happened."""

import math
from pathlib import Path

import pytest

from training.settings import TrainingSettings
from training.tune.space import SERVE, Space
from training.tune.study import Study, Trial, open_study
from training.tune.tried import Tried, ranked

SETTINGS = TrainingSettings(seed=5)
FOLDS = 2
N_TRIALS = 12


def _space(settings: TrainingSettings = SETTINGS, *models: str) -> Space:
    return Space.of(settings, models or ("als", "bpr"))


def _value(trial: Trial) -> float:
    """Give what is best where old events count little, and where bpr serves."""
    return 1 / float(trial.point["weights.half_life_days"]) + (trial.point.get(SERVE) == "bpr")


def _try(study: Study, n: int) -> None:
    for _ in range(n):
        trial = study.ask()
        for place in range(FOLDS):
            trial.report(place, _value(trial) + place)
        trial.complete(_value(trial) + 0.5)


def _searched(database: Path, *parts: int, settings: TrainingSettings = SETTINGS) -> list[Tried]:
    for n in parts:
        with open_study(database, "planted", _space(settings)) as study:
            _try(study, n)
            tried = list(study.tried())
    return tried


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Tried]:
    """Search without a break, past the trials that are drawn by chance."""
    return _searched(tmp_path_factory.mktemp("whole") / "tune.db", N_TRIALS)


def test_the_first_trial_is_where_one_is(whole: list[Tried]) -> None:
    first, *others = whole

    assert first.is_current
    assert first.point == _space().here()
    assert not any(one.is_current for one in others)
    assert len({one.point["weights.half_life_days"] for one in others}) == len(others)


def test_values_come_back_as_they_were_told(whole: list[Tried]) -> None:
    first = whole[0]

    own = 1 / SETTINGS.weights.half_life_days
    assert first.fold_values == (own, own + 1)
    assert first.value == pytest.approx(own + 0.5)
    assert first.state == "complete"


def test_another_seed_tries_something_else(whole: list[Tried], tmp_path: Path) -> None:
    _, second = _searched(tmp_path / "tune.db", 2, settings=TrainingSettings(seed=6))

    assert second.point != whole[1].point


def test_a_search_in_three_parts_is_the_search_in_one(whole: list[Tried], tmp_path: Path) -> None:
    assert _searched(tmp_path / "tune.db", 3, 1, N_TRIALS - 4) == whole


@pytest.mark.parametrize("n_before", [0, 1, 11])
def test_a_lost_trial_is_tried_again_and_blocks_nothing(
    n_before: int, whole: list[Tried], tmp_path: Path
) -> None:
    with open_study(tmp_path / "lost.db", "planted", _space()) as study:
        _try(study, n_before)
        lost = study.ask()
        lost.report(0, 0.1)

    # Only the next trial could go wrong; after that it is as it was.
    n_after = 1 + (n_before == 0)
    tried = _searched(tmp_path / "lost.db", n_after)

    assert lost.number not in {one.number for one in tried}
    assert [(one.point, one.fold_values) for one in tried] == [
        (one.point, one.fold_values) for one in whole[: n_before + n_after]
    ]
    assert [one.is_current for one in tried].count(True) == 1


def test_what_is_lost_again_and_again_is_not_tried_for_ever(tmp_path: Path) -> None:
    asked = []
    for _ in range(3):
        with open_study(tmp_path / "tune.db", "planted", _space()) as study:
            _try(study, 2 if not asked else 0)
            asked.append(study.ask().point)

    first, again, other = asked
    assert first == again != other


def test_a_hopeless_trial_is_told_and_marked(tmp_path: Path) -> None:
    with open_study(tmp_path / "tune.db", "planted", _space()) as study:
        for value in (0.5, 0.6, 0.7, 0.8, 0.9):
            trial = study.ask()
            assert not trial.report(0, value)
            trial.complete(value)
        trial = study.ask()
        hopeless = trial.report(0, 0.69)
        trial.prune()
        last = study.tried()[-1]
        promising = study.ask().report(0, 0.71)

    assert (hopeless, promising) == (True, False)  # the median is 0.7
    assert (last.state, last.fold_values) == ("pruned", (0.69,))


def test_a_trial_that_could_not_be_fitted_is_tried_only_once(tmp_path: Path) -> None:
    with open_study(tmp_path / "tune.db", "planted", _space()) as study:
        _try(study, 1)
        broken = study.ask()
        broken.fail("it ran away")

        _try(study, 1)

        complete, failed, after = study.tried()

    assert (complete.state, failed.state, after.state) == ("complete", "failed", "complete")
    assert failed.point == broken.point != after.point


def test_another_name_is_another_search(tmp_path: Path) -> None:
    _searched(tmp_path / "tune.db", 2)

    with open_study(tmp_path / "tune.db", "other data", _space()) as study:
        assert study.tried() == ()


def test_a_first_trial_that_the_space_cannot_say_is_still_the_first(tmp_path: Path) -> None:
    outside = TrainingSettings.model_validate(
        {"serve": "popular", "weights": {"half_life_days": math.inf}}
    )

    with open_study(tmp_path / "tune.db", "planted", _space(outside)) as study:
        first = study.ask()
        first.complete(0.1)
        _try(study, 11)
        tried = study.tried()

    assert first.is_current
    assert SERVE not in first.point
    assert {one.point[SERVE] for one in tried[1:]} == {"als", "bpr"}


def test_what_matters_is_found_when_there_are_enough_trials(tmp_path: Path) -> None:
    with open_study(tmp_path / "tune.db", "planted", _space(SETTINGS, "als")) as study:
        _try(study, 19)
        few = study.importance()
        _try(study, 6)
        shares = study.importance()

    assert few == {}
    assert next(iter(shares)) == "weights.half_life_days"
    assert sum(shares.values()) == pytest.approx(1)


def test_trials_that_are_all_alike_say_nothing_of_what_matters(tmp_path: Path) -> None:
    with open_study(tmp_path / "tune.db", "planted", _space()) as study:
        for _ in range(22):
            trial = study.ask()
            trial.report(0, 0.5)
            trial.complete(0.5)

        assert study.importance() == {}


def test_the_older_of_equals_is_the_better() -> None:
    tried = [
        Tried(number, state, {}, values, is_current=not number)
        for number, state, values in [
            (0, "complete", (0.4, 0.6)),
            (1, "complete", (0.5, 0.5)),
            (2, "pruned", (0.9,)),
            (3, "complete", (0.6, 0.6)),
            (4, "failed", ()),
        ]
    ]

    assert [one.number for one in ranked(tried)] == [3, 0, 1]
