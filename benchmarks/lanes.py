"""Lanes: servers that are asked for the same lists, in turn, and what was measured of each."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from statistics import median
from typing import Final

import numpy as np

from benchmarks.load import Measured, measure
from benchmarks.processes import LOOPBACK, Server, free_port, running, vitrine_serve
from benchmarks.shops import Shop
from benchmarks.traffic import RECOMMEND, SIMILAR

SERVICE: Final = "service"
BARE: Final = "bare Starlette"
HAND_MADE: Final = "hand-made peer"
BENTO: Final = "@bentoml.api"

MANY: Final = 16
_WARM_UP: Final = 512
_MIB: Final = 1 << 20
_UVICORN: Final = ("-m", "uvicorn", "--no-access-log", "--workers", "1")
_COMMANDS: Final = {
    BARE: (*_UVICORN, "benchmarks.bare:app"),
    HAND_MADE: (*_UVICORN, "benchmarks.hand_made:app"),
    BENTO: ("-m", "bentoml", "serve", "benchmarks.bento_lane:Vitrine"),
}


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """What is asked, and by how many at once."""

    endpoint: str
    connections: int

    def __str__(self) -> str:
        return f"{self.endpoint} at {self.connections}"


CASES: Final = [Case(*one) for one in product((RECOMMEND, SIMILAR), (MANY, 1))]


@dataclass(frozen=True, slots=True)
class Lane:
    """A server, and what was measured of it.

    Parameters
    ----------
    name : str
        Which.
    server : Server
        It runs.
    runs, cpu_s : dict of Case to list
        One value for each round.
    """

    name: str
    server: Server
    runs: dict[Case, list[Measured]] = field(default_factory=lambda: {one: [] for one in CASES})
    cpu_s: dict[Case, list[float]] = field(default_factory=lambda: {one: [] for one in CASES})

    def ask(self, case: Case, requests: Sequence[bytes], *, n_requests: int) -> None:
        """Measure one round."""
        cpu_before_s, port = self._cpu_s(), self.server.port
        run = measure(requests, port=port, n_requests=n_requests, connections=case.connections)
        self.runs[case].append(run)
        self.cpu_s[case].append(self._cpu_s() - cpu_before_s)

    def row(self, case: Case) -> str:
        """Give one line of the table."""
        latencies_ms = 1000 * np.concatenate([run.latencies_s for run in self.runs[case]])
        p50, p99 = np.percentile(latencies_ms, (50, 99))
        cpu_ms = 1000 * sum(self.cpu_s[case]) / len(latencies_ms)
        rate = median(run.per_second for run in self.runs[case])
        figures = f"{rate:>10,.0f} {p50:>8.2f} {p99:>8.2f} {cpu_ms:>8.3f}"
        return f"{case!s:<16} {self.name:<15} {figures}"

    def memory(self) -> str:
        """Tell what each worker holds; pages that processes share count in parts."""
        facts = [worker.memory_full_info() for worker in self.server.workers]
        shared = ", ".join(f"{one.pss / _MIB:.0f} (own {one.uss / _MIB:.0f})" for one in facts)
        return f"{'memory of ' + self.name:<26} {shared} MiB a worker"

    def _cpu_s(self) -> float:
        times = [worker.cpu_times() for worker in self.server.workers]
        return float(sum(one.user + one.system for one in times))


@contextmanager
def lane(name: str, shop: Shop) -> Iterator[Lane]:
    """Run one of the servers, with one worker, until the block ends."""
    port = free_port()
    command = [sys.executable, *_COMMANDS.get(name, ()), "--host", LOOPBACK, "--port", str(port)]
    if name == SERVICE:
        command = vitrine_serve(shop.home.root, port=port, workers=1)
    log = shop.home.root / "server.log"
    with running(command, port=port, log=log, environment=shop.environment) as server:
        yield Lane(name, server)


def measure_in_turn(
    lanes: Sequence[Lane],
    requests: Mapping[str, Mapping[str, Sequence[bytes]]],
    *,
    rounds: int,
    n_requests: int,
) -> None:
    """Ask the lanes in interleaved rounds, so that other load on the machine is everybody's.

    Parameters
    ----------
    lanes : sequence of Lane
        They run.
    requests : mapping of str to mapping of str to sequence of bytes
        By lane, because each shop has a key of its own, and by endpoint.
    rounds : int
        How often each lane is asked for each case.
    n_requests : int
        In one round, over many connections; over one connection a third of that.
    """
    for one, endpoint in product(lanes, (RECOMMEND, SIMILAR)):
        # What is asked first fills caches, and is not counted.
        some, port = requests[one.name][endpoint], one.server.port
        measure(some, port=port, n_requests=_WARM_UP, connections=MANY)
    for turn, case in product(range(rounds), CASES):
        n = n_requests if case.connections > 1 else max(1, n_requests // 3)
        # Who goes first changes from round to round, so that a drift favours nobody.
        for one in lanes[:: 1 if turn % 2 else -1]:
            one.ask(case, requests[one.name][case.endpoint], n_requests=n)


def ratio(one: Lane, other: Lane, case: Case) -> float:
    """Compare each round with its neighbour in time, so that other load on the machine cancels."""
    rounds = zip(one.runs[case], other.runs[case], strict=True)
    return median(mine.per_second / theirs.per_second for mine, theirs in rounds)


def print_table(lanes: Sequence[Lane]) -> None:
    """Print what was measured of all lanes."""
    columns = ("requests/s", "p50 ms", "p99 ms", "cpu ms")
    print(
        f"\n{'list':<16} {'server':<15}",
        *(f"{name:>{8 + 2 * (not n)}}" for n, name in enumerate(columns)),
    )
    for case, one in product(CASES, lanes):
        print(one.row(case))
    print("\n".join(one.memory() for one in lanes))
