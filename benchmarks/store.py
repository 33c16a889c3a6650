"""How fast is the online store? Its claims: 20,000 events a second, a person in 120 microseconds.

Runs ``python -m benchmarks.store [--postgres URL]``. Every answer of a request waits for one look
at the revisions and one at the person's news, so these are given in microseconds of wall and of
this thread's own time; the second says what it costs where others keep the machine busy. Events
are written in batches of 500, each durable when the call returns, so the disk has its say: what
one bare fsync takes is printed beside it. At the end one person gets a million events.
"""

import argparse
import os
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import psycopg
import sqlalchemy
from sqlalchemy import create_engine, make_url, text

from features.events import EventType
from serving.store import Event, Store, open_store

N_EVENTS: Final = 100_000
BATCH: Final = 500
N_PEOPLE: Final = 20_000
N_CALLS: Final = 3_000
SCHEMA: Final = "vitrine_benchmark"
FIRST_US: Final = 1_717_200_000_000_000
AS_OF_US: Final = FIRST_US + N_EVENTS // 2
# As a shop has them: most of what happens is that something is shown or looked at.
TYPES: Final = (
    *[EventType.IMPRESSION] * 4,
    *[EventType.VIEW] * 4,
    *[EventType.CART, EventType.PURCHASE],
)
GIANT: Final = {
    "sqlite": "WITH RECURSIVE numbers(n) AS"
    " (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000)",
    "postgresql": "WITH numbers AS (SELECT n FROM generate_series(1, 1000000) AS s(n))",
}
INSERT: Final = (
    " INSERT INTO events (event_id, event_type, person, user_id, item_id, timestamp_us, quantity,"
    " received_us, sync_batch) SELECT 'giant' || n, CASE n % 2 WHEN 0 THEN 'view' ELSE 'impression'"
    " END, 'giant', 'giant', 'item' || n % 5000, :first + n, 1, :first, CASE n % 3 WHEN 0 THEN 1"
    " END FROM numbers"
)


@dataclass(frozen=True, slots=True)
class Timed:
    """Microseconds of many calls of one kind."""

    wall_us: list[float]
    own_us: list[float]

    @classmethod
    def calls(cls, call: Callable[[], object], *, n_calls: int = N_CALLS) -> "Timed":
        """Call that often, after some calls that do not count."""
        for _ in range(min(n_calls, 50)):
            call()
        wall_us, own_us = [], []
        for _ in range(n_calls):
            began, own_began = time.perf_counter(), time.thread_time()
            call()
            own_us.append(1e6 * (time.thread_time() - own_began))
            wall_us.append(1e6 * (time.perf_counter() - began))
        return cls(wall_us, own_us)

    def __str__(self) -> str:
        p99 = quantiles(self.wall_us, n=100)[98]
        own = f"own {median(self.own_us):,.0f}, least {min(self.wall_us):,.0f}"
        return f"p50 {median(self.wall_us):,.0f} us, p99 {p99:,.0f} us ({own})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="taken by every benchmark; not needed by this one"
    )
    parser.add_argument("--postgres", help="measure this server too, in a schema of its own")
    given = parser.parse_args()
    print(f"machine  {platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    print(
        f"libraries  Python {platform.python_version()}, SQLite {sqlite3.sqlite_version},"
        f" SQLAlchemy {sqlalchemy.__version__}, psycopg {psycopg.__version__}"
    )
    with tempfile.TemporaryDirectory() as folder:
        print(f"one fsync  {_fsync(Path(folder) / 'file')}")
        rate = _measure("SQLite", f"sqlite:///{folder}/store.db")
    if given.postgres:
        _measure("PostgreSQL", _own_schema(given.postgres))
        _drop_schema(given.postgres)
    return 0 if rate >= 20_000 else 1


def _measure(name: str, url: str) -> float:
    store = open_store(url)
    rate, own_rate = _write(store)
    print(
        f"{name}: {rate:,.0f} events a second in batches of {BATCH}"
        f" ({own_rate:,.0f} for each second of this process)"
    )
    dice = random.Random(7)  # noqa: S311 -- a measurement
    people = [f"user{dice.randrange(N_PEOPLE)}" for _ in range(1_000)]
    asked = {"after_us": AS_OF_US, "after_batch": 0}
    rows = {
        "revisions": Timed.calls(store.revisions),
        "one person": Timed.calls(lambda: store.people([dice.choice(people)], **asked)),
        "one person, by time alone": Timed.calls(
            lambda: store.people([dice.choice(people)], after_us=AS_OF_US, after_batch=None)
        ),
        "1,000 people": Timed.calls(lambda: store.people(people, **asked), n_calls=20),
        "what one was shown": Timed.calls(
            lambda: store.shown_to([dice.choice(people)], since_us=0)
        ),
        "one event, durable": Timed.calls(
            lambda: store.add_events([_event(dice)]), n_calls=N_CALLS // 10
        ),
    }
    _add_giant(url)
    for batch in (0, 1):
        for moment, after_us in (("after", 0), ("before", FIRST_US + 2_000_000)):
            label = f"a million events {moment} as_of, bundle of batch {batch}"
            rows[label] = Timed.calls(
                lambda us=after_us, number=batch: store.people(  # type: ignore[misc]  # a lambda's defaults
                    ["giant"], after_us=us, after_batch=number, most=1_000
                ),
                n_calls=10,
            )
    for label, timed in rows.items():
        print(f"  {label:52} {timed}")
    store.close()
    return rate


def _write(store: Store) -> tuple[float, float]:
    dice = random.Random(1)  # noqa: S311 -- a measurement
    events = [_event(dice, n) for n in range(N_EVENTS)]
    began, own_began = time.perf_counter(), time.process_time()
    for start in range(0, N_EVENTS, BATCH):
        store.add_events(events[start : start + BATCH])
    own_s = time.process_time() - own_began
    return N_EVENTS / (time.perf_counter() - began), N_EVENTS / own_s


def _event(dice: random.Random, n: int = N_EVENTS) -> Event:
    person = dice.randrange(N_PEOPLE)
    is_known = dice.random() < 0.5
    return Event(
        event_id=f"{dice.getrandbits(128):032x}",
        event_type=dice.choice(TYPES),
        user_id=f"user{person}" if is_known else None,
        anonymous_id=None if is_known else f"browser{person}",
        item_id=f"item{dice.randrange(5_000)}",
        timestamp_us=FIRST_US + n,
        price=dice.random() * 100,
        session_id=f"session{n // 10}",
        country="GB",
        device="mobile",
    )


def _add_giant(url: str) -> None:
    engine = create_engine(url)
    statement = text(
        GIANT[engine.name] + INSERT
        if engine.name == "postgresql"
        else INSERT.replace(" SELECT 'giant'", f" {GIANT['sqlite']} SELECT 'giant'")
    )
    with engine.begin() as connection:
        connection.execute(statement, {"first": FIRST_US})
    engine.dispose()


def _fsync(path: Path) -> Timed:
    with path.open("wb") as file:

        def write() -> None:
            file.write(b"x" * 4_096)
            file.flush()
            os.fsync(file.fileno())

        return Timed.calls(write, n_calls=200)


def _own_schema(url: str) -> str:
    _drop_schema(url)
    _run(url, f"CREATE SCHEMA {SCHEMA}")
    own = make_url(url).update_query_dict({"options": f"-csearch_path={SCHEMA}"})
    return own.render_as_string(hide_password=False)


def _drop_schema(url: str) -> None:
    _run(url, f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _run(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
