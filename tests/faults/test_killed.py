"""Kill -9 of every process under load: what was acknowledged is kept, and nothing is doubled.

Two kinds of servers are killed. Lean ones, without BentoML, start in a moment and are killed fifty
times. `vitrine serve` itself takes seconds to start and is killed a few times; `VITRINE_KILLS=50`
kills that fifty times, too.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from time import sleep

import pytest

from tests.faults.callers import GONE, Caller, calling
from tests.faults.conftest import MakeFull, MakeLean
from tests.faults.databases import Database
from tests.faults.servers import Server, is_ready, started

pytestmark = [pytest.mark.server, pytest.mark.timeout(3_600)]

SIZES = (1, 1, 3, 40, 1, 300)
N_CALLERS, N_WORKERS = 4, 2
LONGEST_LIFE_S = 0.3
N_KILLS = 50
N_FULL_KILLS = int(os.environ.get("VITRINE_KILLS", "3"))


@dataclass
class Poster:
    """Posts events without pause; what is not acknowledged is posted again until it is.

    Parameters
    ----------
    name : str
        Its events begin with it.
    port : int
        Of the server.
    over : threading.Event
        Ends it, when its last post is acknowledged.
    """

    name: str
    port: int
    over: Event
    acknowledged: list[str] = field(default_factory=list)
    n_accepted: int = 0
    n_refused: int = 0

    def run(self) -> "Poster":
        numbers = count()
        with calling(self.port, within_s=60) as caller:
            while not self.over.is_set():
                number = next(numbers)
                size = SIZES[number % len(SIZES)]
                self._post(caller, [f"{self.name}-{number}-{place}" for place in range(size)])
        return self

    def _post(self, caller: Caller, event_ids: list[str]) -> None:
        events = [
            {"event_id": one, "event_type": "view", "item_id": "item-01", "user_id": self.name}
            for one in event_ids
        ]
        for is_first in _tries():
            try:
                answer = caller.post(*events)
            except GONE:
                caller.close()
                self.n_refused += 1
                continue
            if answer.status == 503:
                assert answer.headers["retry-after"]
                self.n_refused += 1
                sleep(0.01)
                continue
            told = answer.json()
            assert answer.status == 200
            assert told["accepted"] + told["duplicates"] == len(events)
            assert not (is_first and told["duplicates"])
            self.n_accepted += told["accepted"]
            self.acknowledged += event_ids
            return


def _tries() -> Iterator[bool]:
    """Tell of each try whether it is the first."""
    yield True
    while True:
        yield False


def post_while_killing(server: Server, *, n_kills: int) -> list[Poster]:
    """Kill a server again and again while it is posted to; return when all is acknowledged."""
    chance, over = random.Random(4), Event()
    posters = [Poster(f"poster{number}", server.port, over) for number in range(N_CALLERS)]
    with started(server), ThreadPoolExecutor(N_CALLERS) as threads:
        running = [threads.submit(one.run) for one in posters]
        try:
            for _ in range(n_kills):
                sleep(chance.uniform(0, LONGEST_LIFE_S))
                server.kill()
                server.start()
                assert is_ready(server), server.log.read_text()
        finally:
            over.set()
        return [one.result() for one in running]


def check(database: Database, posters: list[Poster], *, n_kills: int) -> None:
    kept = Counter(event_id for (event_id,) in database.ask("SELECT event_id FROM events"))
    acknowledged = [event_id for one in posters for event_id in one.acknowledged]

    assert sum(one.n_refused for one in posters) >= n_kills, "nobody was met by the kills"
    assert len(acknowledged) > 10 * n_kills
    assert set(kept) == set(acknowledged)
    assert set(kept.values()) == {1}
    # What was written and not acknowledged is a duplicate when it comes again.
    assert sum(one.n_accepted for one in posters) <= len(kept)


def test_fifty_kills_of_lean_workers_lose_and_double_no_acknowledged_event(
    lean: MakeLean, database: Database
) -> None:
    n_kills = N_KILLS if database.is_sqlite else N_KILLS // 5

    posters = post_while_killing(lean(database.url, n_workers=N_WORKERS), n_kills=n_kills)

    check(database, posters, n_kills=n_kills)


def test_kills_of_the_whole_server_lose_and_double_no_acknowledged_event(
    full: MakeFull, database: Database
) -> None:
    posters = post_while_killing(full(database.url, n_workers=N_WORKERS), n_kills=N_FULL_KILLS)

    check(database, posters, n_kills=N_FULL_KILLS)
