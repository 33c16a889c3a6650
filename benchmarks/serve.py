"""How fast is serving? The claim: nearly as fast as a bare app that calls the same core.

Runs ``python -m benchmarks.serve --data FOLDER``. The service and a bare Starlette app are real
processes with one worker each that answer from the same bundle over loopback; 16 keep-alive
connections ask them in interleaved rounds.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import orjson

from benchmarks.homes import prepared_home
from benchmarks.load import Measured, measure, post
from benchmarks.processes import LOOPBACK, Server, free_port, running, vitrine_serve
from features.home import Home
from serving.auth import Scope, issue_key
from training.bundle import Bundle, current

BARS: Final = {"recommend": 0.85, "similar": 0.70}
SERVICE, BARE, BENTO = "service", "bare Starlette", "@bentoml.api"

_CONNECTIONS: Final = 16
_BODIES: Final = 512
_MIB: Final = 1 << 20
_BENTO_LANE: Final = ("-m", "bentoml", "serve", "benchmarks.bento_lane:Vitrine")
_BARE_APP: Final = ("-m", "uvicorn", "benchmarks.bare:app", "--no-access-log")


@dataclass(frozen=True, slots=True)
class Contender:
    """A server, and what was measured of it by endpoint."""

    name: str
    server: Server
    runs: dict[str, list[Measured]] = field(default_factory=lambda: {name: [] for name in BARS})
    cpu_s: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in BARS})

    def per_second(self, endpoint: str) -> float:
        """Give the median rate of the rounds."""
        return median(run.per_second for run in self.runs[endpoint])

    def row(self, endpoint: str) -> str:
        """Give one line of the table."""
        latencies_ms = 1000 * np.concatenate([run.latencies_s for run in self.runs[endpoint]])
        p50, p99 = np.percentile(latencies_ms, (50, 99))
        cpu_ms = 1000 * sum(self.cpu_s[endpoint]) / len(latencies_ms)
        rate = self.per_second(endpoint)
        return (
            f"{endpoint:<10} {self.name:<15} {rate:>10,.0f} {p50:>8.2f} {p99:>8.2f} {cpu_ms:>8.3f}"
        )

    def ask(self, endpoint: str, requests: Sequence[bytes], *, n_requests: int) -> None:
        """Measure one round."""
        cpu_before_s = self._cpu_s()
        port = self.server.port
        run = measure(requests, port=port, n_requests=n_requests, connections=_CONNECTIONS)
        self.runs[endpoint].append(run)
        self.cpu_s[endpoint].append(self._cpu_s() - cpu_before_s)

    def _cpu_s(self) -> float:
        times = [worker.cpu_times() for worker in self.server.workers]
        return float(sum(one.user + one.system for one in times))

    def memory(self) -> str:
        """Tell what each worker holds; pages that processes share count in parts."""
        facts = [worker.memory_full_info() for worker in self.server.workers]
        shared = ", ".join(f"{one.pss / _MIB:.0f} (own {one.uss / _MIB:.0f})" for one in facts)
        return f"{'memory of ' + self.name:<26} {shared} MiB a worker"


def main() -> int:
    options = _options()
    home = prepared_home(options.data, options.home)
    bundle = Bundle.open(current(home.bundles), verify=False)
    names = [SERVICE, BARE, *([BENTO] if options.with_bentoml else [])]
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vitrine-bench-")))
        borrowed = _borrowed(home, scratch)
        requests = _requests(bundle, issue_key(borrowed, "bench", [Scope.STOREFRONT]))
        contenders = [stack.enter_context(_contender(name, borrowed, scratch)) for name in names]
        _measure(contenders, requests, rounds=options.rounds, n_requests=options.requests)
        _print_table(contenders, bundle)
    service, bare, *others = contenders
    for one in others:
        ratios = ", ".join(f"{name} {_ratio(one, bare, name):.2f}" for name in BARS)
        print(f"ratio of {one.name} to bare Starlette: {ratios}")
    for name, bar in BARS.items():
        print(
            f"ratio of the service to bare Starlette, {name}: {_ratio(service, bare, name):.2f}"
            f" (bar {bar})"
        )
    return int(any(_ratio(service, bare, name) < bar for name, bar in BARS.items()))


def _ratio(one: Contender, other: Contender, endpoint: str) -> float:
    """Compare each round with its neighbour in time, so that other load on the machine cancels."""
    rounds = zip(one.runs[endpoint], other.runs[endpoint], strict=True)
    return median(mine.per_second / theirs.per_second for mine, theirs in rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--requests", type=int, default=600, help="of one kind in one round")
    parser.add_argument(
        "--with-bentoml", action="store_true", help="measure the endpoints left to BentoML too"
    )
    return parser.parse_args()


def _requests(bundle: Bundle, key: str) -> dict[str, list[bytes]]:
    """Ask about known users and items, drawn from the bundle."""
    rng = np.random.default_rng(0)
    users = bundle.users.ids(rng.integers(0, len(bundle.users), _BODIES))
    items = bundle.items.ids(rng.integers(0, len(bundle.items), _BODIES))
    bodies = {
        "recommend": [{"user_id": one, "num_results": 10} for one in users],
        "similar": [{"item_id": one, "num_results": 10} for one in items],
    }
    return {
        name: [post(f"/v1/{name}", orjson.dumps(one), key=key) for one in some]
        for name, some in bodies.items()
    }


def _borrowed(home: Home, scratch: Path) -> Home:
    """Give a home with the same bundles, and keys of its own."""
    borrowed = Home(scratch / "home")
    borrowed.root.mkdir()
    borrowed.bundles.symlink_to(home.bundles.resolve())
    return borrowed


@contextmanager
def _contender(name: str, home: Home, scratch: Path) -> Iterator[Contender]:
    port, folder = free_port(), scratch / name
    folder.mkdir()
    environment = {
        "VITRINE_HOME": str(home.root),
        "BENTOML_HOME": str(folder),
        "BENTOML_DO_NOT_TRACK": "True",
        "OPENBLAS_NUM_THREADS": "1",
    }
    command, log = _command(name, home, port), folder / "server.log"
    with running(command, port=port, log=log, environment=environment) as server:
        yield Contender(name, server)


def _command(name: str, home: Home, port: int) -> list[str]:
    at = ("--host", LOOPBACK, "--port", str(port))
    if name == SERVICE:
        return vitrine_serve(home.root, port=port, workers=1)
    return [sys.executable, *(_BARE_APP if name == BARE else _BENTO_LANE), *at]


def _measure(
    contenders: Sequence[Contender],
    requests: dict[str, list[bytes]],
    *,
    rounds: int,
    n_requests: int,
) -> None:
    for one, some in product(contenders, requests.values()):
        # What is asked first fills caches, and is not counted.
        measure(some, port=one.server.port, n_requests=_BODIES, connections=_CONNECTIONS)
    for turn, endpoint in product(range(rounds), requests):
        # Who goes first changes from round to round, so that a drift favours nobody.
        for one in contenders[:: 1 if turn % 2 else -1]:
            one.ask(endpoint, requests[endpoint], n_requests=n_requests)


def _print_table(contenders: Sequence[Contender], bundle: Bundle) -> None:
    manifest = bundle.manifest
    size = f"{manifest.n_items:,} items, {manifest.n_users:,} users, model {manifest.model}"
    print(f"{'machine':<26} {_processor()}, {os.cpu_count()} cores, {platform.system()}")
    print(f"{'catalogue':<26} {size}")
    for one in contenders:
        print(one.memory())
    columns = ("requests/s", "p50 ms", "p99 ms", "cpu ms")
    print(f"\n{'endpoint':<10} {'server':<15}", *(f"{name:>10}" for name in columns))
    for endpoint in BARS:
        for one in contenders:
            print(one.row(endpoint))


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
