"""A search for settings: try some, keep what they reached, and go on where one left off."""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from time import perf_counter
from typing import Final

import numpy as np

from features.errors import LakeBusy
from features.home import Home
from features.lock import holding
from training.mlflow_door import connect
from training.pipeline import data_digest
from training.settings import TrainingSettings
from training.split import Fold
from training.tracking import TrackedRun, Tracker
from training.tune.folds import Score, TriedFold, earlier_folds
from training.tune.outcome import Difference, Outcome, differences
from training.tune.space import VERSION, Space
from training.tune.study import Study, Trial, open_study
from training.tune.tried import Tried, ranked

Progress = Callable[[str, int, int], None]
"""Told what has been done, how many trials have ended, and how many are wanted."""

Clock = Callable[[], float]
"""Gives seconds that only go forward."""

_SECONDS_PER_MINUTE: Final = 60.0
_PARENT: Final = "mlflow.parentRunId"


def tune(
    home: Home,
    settings: TrainingSettings,
    *,
    n_trials: int,
    n_folds: int,
    models: Sequence[str] | None = None,
    timeout_minutes: float | None = None,
    now: datetime,
    progress: Progress,
    clock: Clock = perf_counter,
    uri: str | None = None,
) -> Outcome:
    """Search for better settings on the folds before the last one.

    Parameters
    ----------
    home : Home
        The shop; its trials are kept there, and the same call goes on with them.
    settings : TrainingSettings
        Where to begin: they are the first trial, so that the winner is not worse.
    n_trials : int
        How many trials there are to be in all, with those of earlier commands; at least 1.
    n_folds : int
        How many folds a trial is measured on; at least 1.
    models : sequence of str, optional
        Which may serve; all that can if it is not said.
    timeout_minutes : float, optional
        After how many minutes no further trial is begun.
    now : datetime
        Aware.
    progress : callable of str, int, int
        Told of each trial.
    clock : callable, optional
        For the timeout, and for how long trials take.
    uri : str, optional
        The MLflow tracking URI; see `training.mlflow_door.connect`.

    Raises
    ------
    NotEnoughData
        The log is empty or too short for the folds.
    InvalidSettings
        A model is unknown or cannot be searched.
    LakeBusy
        Another search is at work in this home.
    """
    deadline = clock() + _SECONDS_PER_MINUTE * (timeout_minutes or math.inf)
    # TOML knows no null; a model of popularity alone serves the same.
    begin = settings if settings.serve else settings.model_copy(update={"serve": "popular"})
    space = Space.of(begin, models)
    folds = earlier_folds(home.lake, begin, n_folds=n_folds)
    name = study_name(space, folds, digest=data_digest(home.lake))
    busy = LakeBusy(f"another vitrine tune is at work in {home.root}; wait for its end, or end it")
    lock = home.tune_db.with_name(f".{home.tune_db.name}.lock")
    with holding(lock, busy=busy), open_study(home.tune_db, name, space) as study:
        search = _Search(home, study, folds, now, progress, clock, n_trials)
        if search.has_ended(deadline):
            return search.outcome(name)
        search.read()
        with Tracker(connect(home, uri=uri)).run("tune", tags={"study": name}) as run:
            run.log_params(begin.model_dump(mode="json"))
            while not search.has_ended(deadline):
                search.try_one(run)
            outcome = search.outcome(name)
            run.log_text(outcome.as_text(), "report.txt")
            run.log_text(outcome.as_toml(), "tuned.toml")
        return outcome


def study_name(space: Space, folds: Sequence[Fold], *, digest: str) -> str:
    """Name a search by all that its trials depend on: other data is another search."""
    facts = {
        "space": VERSION,
        "code": version("vitrine"),
        "models": space.models,
        # What is only compared with changes no trial.
        "settings": space.current.model_dump(mode="json", exclude={"compare"}),
        "folds": [fold.as_of.isoformat() for fold in folds],
        "data": digest,
    }
    text = json.dumps(facts, sort_keys=True)
    short = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{folds[0].horizon_days}d-{len(folds)}folds-{short}"


@dataclass(slots=True)
class _Search:
    """The folds, once read, and the scores that the comparison at the end will need."""

    home: Home
    study: Study
    cuts: tuple[Fold, ...]
    now: datetime
    progress: Progress
    clock: Clock
    n_trials: int
    folds: tuple[TriedFold, ...] = ()
    kept: dict[int, tuple[Score, ...]] = field(default_factory=dict)

    def has_ended(self, deadline: float) -> bool:
        """Whether enough was tried; the settings as they are now are tried in any case."""
        n_tried = len(self.study.tried())
        return n_tried >= self.n_trials or (n_tried > 0 and self.clock() >= deadline)

    def read(self) -> None:
        """Read the folds, unless they have been read."""
        if not self.folds:
            self.progress("reading the folds", len(self.study.tried()), self.n_trials)
            self.folds = tuple(TriedFold.read(self.home.lake, one) for one in self.cuts)

    def try_one(self, run: TrackedRun) -> None:
        """Try one point of the space, and keep what it reached."""
        started, trial = self.clock(), self.study.ask()
        settings = self._settings(trial)
        try:
            scores = self._measure(trial, settings)
        except (ArithmeticError, ValueError) as error:
            # Where one is now must work; elsewhere a fit may well run away into infinity.
            if trial.is_current:
                raise
            trial.fail(str(error))
            scores = ()
        seconds = round(self.clock() - started, 3)
        tried = self.study.tried()
        ended = next(one for one in tried if one.number == trial.number)
        self._keep(ended, scores)
        _log(run, ended, settings, scores, seconds)
        reached = ended.state if ended.state != "complete" else f"{ended.value:.4f}"
        best = ranked(tried)[0]
        told = f"trial {ended.number}: {reached}, best {best.value:.4f} (trial {best.number})"
        self.progress(f"{told}, {seconds:.1f} s", len(tried), self.n_trials)

    def outcome(self, name: str) -> Outcome:
        """Sum up; what the comparison lacks since an earlier command is measured anew."""
        tried = self.study.tried()
        winner = ranked(tried)[0]
        settings, began = self._settings(winner), self.study.space.current
        compared: tuple[Difference, ...] = ()
        if not winner.is_current:
            first = next(one for one in tried if one.is_current)
            compared = differences(self.cuts, self._scores(winner), self._scores(first))
        return Outcome(
            study=name,
            folds=self.cuts,
            tried=tried,
            began=began,
            settings=settings,
            differences=compared,
            importance=self.study.importance(),
        )

    def _settings(self, trial: Trial | Tried) -> TrainingSettings:
        space = self.study.space
        return space.current if trial.is_current else space.settings(trial.point)

    def _measure(self, trial: Trial, settings: TrainingSettings) -> tuple[Score, ...]:
        scores: list[Score] = []
        for fold in self.folds:
            scores.append(fold.score(settings, now=self.now))
            hopeless = trial.report(len(scores) - 1, scores[-1].value)
            if hopeless and len(scores) < len(self.folds):
                trial.prune()
                return tuple(scores)
        trial.complete(float(np.mean([score.value for score in scores])))
        return tuple(scores)

    def _keep(self, ended: Tried, scores: tuple[Score, ...]) -> None:
        # One value for each user and fold: only of the two that will be compared.
        tried = self.study.tried()
        best = ranked(tried)[0]
        if ended.is_current:
            self.kept[ended.number] = scores
        elif ended.number == best.number:
            first = {one.number for one in tried if one.is_current}
            self.kept = {number: one for number, one in self.kept.items() if number in first}
            self.kept[ended.number] = scores

    def _scores(self, trial: Tried) -> tuple[Score, ...]:
        if trial.number not in self.kept:
            self.read()
            settings = self._settings(trial)
            self.kept[trial.number] = tuple(
                fold.score(settings, now=self.now) for fold in self.folds
            )
        return self.kept[trial.number]


def _log(
    run: TrackedRun,
    ended: Tried,
    settings: TrainingSettings,
    scores: tuple[Score, ...],
    seconds: float,
) -> None:
    tags = {_PARENT: run.run_id, "state": ended.state}
    with Tracker(run.connection).run(f"trial {ended.number}", tags=tags) as child:
        child.log_params(settings.model_dump(mode="json"))
        means = {
            f"fold_{place}.{target}.ndcg": mean
            for place, score in enumerate(scores, start=1)
            for target, mean in score.means.items()
        }
        whole = {"ndcg": ended.value} if ended.state == "complete" else {}
        child.log_metrics(means | whole)
        child.log_timings({"trial": seconds})
