"""The door to Optuna: what was tried, what to try next, and which trial to give up early."""

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from training.tune.space import SERVE, Dimension, Point, Space
from training.tune.tried import State, Tried

# What there is to tell we tell ourselves.
optuna.logging.set_verbosity(optuna.logging.ERROR)

_CURRENT: Final = "current"
_REASON: Final = "reason"
_NEVER_PRUNED: Final = 5
"""Trials before any is given up: the median of fewer says little."""
_FEWEST_FOR_IMPORTANCE: Final = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that is going on.

    Parameters
    ----------
    asked : optuna.Trial
        Optuna's own.
    study : optuna.Study
        Where it is told.
    point : dict of str to float or str
        Where in the space.
    is_current : bool
        Whether it stands for the settings that the search began with.
    """

    asked: "optuna.Trial"
    study: "optuna.Study"
    point: Point
    is_current: bool

    @property
    def number(self) -> int:
        """Its number in the study."""
        return int(self.asked.number)

    def report(self, place: int, value: float) -> bool:
        """Keep what it reached on the fold at a place; True where going on is hopeless."""
        self.asked.report(value, place)
        return bool(self.asked.should_prune())

    def complete(self, value: float) -> None:
        """End it with its value."""
        self.study.tell(self.asked, value)

    def prune(self) -> None:
        """Give it up."""
        self.study.tell(self.asked, state=TrialState.PRUNED)

    def fail(self, reason: str) -> None:
        """End it as one that cannot be fitted."""
        self.asked.set_user_attr(_REASON, reason)
        self.study.tell(self.asked, state=TrialState.FAIL)


@dataclass(frozen=True, slots=True)
class Study:
    """A search in its database, to be gone on with at any time.

    Parameters
    ----------
    optuna_study : optuna.Study
        Optuna's own.
    space : Space
        What may change.
    """

    optuna_study: "optuna.Study"
    space: Space

    def tried(self) -> tuple[Tried, ...]:
        """Give the trials that came to an end, by their number."""
        ended = [_tried(one) for one in self.optuna_study.get_trials(deepcopy=False)]
        return tuple(one for one in ended if one is not None)

    def ask(self) -> Trial:
        """Begin a trial; the first one is where the settings are now.

        What is asked for depends on the seed and on what has been tried, not on whether a process
        ended in between.
        """
        study = self.optuna_study
        tried = self.tried()
        if not any(one.is_current for one in tried) and not _is_waiting(study):
            study.enqueue_trial(dict(self.space.here()), user_attrs={_CURRENT: True})
        last = tried[-1].number if tried else -1
        n_lost = len([one for one in study.get_trials(deepcopy=False) if one.number > last])
        # Once more after a kill; but what kills the process each time is not tried for ever.
        again = max(0, n_lost - 1)
        seeds = np.random.SeedSequence([self.space.current.seed, len(tried), again])
        study.sampler = _sampler(int(seeds.generate_state(1)[0]))
        asked = study.ask()
        is_current = _CURRENT in asked.user_attrs
        point = self._here(asked) if is_current else self._elsewhere(asked)
        return Trial(asked, study, point, is_current)

    def importance(self) -> dict[str, float]:
        """Say what share each setting has in how trials differ, largest first; few trials: none."""
        complete = [one for one in self.tried() if one.state == "complete"]
        if len(complete) < _FEWEST_FOR_IMPORTANCE or len({one.value for one in complete}) == 1:
            return {}
        from optuna.importance import get_param_importances  # brings scikit-learn: seconds

        with warnings.catch_warnings():
            # A model that few trials served is a hint at best, and that is what we call it.
            warnings.simplefilter("ignore", UserWarning)
            return dict(get_param_importances(self.optuna_study))

    def _here(self, asked: "optuna.Trial") -> Point:
        # What is enqueued comes back; asking for it is how the sampler learns of it.
        here = self.space.here()
        serve = here.get(SERVE)
        if serve is not None:
            self._serve(asked)
        for one in self.space.dimensions(str(serve or "")):
            if one.key in here:
                _suggest(asked, one)
        return here

    def _elsewhere(self, asked: "optuna.Trial") -> Point:
        serve = self._serve(asked)
        values = {one.key: _suggest(asked, one) for one in self.space.dimensions(serve)}
        return {SERVE: serve} | values

    def _serve(self, asked: "optuna.Trial") -> str:
        return str(asked.suggest_categorical(SERVE, self.space.models))


@contextmanager
def open_study(database: Path, name: str, space: Space) -> Iterator[Study]:
    """Open a search, or begin it; a trial that a killed process left open counts as lost.

    Parameters
    ----------
    database : Path
        The SQLite file; made where it is missing. One process at a time.
    name : str
        Of the study: another name is another search.
    space : Space
        What may change.
    """
    if not database.exists():
        _make(database)
    with _storage(database) as storage:
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            direction="maximize",
            pruner=MedianPruner(n_startup_trials=_NEVER_PRUNED),
            load_if_exists=True,
        )
        for lost in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(lost.number, state=TrialState.FAIL)
        yield Study(study, space)


def _make(database: Path) -> None:
    # A kill between the tables would leave what Optuna cannot open: the name comes last.
    draft = database.with_name(f".{database.name}.draft")
    for suffix in ("", "-wal", "-shm"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    with _storage(draft):
        pass
    draft.rename(database)


@contextmanager
def _storage(database: Path) -> Iterator[RDBStorage]:
    def connection() -> sqlite3.Connection:
        opened = sqlite3.connect(database, check_same_thread=False)
        # A trial writes two dozen times; waiting for the disk each time would take half a second.
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("PRAGMA synchronous = NORMAL")
        return opened

    storage = RDBStorage(f"sqlite:///{database}", engine_kwargs={"creator": connection})
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _sampler(seed: int) -> TPESampler:
    with warnings.catch_warnings():
        # Groups let models with different settings share a search; Optuna still calls them new.
        warnings.simplefilter("ignore", ExperimentalWarning)
        return TPESampler(seed=seed, multivariate=True, group=True)


def _tried(trial: FrozenTrial) -> Tried | None:
    states: dict[TrialState, State] = {
        TrialState.COMPLETE: "complete",
        TrialState.PRUNED: "pruned",
    }
    # One that a killed process lost has no reason, and is no answer to anything.
    state = "failed" if _REASON in trial.user_attrs else states.get(trial.state)
    if state is None:
        return None
    reached = tuple(trial.intermediate_values[place] for place in sorted(trial.intermediate_values))
    return Tried(trial.number, state, dict(trial.params), reached, _CURRENT in trial.user_attrs)


def _is_waiting(study: "optuna.Study") -> bool:
    return bool(study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))


def _suggest(asked: "optuna.Trial", dimension: Dimension) -> float:
    one = dimension
    if one.whole:
        return int(asked.suggest_int(one.key, int(one.low), int(one.high), log=one.log))
    return float(asked.suggest_float(one.key, one.low, one.high, log=one.log))
