"""What does the ranker cost a list? The claim: 300 candidates are scored within 1.5 ms on a core.

Runs ``python -m benchmarks.ranker --data FOLDER``. The bundle's trees are learnt once more from the
same windows, to have them in LightGBM's own form too: both score the same rows, one thread each.
What else a list for one person costs is measured beside it, with the ranker and without.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.homes import prepared_home
from features.errors import NotEnoughData
from features.home import Home
from features.pair_features import PairFeatures
from features.proposal import ListPolicy, Proposal
from features.recommender import Recommender
from training.bundle import Bundle, current
from training.ranker import Fitted
from training.second_stage import SecondStage
from training.settings import TrainingSettings
from training.split import Fold
from training.steps import Steps

BAR_MS: Final = 1.5
LARGEST_DIFFERENCE: Final = 1e-6
N_CANDIDATES: Final = 300
KINDS: Final = ("everything", "new")

_PEOPLE: Final = 256
_P: Final = (10, 50, 90)
_NUM_RESULTS: Final = 20

Task = Callable[[], object]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What is asked, person by person.

    Parameters
    ----------
    ranked, blended : Recommender
        The bundle's recommender with the ranker and without.
    served : sequence of Proposal
        Of one person each, as serving makes them.
    enough : sequence of Proposal
        Of the same people, with about as many candidates as are to be scored.
    """

    ranked: Recommender
    blended: Recommender
    served: Sequence[Proposal]
    enough: Sequence[Proposal]

    @classmethod
    def of(cls, bundle: Bundle, fitted: Fitted) -> "Asked":
        """Draw people; those of them who have too few candidates for the bar are not asked."""
        ranked = replace(bundle.recommender, ranker=fitted.ranker)
        sources = ranked.sources
        generous = replace(sources, budgets=replace(sources.budgets, near_user=N_CANDIDATES))
        drawn = np.random.default_rng(0).permutation(len(bundle.users))[:_PEOPLE]
        return cls(
            ranked=ranked,
            blended=replace(ranked, ranker=None),
            served=_proposed(bundle, ranked, drawn),
            enough=_proposed(bundle, replace(ranked, sources=generous), drawn),
        )

    def tables(self) -> list[PairFeatures]:
        """Give the features of as many pairs of one person as are to be scored."""
        every = [self.ranked.features(one) for one in self.enough]
        return [
            PairFeatures(one.names, np.ascontiguousarray(one.rows[:, :N_CANDIDATES]))
            for one in every
            if one.rows.shape[1] >= N_CANDIDATES
        ]

    def features(self) -> Task:
        """Give what computes one person's features, the next person's each time."""
        turn = cycle(self.enough)
        return lambda: self.ranked.features(next(turn))

    def lists(self, recommender: Recommender) -> Task:
        """Give what makes one person's list, the next person's each time."""
        policy, turn = ListPolicy(_NUM_RESULTS), cycle([one.seen for one in self.served])

        def recommend() -> None:
            one = next(turn)
            recommender.recommend(one.persons, policy, trend_rows=one.trend_rows)

        return recommend


def main() -> int:
    options = _options()
    home = prepared_home(options.data, options.home)
    bundle = Bundle.open(current(home.bundles), verify=False)
    fitted = _fitted(home, bundle)
    with threadpool_limits(1):
        asked = Asked.of(bundle, fitted)
        tables = asked.tables()
        differences = [_difference(fitted, kind, tables) for kind in KINDS]
        seconds = _measured(_tasks(asked, fitted, tables), rounds=options.rounds)
    _print_table(asked, fitted, seconds)
    ours = [1000 * median(seconds[f"vitrine scores {kind}"]) for kind in KINDS]
    theirs = [1000 * median(seconds[f"LightGBM scores {kind}"]) for kind in KINDS]
    ratios = ", ".join(
        f"{kind} {mine / other:.2f}" for kind, mine, other in zip(KINDS, ours, theirs, strict=True)
    )
    print(f"time against LightGBM's, one thread each: {ratios}")
    print(f"largest difference {max(differences):.1e} (bar {LARGEST_DIFFERENCE:.0e})")
    print(f"{N_CANDIDATES} candidates scored in {max(ours):.2f} ms at most (bar {BAR_MS} ms)")
    return int(max(ours) > BAR_MS or max(differences) > LARGEST_DIFFERENCE)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder for it")
    parser.add_argument("--rounds", type=int, default=1001)
    return parser.parse_args()


def _fitted(home: Home, bundle: Bundle) -> Fitted:
    """Learn what the bundle's training learnt, which gives the same trees again."""
    settings = TrainingSettings.model_validate(bundle.manifest.settings)
    wanted = settings.evaluation
    latest = Fold(bundle.manifest.as_of, wanted.horizon_days, wanted.gap_days)
    fitted = SecondStage(home.lake, settings, Steps(print)).learnt_before(latest)
    if fitted is None:
        raise NotEnoughData(f"{home.root} teaches no ranker; give --data a shop with more events")
    served = bundle.recommender.ranker
    same = served is not None and all(
        np.array_equal(getattr(served, kind).masks, getattr(fitted.ranker, kind).masks)
        for kind in KINDS
    )
    print(f"the bundle serves {'these very trees' if same else 'none or other trees'}")
    return fitted


def _proposed(
    bundle: Bundle, recommender: Recommender, user_rows: NDArray[np.integer]
) -> list[Proposal]:
    trends = recommender.trends.rows_of(bundle.people.countries)
    return [
        proposal
        for row in user_rows
        for proposal in recommender.propose(
            bundle.persons(np.array([row])),
            ListPolicy(_NUM_RESULTS),
            trend_rows=trends[bundle.people.country_rows[[row]]],
        )
    ]


def _difference(fitted: Fitted, kind: str, tables: Sequence[PairFeatures]) -> float:
    trees, booster = getattr(fitted.ranker, kind), fitted.boosters[kind]
    return max(
        float(np.abs(trees.score(one.names, one.rows) - booster.predict(one.rows.T)).max())
        for one in tables
    )


def _tasks(asked: Asked, fitted: Fitted, tables: Sequence[PairFeatures]) -> dict[str, Task]:
    def score(kind: str) -> Task:
        trees, turn = getattr(fitted.ranker, kind), cycle(tables)

        def run() -> None:
            one = next(turn)
            trees.score(one.names, one.rows)

        return run

    def predict(kind: str) -> Task:
        # As the library wants them: row by row, in one piece.
        turn = cycle([np.ascontiguousarray(one.rows.T) for one in tables])
        return lambda: fitted.boosters[kind].predict(next(turn), num_threads=1)

    return {
        **{f"vitrine scores {kind}": score(kind) for kind in KINDS},
        **{f"LightGBM scores {kind}": predict(kind) for kind in KINDS},
        "features": asked.features(),
        "a whole list, ranked": asked.lists(asked.ranked),
        "a whole list, blended": asked.lists(asked.blended),
    }


def _measured(tasks: dict[str, Task], *, rounds: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(_PEOPLE + rounds):
        # All in turn, so that other load on the machine meets them all; the first ones warm up.
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - began)
    return {name: some[-rounds:] for name, some in seconds.items()}


def _print_table(asked: Asked, fitted: Fitted, seconds: dict[str, list[float]]) -> None:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    libraries = ", ".join(f"{name} {version(name)}" for name in ("lightgbm", "numpy"))
    print(f"\n{'machine':<12} {platform.machine()}, {os.cpu_count()} cores, load {load}")
    print(f"{'libraries':<12} Python {platform.python_version()}, {libraries}")
    for kind in KINDS:
        trees = getattr(fitted.ranker, kind)
        print(
            f"{kind:<12} {len(trees.leaves)} trees, {len(trees.features)} features,"
            f" {len(trees.thresholds):,} thresholds"
        )
    for name, proposals in (("candidates", asked.served), ("for the bar", asked.enough)):
        low, middle, high = np.percentile([len(one.candidates.item_rows) for one in proposals], _P)
        print(f"{name:<12} {middle:.0f} of a person (p10 {low:.0f}, p90 {high:.0f})")
    print(f"\n{'one thread':<26}", *(f"{name:>9}" for name in ("median ms", "p10 ms", "p90 ms")))
    for name, some in seconds.items():
        low, middle, high = np.percentile(1000 * np.array(some), _P)
        print(f"{name:<26} {middle:>9.3f} {low:>9.3f} {high:>9.3f}")
    print()


if __name__ == "__main__":
    sys.exit(main())
