"""How many events a second are durable when acknowledged? The claim: 2,000 in batches of 50.

Runs ``python -m benchmarks.posting --data FOLDER``; it is part of ``python -m benchmarks.serve``.
Events are posted over HTTP to a real server with one worker, on SQLite and, where a server
answers, on PostgreSQL; at the end every store must hold every event. Beside them stands what
SQLite itself can do: the same table in the same kind of file, filled by the driver with one
commit for each batch, as durable, without HTTP and without a look at what is in an event.
"""

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import median
from time import perf_counter, time_ns
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import traffic
from benchmarks.bars import Bar, print_setting, verdict
from benchmarks.homes import prepared_home
from benchmarks.load import Measured, measure
from benchmarks.processes import Server
from benchmarks.shops import Shop, StoreKind, as_kept, scratch_folder, shop_of, shops_by_store
from features.home import Home
from serving.store.events import COLUMNS, Event
from training.bundle import Bundle, current

LEAST_PER_SECOND: Final = 2_000.0


@dataclass(frozen=True, slots=True)
class Way:
    """How events are posted in one round."""

    size: int
    connections: int
    n_posts: int

    def __str__(self) -> str:
        return f"batches of {self.size}, {self.connections} at once"


BATCHES: Final = Way(size=50, connections=8, n_posts=80)
SINGLE: Final = Way(size=1, connections=32, n_posts=1_600)
WAYS: Final = (BATCHES, SINGLE)


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of one way to one store.

    Parameters
    ----------
    rates : list of float
        Events a second, one for each round.
    latencies_s : list of ndarray of float64
        Of the posts of each round.
    """

    rates: list[float] = field(default_factory=list)
    latencies_s: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, run: Measured, way: Way) -> None:
        """Add a round."""
        self.rates.append(way.size * run.per_second)
        self.latencies_s.append(run.latencies_s)

    def __str__(self) -> str:
        p50, p99 = np.percentile(1000 * np.concatenate(self.latencies_s), (50, 99))
        return f"{median(self.rates):>10,.0f} {p50:>8.2f} {p99:>8.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--home", type=Path, help="use or make this home folder")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    home = prepared_home(options.data, options.home)
    print_setting(Bundle.open(current(home.bundles), verify=False))
    with scratch_folder() as scratch:
        return verdict(posting(home, scratch, rounds=options.rounds))


def posting(home: Home, scratch: Path, *, rounds: int) -> list[Bar]:
    """Post events in interleaved rounds to each kind of store.

    Parameters
    ----------
    home : Home
        Whose bundles are borrowed.
    scratch : Path
        Where homes are made.
    rounds : int
        How often each store is asked in each way; one more round warms up.
    """
    bundle = Bundle.open(current(home.bundles), verify=False)
    with ExitStack() as stack:
        shops = stack.enter_context(shops_by_store(home, scratch))
        servers = {kind: stack.enter_context(shop.served()) for kind, shop in shops.items()}
        race = Race(bundle, shop_of(home, scratch / "driver"), shops, servers)
        race.run("warm-up")
        race.forget()
        for turn in range(rounds):
            race.run(f"round-{turn}")
        race.check(n_events=(rounds + 1) * sum(way.size * way.n_posts for way in WAYS))
    race.print_table()
    return race.bars()


@dataclass(frozen=True, slots=True)
class Race:
    """The stores that are posted to in turn, and what came of it.

    Parameters
    ----------
    bundle : Bundle
        Whose people look at whose items.
    driver : Shop
        Its store is filled by SQLite's driver alone.
    shops, servers : dict of str to Shop and to Server
        By kind of store.
    """

    bundle: Bundle
    driver: Shop
    shops: dict[StoreKind, Shop]
    servers: dict[StoreKind, Server]
    plain: Posted = field(default_factory=Posted)
    posted: dict[tuple[StoreKind, Way], Posted] = field(default_factory=dict)

    def run(self, name: str) -> None:
        """Post to each store in each way; the name is part of every event's id."""
        self.plain.add(_insert(self.driver, self._bodies(name, BATCHES)), BATCHES)
        for (kind, server), way in product(self.servers.items(), WAYS):
            shop = self.shops[kind]
            requests = traffic.as_posts(traffic.EVENTS, self._bodies(name, way), key=shop.key)
            run = measure(
                requests, port=server.port, n_requests=way.n_posts, connections=way.connections
            )
            self.posted.setdefault((kind, way), Posted()).add(run, way)

    def forget(self) -> None:
        """Count nothing of what was run so far."""
        for one in (self.plain, *self.posted.values()):
            one.rates.clear()
            one.latencies_s.clear()

    def check(self, *, n_events: int) -> None:
        """See that every event is in every store.

        Raises
        ------
        RuntimeError
            Some are missing or doubled.
        """
        for kind, shop in self.shops.items():
            if (kept := shop.n_events()) != n_events:
                raise RuntimeError(f"{n_events:,} events were posted, {kind} holds {kept:,}")

    def print_table(self) -> None:
        """Print what came of it."""
        columns = ("events/s", "p50 ms", "p99 ms")
        print("\n" + _row("events posted to", "how", "{:>10} {:>8} {:>8}".format(*columns)))
        print(_row("SQLite", f"driver alone, batches of {BATCHES.size}", self.plain))
        for (kind, way), told in self.posted.items():
            print(_row(kind, way, told))
        pairs = zip(self._ours.rates, self.plain.rates, strict=True)
        print(
            f"events/s in batches of {BATCHES.size} over HTTP to those of the driver alone:"
            f" {median(mine / theirs for mine, theirs in pairs):.2f}"
        )

    def bars(self) -> list[Bar]:
        """Give what is claimed."""
        name = f"events/s durable on SQLite, {BATCHES}"
        return [Bar(name, median(self._ours.rates), "at least", LEAST_PER_SECOND)]

    @property
    def _ours(self) -> Posted:
        return self.posted["SQLite", BATCHES]

    def _bodies(self, name: str, way: Way) -> list[traffic.Body]:
        name = f"{name}-{way.size}"
        return traffic.event_batches(self.bundle, name, n=way.n_posts, size=way.size)


def _row(*cells: object) -> str:
    store, how, figures = cells
    return f"{store!s:<18} {how!s:<30} {figures}"


def _insert(shop: Shop, bodies: Sequence[traffic.Body]) -> Measured:
    """Fill a store's table by the driver alone, with a commit for each batch."""
    batches = [_rows(one["events"]) for one in bodies]
    names = ("person", "received_us", *COLUMNS)
    sql = (
        f"INSERT OR IGNORE INTO events ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    )
    latencies_s = []
    with closing(sqlite3.connect(shop.home.store, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        for rows in batches:
            began = perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(sql, rows)
            connection.execute("COMMIT")
            latencies_s.append(perf_counter() - began)
    return Measured(sum(latencies_s), np.array(latencies_s))


def _rows(events: Sequence[traffic.Body]) -> list[tuple[Any, ...]]:
    now_us = time_ns() // 1_000
    return [(one.person, now_us, *_values(one)) for one in as_kept(events)]


def _values(event: Event) -> list[Any]:
    return [getattr(event, name) for name in COLUMNS]


if __name__ == "__main__":
    sys.exit(main())
