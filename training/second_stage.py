"""The second stage's windows: what earlier folds teach a ranker, each computed once."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from features.errors import NotEnoughData
from features.snapshot import Snapshot, take_snapshot
from training.bundle import Bundle
from training.evaluate import people_of
from training.learn import learn
from training.ranker import Fitted, PairTable, fit_ranker, pair_tables
from training.settings import RankerSettings, TrainingSettings
from training.split import Fold
from training.steps import Steps
from training.targets import Targets, fold_targets

FEWEST_WINDOWS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What one earlier window teaches.

    Parameters
    ----------
    everything, new : PairTable
        Its pairs, for lists with purchases and without.
    """

    everything: PairTable
    new: PairTable


@dataclass(frozen=True, slots=True, eq=False)
class SecondStage:
    """Learns rankers from the windows before a fold, and keeps what windows teach.

    Parameters
    ----------
    lake : Path
        The shop's lake.
    settings : TrainingSettings
        What is to be learnt; its models name the candidates, as they will in serving.
    steps : Steps
        Told of the progress.
    """

    lake: Path
    settings: TrainingSettings
    steps: Steps
    _windows: dict[datetime, Window | None] = field(default_factory=dict, repr=False)
    _learnt: dict[datetime, tuple[Snapshot, Bundle]] = field(default_factory=dict, repr=False)

    def spare(self, snapshot: Snapshot, bundle: Bundle) -> None:
        """Take what was learnt already, with the same settings, for a window that opens with it.

        Parameters
        ----------
        snapshot : Snapshot
            What was known.
        bundle : Bundle
            What was learnt from it.
        """
        self._learnt[snapshot.as_of] = snapshot, bundle

    def learnt_before(self, fold: Fold) -> Fitted | None:
        """Learn from windows that all close before a fold's `as_of`.

        Parameters
        ----------
        fold : Fold
            What the ranker will be judged on, or the fold that would begin now.

        Returns
        -------
        Fitted or None
            None where the settings want no ranker, there are fewer than three windows, or nobody
            bought what was named; the steps are told which.
        """
        wanted = self.settings.ranker
        if wanted is None:
            return None
        windows = self._taught(fold, wanted)
        if len(windows) < FEWEST_WINDOWS:
            self.steps.say(
                f"no ranker: {len(windows)} windows of {fold.horizon_days} days have enough"
                f" purchases and {FEWEST_WINDOWS} are needed; the blend orders the lists"
            )
            return None
        with self.steps.step("fit the ranker"):
            return fit_ranker(
                [window.everything for window in windows],
                [window.new for window in windows],
                wanted,
                seed=self.settings.seed,
            )

    def _taught(self, fold: Fold, wanted: RankerSettings) -> list[Window]:
        length = timedelta(days=fold.horizon_days + fold.gap_days)
        starts = [fold.as_of - length * back for back in range(1, wanted.windows + 1)]
        found = [self._window(replace(fold, as_of=start), wanted) for start in starts]
        return [window for window in found if window is not None]

    def _window(self, fold: Fold, wanted: RankerSettings) -> Window | None:
        if fold.as_of not in self._windows:
            try:
                with self.steps.step("learn a window"):
                    self._windows[fold.as_of] = self._read(fold, wanted)
            except NotEnoughData as error:
                self.steps.say(f"window from {fold.opens:%Y-%m-%d} teaches nothing: {error}")
                self._windows[fold.as_of] = None
        return self._windows[fold.as_of]

    def _read(self, fold: Fold, wanted: RankerSettings) -> Window:
        as_of = fold.as_of
        # What is spared serves one window only, and is not kept beyond it.
        known = self._learnt.pop(as_of) if as_of in self._learnt else self._learn(as_of)
        snapshot, bundle = known
        targets = _some(fold_targets(self.lake, snapshot, fold), wanted, self.settings.seed)
        persons, trend_rows = people_of(bundle, targets)
        tables = [
            pair_tables(bundle.recommender, persons, trend_rows, bought, new=new).thinned(
                wanted.most_unbought, seed=self.settings.seed
            )
            for bought, new in ((targets.everything, False), (targets.new, True))
        ]
        return Window(*tables)

    def _learn(self, as_of: datetime) -> tuple[Snapshot, Bundle]:
        snapshot, unheard = take_snapshot(self.lake, as_of=as_of), Steps(lambda _line: None)
        return snapshot, learn(snapshot, self.settings, digest="", now=as_of, steps=unheard)


def _some(targets: Targets, wanted: RankerSettings, seed: int) -> Targets:
    """Draw people where there are more than are needed."""
    n = len(targets.user_rows)
    if n <= wanted.most_users:
        return targets
    drawn = np.sort(np.random.default_rng(seed).permutation(n)[: wanted.most_users])
    return Targets(targets.user_rows[drawn], targets.everything[drawn], targets.new[drawn])
