"""How fast are email picks? The claim: as fast as implicit's own batch recommend, with reasons.

Runs ``python -m benchmarks.picks --data FOLDER``. Vitrine's side is the whole job, from the
promoted bundle to the Parquet file in place: lists without what was bought, titles, prices, scores
and exact reasons. implicit's side is ``recommend(filter_already_liked_items=True)`` on the same
factors, from arrays into arrays. Both may use every core. Compared with it is a road of one
stage, which is what implicit's list is: its model alone, ordered by the blend. What the second
stage costs on top of it, more models, more sources, some forty features of 200 candidates and 150
trees, is printed beside it. Measured are the data set, and a simulated shop with more people,
whose ratio decides.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from benchmarks.homes import prepared_home, simulated_home
from features.home import Home
from features.sources import Sources
from serving.audience import Audience
from serving.live_bundle import open_road
from serving.pick_job import PickJob
from serving.picks import Picker
from serving.road import Road

BAR: Final = 1.0
NUM_RESULTS: Final = 10
# A placement that needs no consent and leaves out what was bought: implicit's terms.
PLACEMENT: Final = "discover"
PICKS, TWO_STAGES = "vitrine picks, one stage", "vitrine picks, two stages"
ALL_CORES, ONE_THREAD = "implicit, all cores", "implicit, one thread"

Round = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of each round, by contender, for one shop."""

    shop: str
    road: Road
    n_users: int
    seconds: dict[str, list[float]]

    def per_second(self, name: str) -> float:
        """Give the median rate of the rounds."""
        return self.n_users / median(self.seconds[name])

    def ratio(self, other: str, ours: str = PICKS) -> float:
        """Compare each round with its neighbour in time, so that other load cancels."""
        rounds = zip(self.seconds[ours], self.seconds[other], strict=True)
        return median(theirs / mine for mine, theirs in rounds)


def main() -> int:
    options = _options()
    homes = {options.data.name: prepared_home(options.data, options.home)}
    homes["simulated shop"] = simulated_home(n_users=options.users, n_items=8_000)
    with threadpool_limits(1, user_api="blas"):
        measured = [_measured(*shop, rounds=options.rounds) for shop in homes.items()]
    _print_table(measured)
    for name, home in homes.items():
        print(
            f"the command, start and check of the bundle included, {name}: {_command_s(home):.1f} s"
        )
    for one in measured:
        two = one.ratio(ALL_CORES, TWO_STAGES)
        print(f"ratio of picks of two stages to implicit on all cores, {one.shop}: {two:.2f}")
    for one in measured:
        print(f"ratio of picks to implicit on one thread, {one.shop}: {one.ratio(ONE_THREAD):.2f}")
    for one in measured:
        bar = f" (bar {BAR})" if one is measured[-1] else ""
        print(
            f"ratio of picks to implicit on all cores, {one.shop}: {one.ratio(ALL_CORES):.2f}{bar}"
        )
    return int(measured[-1].ratio(ALL_CORES) < BAR)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder for it")
    parser.add_argument("--users", type=int, default=50_000, help="in the simulated shop")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def _measured(shop: str, home: Home, *, rounds: int) -> Measured:
    road = open_road(home)
    audience = Audience.everybody(road.bundle.users)
    contenders = _contenders(road, audience)
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(-1, rounds):
        # Who goes first changes from round to round; the first round warms up and is not counted.
        for name in sorted(contenders, reverse=bool(turn % 2)):
            began = time.perf_counter()
            contenders[name]()
            seconds[name].append(time.perf_counter() - began)
    counted = {name: times[1:] for name, times in seconds.items()}
    return Measured(shop, road, len(audience), counted)


def _contenders(road: Road, audience: Audience) -> dict[str, Round]:
    def picks(by: Road) -> None:
        with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
            picker = Picker.of(by, PLACEMENT, NUM_RESULTS, now=by.bundle.manifest.as_of)
            PickJob(picker, audience, Path(folder) / "picks.parquet").run(lambda _done: None)

    liked = sp.csr_matrix(road.bundle.persons(audience.user_rows).confidence)
    users = np.arange(len(audience))

    def recommend(model: Any) -> Round:  # noqa: ANN401 -- implicit has no types
        return lambda: model.recommend(users, liked, N=NUM_RESULTS, filter_already_liked_items=True)

    return {
        PICKS: lambda: picks(_one_stage(road)),
        TWO_STAGES: lambda: picks(road),
        ALL_CORES: recommend(_implicit(road, audience, num_threads=0)),
        ONE_THREAD: recommend(_implicit(road, audience, num_threads=1)),
    }


def _one_stage(road: Road) -> Road:
    """Give the road that knows the first model, the own history and what is trending."""
    whole = road.bundle.recommender
    first = dict(list(whole.retrievers.items())[:1])
    recommender = replace(whole, retrievers=first, sources=Sources(), facts=None, ranker=None)
    return Road(replace(road.bundle, recommender=recommender), road.placements)


def _implicit(road: Road, audience: Audience, *, num_threads: int) -> Any:  # noqa: ANN401 -- implicit has no types
    """Give implicit's model the bundle's factors, in memory of its own."""
    bundle = road.bundle
    assert bundle.recommender.model is not None
    assert bundle.user_vectors is not None
    model = AlternatingLeastSquares(
        factors=bundle.user_vectors.shape[1], num_threads=num_threads, use_gpu=False
    )
    model.item_factors = np.array(bundle.recommender.model.item_vectors)
    model.user_factors = np.array(bundle.user_vectors[audience.user_rows])
    return model


def _command_s(home: Home) -> float:
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        words = ("picks", "--placement", PLACEMENT, "--all", "--home", str(home.root))
        command = [sys.executable, "-m", "vitrine", *words, "--out", f"{folder}/picks.parquet"]
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - began


def _print_table(measured: list[Measured]) -> None:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("implicit", "numpy", "pyarrow"))
    print(f"{'machine':<12} {platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    print(f"{'libraries':<12} Python {platform.python_version()}, {libraries}\n")
    columns = ("users", "items", "history", "seconds", "users/s", "us/user")
    print(f"{'shop':<18} {'contender':<26}", *(f"{name:>9}" for name in columns))
    for one in measured:
        bundle = one.road.bundle
        users = Audience.everybody(bundle.users).user_rows
        history = float(np.diff(bundle.persons(users).confidence.indptr).mean())
        for name, seconds in one.seconds.items():
            rate = one.per_second(name)
            print(
                f"{one.shop:<18} {name:<26} {one.n_users:>9,} {len(bundle.items):>9,}"
                f" {history:>9.1f} {median(seconds):>9.2f} {rate:>9,.0f} {1e6 / rate:>9.1f}"
            )
    print()


if __name__ == "__main__":
    sys.exit(main())
