"""What does a training take? The claim: little more than the libraries' own fits, on a laptop.

Runs ``python -m benchmarks.train --data FOLDER``. A process of its own is the whole ``vitrine
train``: the windows that teach the ranker, the fold that judges it, the final fit, the bundle. Its
baseline is what ALS, LightGBM and the other libraries need in it, for as many fits on the same
matrices and tables; see `benchmarks.watched`. Two simulated shops, one ten times larger than the
other, show how time and memory grow.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil

from benchmarks.homes import ingested_home, simulated_home
from benchmarks.watched import Spent
from features.event_log import EventLog
from features.home import Home

BAR_S: Final = 600.0
BAR_GIB: Final = 4.0
BAR_RATIO: Final = 1.5
SMALL_USERS: Final = 2_000
LARGER: Final = 10

_ITEMS: Final = 2_000
_GIB: Final = 1 << 30
_LOOK_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Trained:
    """What one training took.

    Parameters
    ----------
    shop : str
        Its name.
    n_events : int
        How many events its log holds.
    wall_s : float
        From the start of the process to its end.
    cpu_s : float
        Of all cores, without the waits for other load on the machine.
    peak_bytes : int
        The most memory that the process and its children held at once; pages that two of them
        share count twice.
    libraries : dict of str to Spent
        Where in it the libraries were at work.
    ranked : bool
        Whether it learnt a ranker.
    load : float
        The machine's load average at the end.
    """

    shop: str
    n_events: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    libraries: dict[str, Spent]
    ranked: bool
    load: float

    @property
    def fits_s(self) -> float:
        """Seconds inside of all libraries."""
        return sum(one.seconds for one in self.libraries.values())

    @property
    def ratio(self) -> float:
        """The whole time by the libraries' time."""
        return self.wall_s / self.fits_s

    @property
    def peak_gib(self) -> float:
        """The peak in GiB."""
        return self.peak_bytes / _GIB

    @property
    def meets_bars(self) -> bool:
        """Whether it is quick and small enough."""
        return (
            self.wall_s <= BAR_S
            and self.peak_gib <= BAR_GIB
            and self.ratio <= BAR_RATIO
            and self.ranked
        )


def main() -> int:
    options = _options()
    words = ["--horizon-days", str(options.horizon_days)]
    if options.config is not None:
        words += ["--config", str(options.config)]
    home = ingested_home(options.data, options.home)
    trained = _trained(options.data.name, home, words)
    grown = _grown(words, options.users) if options.growth else []
    _print_table([trained, *grown])
    if grown:
        small, large = grown
        print(
            f"{large.n_events / small.n_events:.1f} times the events:"
            f" {large.wall_s / small.wall_s:.1f} times the time,"
            f" {large.peak_gib / small.peak_gib:.1f} times the memory"
        )
    print(f"wall time          {trained.wall_s:.1f} s (bar {BAR_S:.0f} s)")
    print(f"peak memory        {trained.peak_gib:.2f} GiB (bar {BAR_GIB:.0f} GiB)")
    print(f"whole by bare fits {trained.ratio:.2f} (bar {BAR_RATIO})")
    if not trained.ranked:
        print("no ranker was learnt, and the bars are for a training with one")
    return int(not trained.meets_bars)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder for it")
    parser.add_argument("--config", type=Path, help="training settings as TOML")
    parser.add_argument("--horizon-days", type=int, default=60)
    parser.add_argument(
        "--growth",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="train on two simulated shops as well",
    )
    parser.add_argument(
        "--users", type=int, default=SMALL_USERS, help="in the smaller of the simulated shops"
    )
    return parser.parse_args()


def _grown(words: list[str], n_users: int) -> list[Trained]:
    sizes = (n_users, n_users * LARGER)
    homes = {size: simulated_home(n_users=size, n_items=_ITEMS) for size in sizes}
    return [_trained(f"{size:,} simulated users", home, words) for size, home in homes.items()]


def _trained(shop: str, home: Home, words: list[str]) -> Trained:
    """Train in a home folder that is new but for the lake, so that no champion is measured too."""
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        new, file = Home(Path(folder) / "home"), Path(folder) / "spent.json"
        new.root.mkdir()
        new.lake.symlink_to(home.lake.resolve())
        command = [sys.executable, "-m", "benchmarks.watched", str(file), "train", *words]
        log = Path(folder) / "train.log"
        print(f"$ vitrine train {' '.join(words)}  # {shop}", flush=True)
        wall_s, cpu_s, peak_bytes = _run([*command, "--home", str(new.root)], log)
        spent = {name: Spent(**one) for name, one in json.loads(file.read_text()).items()}
    return Trained(
        shop=shop,
        n_events=int(EventLog(home.lake).scan().count().to_pyarrow().as_py()),
        wall_s=wall_s,
        cpu_s=cpu_s,
        peak_bytes=peak_bytes,
        libraries={name: one for name, one in spent.items() if one.calls},
        ranked=spent["LightGBM"].calls > 0,
        load=os.getloadavg()[0],
    )


def _run(command: list[str], log: Path) -> tuple[float, float, int]:
    """Run a command; give its seconds by clock and by CPU, and its most memory in bytes."""
    began, began_cpu_s, peak_bytes = time.perf_counter(), _ended_children_cpu_s(), 0
    with log.open("wb") as out:
        # The command sets this for itself, but here the libraries are loaded before it begins.
        waiting = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
        process = subprocess.Popen(command, stdout=out, stderr=out, env=waiting)
        tree = psutil.Process(process.pid)
        while process.poll() is None:
            peak_bytes = max(peak_bytes, _held_bytes(tree))
            time.sleep(_LOOK_EVERY_S)
    wall_s = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"the training failed; it wrote:\n{log.read_text()}")
    return wall_s, _ended_children_cpu_s() - began_cpu_s, peak_bytes


def _ended_children_cpu_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _held_bytes(tree: psutil.Process) -> int:
    try:
        return sum(one.memory_info().rss for one in (tree, *tree.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0  # it has just ended


def _print_table(trainings: list[Trained]) -> None:
    names = ("lightgbm", "implicit", "numpy", "scipy")
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    print(f"\n{'machine':<10} {platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    print(f"{'libraries':<10} Python {platform.python_version()}, {libraries}\n")
    columns = ("events", "wall s", "cpu s", "fits s", "ratio", "peak GiB", "load")
    print(f"{'shop':<24}", *(f"{name:>10}" for name in columns))
    for one in trainings:
        print(
            f"{one.shop:<24} {one.n_events:>10,} {one.wall_s:>10.1f} {one.cpu_s:>10.1f}"
            f" {one.fits_s:>10.1f} {one.ratio:>10.2f} {one.peak_gib:>10.2f} {one.load:>10.1f}"
        )
        for name, spent in one.libraries.items():
            print(f"  {name:<26} {spent.calls:>3} fits {spent.seconds:>12.1f}")
    print()


if __name__ == "__main__":
    sys.exit(main())
