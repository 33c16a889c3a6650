"""The folds that settings are tried on: the earlier ones, each read once for all trials."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.errors import NotEnoughData
from features.events import EventType
from features.snapshot import Snapshot, take_snapshot
from training.evaluate import judge, served_lists
from training.learn import learn
from training.pipeline import last_folds
from training.report import Target
from training.settings import TrainingSettings
from training.split import Fold
from training.steps import Steps
from training.targets import Targets, fold_targets


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """How settings did on one fold.

    Parameters
    ----------
    ndcg : dict of {"all", "new"} to ndarray of float64, shape (n,)
        Of each user who had such a target.
    """

    ndcg: dict[Target, NDArray[np.float64]]

    @property
    def means(self) -> dict[Target, float]:
        """The mean over the users of each target."""
        return {target: float(values.mean()) for target, values in self.ndcg.items()}

    @property
    def value(self) -> float:
        """What is sought to be high, in [0, 1]: the geometric mean of both targets.

        A plain mean would sell a seventh of what is new for a thirtieth of everything.
        """
        means = list(self.means.values())
        return float(np.prod(means) ** (1 / len(means)))


@dataclass(frozen=True, slots=True, eq=False)
class TriedFold:
    """A fold with what was known before it and what was bought in it.

    Parameters
    ----------
    fold : Fold
        Where past and future part.
    snapshot : Snapshot
        What was known.
    targets : Targets
        What was bought.
    """

    fold: Fold
    snapshot: Snapshot
    targets: Targets

    @classmethod
    def read(cls, lake: Path, fold: Fold) -> Self:
        """Read a fold.

        Raises
        ------
        NotEnoughData
            There is no history before the fold, or too few people bought anything in it.
        """
        try:
            snapshot = take_snapshot(lake, as_of=fold.as_of)
            return cls(fold, snapshot, fold_targets(lake, snapshot, fold))
        except NotEnoughData as error:
            raise NotEnoughData(
                f"the log is too short to tune on the fold of {fold.opens:%Y-%m-%d} to"
                f" {fold.closes:%Y-%m-%d}; ask for fewer --folds or other --horizon-days",
                details=[error.message],
            ) from error

    def score(self, settings: TrainingSettings, *, now: datetime) -> Score:
        """Learn from what was before the fold, and measure the lists as they would be served.

        Parameters
        ----------
        settings : TrainingSettings
            What to try; a ranker in it is left out, as it sits on top of what is searched.
        now : datetime
            Aware.
        """
        tried = settings.model_copy(update={"ranker": None})
        bundle = learn(self.snapshot, tried, digest="", now=now, steps=Steps(_silence))
        lists = served_lists(bundle, self.targets, k=settings.evaluation.k)
        n_items = len(self.snapshot.items)
        popularity = self.snapshot.demand.counted(EventType.PURCHASE, n_items=n_items)
        results = judge(lists, bundle, self.targets, popularity=popularity)
        return Score({target: result.per_user["ndcg"] for target, result in results.items()})


def earlier_folds(lake: Path, settings: TrainingSettings, *, n_folds: int) -> tuple[Fold, ...]:
    """Cut the folds before the last one, which is what is reported on; see `last_folds`."""
    return last_folds(lake, settings, n_folds=n_folds + 1)[:-1]


def _silence(_line: str) -> None:
    """Say nothing: a trial's steps are too many to tell."""
