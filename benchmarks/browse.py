"""What are browse events worth? The claim: without views and carts lists are clearly worse.

Runs ``python -m benchmarks.browse --data FOLDER``. On each of the last folds the same settings are
learnt twice: from everything known, and from purchases and returns alone. Both make lists for the
same people, who did anything before and bought something in the fold; `all` counts whatever they
bought, `new` what they had never bought before. The blend orders both, without a ranker.
"""

import argparse
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.homes import ingested_home
from features.event_log import EventLog
from features.events import EventType
from features.home import Home
from features.snapshot import Snapshot, take_snapshot
from training.evaluate import judge, served_lists
from training.intervals import bootstrap_mean, paired_difference
from training.learn import learn
from training.report import Result, Target
from training.settings import TrainingSettings
from training.split import Fold, time_folds
from training.steps import Steps
from training.targets import Targets, fold_targets

BROWSED: Final = (
    EventType.VIEW,
    EventType.CLICK,
    EventType.CART,
    EventType.REMOVE_FROM_CART,
    EventType.WISHLIST,
)
WITH: Final = "everything known"
WITHOUT: Final = "without browse events"
DECIDES: Final = ("all", "ndcg")

_METRICS: Final = ("recall", "ndcg")
_TARGETS: Final[tuple[Target, ...]] = ("all", "new")

Values = dict[tuple[str, str], NDArray[np.float64]]
"""One value for each person, by target and metric."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What came of one fold, or of several together.

    Parameters
    ----------
    name : str
        Which.
    values : mapping of str to Values
        By contender, of the same people in the same order.
    """

    name: str
    values: Mapping[str, Values]

    @classmethod
    def pooled(cls, folds: list["Compared"]) -> "Compared":
        """Put the people of several folds together; who bought in two of them counts twice."""
        values = {
            name: {
                key: np.concatenate([one.values[name].get(key, np.empty(0)) for one in folds])
                for key in _keys()
            }
            for name in (WITH, WITHOUT)
        }
        return cls(f"all {len(folds)} folds", values)

    def rows(self, *, seed: int) -> list[str]:
        """Give the lines of the table."""
        keys = [key for key in _keys() if key in self.values[WITH]]
        return [self._row(key, seed=seed) for key in keys]

    def low(self, *, seed: int) -> float:
        """Give the low end of the difference that decides."""
        return paired_difference(
            *(self.values[name][DECIDES] for name in (WITH, WITHOUT)), seed=seed
        ).low

    def _row(self, key: tuple[str, str], *, seed: int) -> str:
        both = [self.values[name][key] for name in (WITH, WITHOUT)]
        ours, theirs = (bootstrap_mean(one, seed=seed) for one in both)
        gain = paired_difference(*both, seed=seed)
        means = (f"{one.mean:.4f} [{one.low:.4f} {one.high:.4f}]" for one in (ours, theirs))
        change = f"{gain.mean:+.4f} [{gain.low:+.4f} {gain.high:+.4f}]"
        measure = f"{key[1]} on {key[0]}"
        return " ".join(
            (
                f"{self.name:<12} {measure:<14} {ours.n:>6}",
                *(f"{one:>24}" for one in means),
                f"{change:>26}",
            )
        )


def main() -> int:
    options = _options()
    home = ingested_home(options.data, options.home)
    settings = TrainingSettings.load(options.config)
    folds = time_folds(_latest(home), horizon_days=options.horizon_days, n_folds=options.folds)
    _print_setting(settings)
    compared = [_compared(home, fold, settings) for fold in folds]
    pooled = Compared.pooled(compared)
    k = settings.evaluation.k
    print(f"\n@{k}, mean and 95 % interval over people; the change is paired by person")
    print(
        f"{'window':<12} {'measure':<14} {'people':>6} {WITH:>24} {WITHOUT:>24}"
        f" {'what browsing adds':>26}"
    )
    for one in (*compared, pooled):
        print("\n".join(one.rows(seed=settings.seed)))
    low = pooled.low(seed=settings.seed)
    print(
        f"\n{DECIDES[1].upper()} on {DECIDES[0]}, {WITH} less {WITHOUT}, {pooled.name}:"
        f" low end {low:+.4f} (bar: above 0)"
    )
    return int(low <= 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder for it")
    parser.add_argument("--config", type=Path, help="training settings as TOML")
    parser.add_argument("--horizon-days", type=int, default=30)
    parser.add_argument("--folds", type=int, default=3, help="how many, the last one included")
    return parser.parse_args()


def _keys() -> list[tuple[str, str]]:
    return [(target, metric) for target in _TARGETS for metric in _METRICS]


def _latest(home: Home) -> datetime:
    latest = EventLog(home.lake).latest()
    assert latest is not None, f"{home.lake} holds no event"
    return latest


def _compared(home: Home, fold: Fold, settings: TrainingSettings) -> Compared:
    snapshot = take_snapshot(home.lake, as_of=fold.as_of)
    targets = fold_targets(home.lake, snapshot, fold)
    poorer = without(snapshot, BROWSED)
    n_silent = int((poorer.histories.lengths[targets.user_rows] == 0).sum())
    n_left, n_entries = (len(one.histories.item_rows) for one in (poorer, snapshot))
    print(
        f"{fold.opens:%Y-%m-%d} to {fold.closes:%Y-%m-%d}:"
        f" {len(targets.user_rows):,} people bought, {n_silent:,} of them had only browsed before;"
        f" {n_left:,} of {n_entries:,} history entries are no browsing",
        flush=True,
    )
    # How often each item was bought is the same in both snapshots.
    values = {
        name: _values(_judged(one, targets, settings))
        for name, one in ((WITH, snapshot), (WITHOUT, poorer))
    }
    return Compared(f"{fold.opens:%Y-%m-%d}", values)


def without(snapshot: Snapshot, event_types: tuple[EventType, ...]) -> Snapshot:
    """Give the snapshot of a shop that does not record some types of events.

    Which people and items there are, and since when, stays as it is.
    """
    codes = [one.code for one in event_types]
    histories, demand = snapshot.histories, snapshot.demand
    kept = ~np.isin(demand.event_types, codes)
    return replace(
        snapshot,
        histories=histories.select(~np.isin(histories.event_types, codes)),
        demand=replace(
            demand,
            item_rows=demand.item_rows[kept],
            days=demand.days[kept],
            event_types=demand.event_types[kept],
            country_rows=demand.country_rows[kept],
            counts=demand.counts[kept],
        ),
    )


def _judged(
    snapshot: Snapshot, targets: Targets, settings: TrainingSettings
) -> dict[Target, Result]:
    now = datetime.now(UTC)
    bundle = learn(snapshot, settings, digest="", now=now, steps=Steps(lambda _line: None))
    popularity = snapshot.demand.counted(EventType.PURCHASE, n_items=len(snapshot.items))
    lists = served_lists(bundle, targets, k=settings.evaluation.k)
    return judge(lists, bundle, targets, popularity=popularity)


def _values(results: Mapping[Target, Result]) -> Values:
    return {
        (target, metric): result.per_user[metric]
        for target, result in results.items()
        for metric in _METRICS
    }


def _print_setting(settings: TrainingSettings) -> None:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    models = ", ".join([settings.serve or "popular", *settings.beside])
    print(f"machine    {platform.machine()}, {os.cpu_count()} cores, load {load}")
    print(f"libraries  implicit {version('implicit')}, numpy {version('numpy')}")
    print(f"models     {models}\n")


if __name__ == "__main__":
    sys.exit(main())
