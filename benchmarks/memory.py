"""Does a worker grow? The claim: after 100,000 requests it holds what it held after 10,000.

Runs ``python -m benchmarks.memory --data FOLDER``; ``python -m benchmarks.serve --memory`` does it
beside everything else. One worker with its store on SQLite is asked what a shop's day asks:
lists for people, of whom every fourth was never seen before, lists about items, and events, every
one different. What a worker owns (USS) counts; pages of mapped files belong to everybody.
"""

import argparse
import sys
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks import traffic
from benchmarks.bars import Bar, print_setting, verdict
from benchmarks.homes import prepared_home
from benchmarks.lanes import MANY
from benchmarks.load import measure
from benchmarks.processes import Server
from benchmarks.shops import scratch_folder, shop_of
from features.home import Home
from training.bundle import Bundle, current

MOST_GROWTH: Final = 0.05
"""An allocator's pieces and what SQLite keeps of a file that grows come to some MiB; a leak of a
hundred bytes a request to nine, and of one list a request to hundreds."""

_STAGE: Final = 10_000
_STAGES: Final = 10
_MIB: Final = 1 << 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder")
    parser.add_argument("--stage", type=int, default=_STAGE, help="requests in a tenth of the run")
    options = parser.parse_args()
    home = prepared_home(options.data, options.home)
    print_setting(Bundle.open(current(home.bundles), verify=False))
    with scratch_folder() as scratch:
        return verdict(memory(home, scratch, n_requests=options.stage))


def memory(home: Home, scratch: Path, *, n_requests: int = _STAGE) -> list[Bar]:
    """Ask one worker in ten stages, and look at what it holds after each.

    Parameters
    ----------
    home : Home
        Whose bundles are borrowed.
    scratch : Path
        Where a home is made.
    n_requests : int
        Of one stage; the first one fills what is kept.
    """
    bundle = Bundle.open(current(home.bundles), verify=False)
    shop = shop_of(home, scratch / "memory")
    requests = traffic.day(bundle, key=shop.key)
    owned: list[int] = []
    print(f"\n{'requests':>10} {'own MiB':>10} {'resident MiB':>14} {'requests/s':>12}")
    with shop.served() as server:
        for stage in range(1, _STAGES + 1):
            some = list(islice(requests, n_requests))
            run = measure(some, port=server.port, n_requests=n_requests, connections=MANY)
            own, resident = _held(server)
            owned.append(own)
            sizes = f"{own / _MIB:>10.1f} {resident / _MIB:>14.1f}"
            print(f"{stage * n_requests:>10,} {sizes} {run.per_second:>12,.0f}", flush=True)
    growth = owned[-1] / owned[0] - 1
    name = f"growth from {n_requests:,} to {_STAGES * n_requests:,} requests, share of what was own"
    return [Bar(name, growth, "at most", MOST_GROWTH)]


def _held(server: Server) -> tuple[int, int]:
    (worker,) = server.workers
    facts = worker.memory_full_info()
    return facts.uss, facts.rss


if __name__ == "__main__":
    sys.exit(main())
