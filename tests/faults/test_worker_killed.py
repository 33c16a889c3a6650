"""A worker is killed under load: the others go on, and another one takes its place."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.faults.callers import GONE, calling, eventually
from tests.faults.conftest import MakeFull
from tests.faults.databases import in_a_file
from tests.faults.servers import Server, started

pytestmark = pytest.mark.server

N_CALLERS, N_WORKERS = 4, 2
LOST = "lost"
REPLACED_WITHIN_S = 120


def ask_on(server: Server, over: Event) -> Counter[object]:
    """Ask until it is over, and count which lists came, and how often a connection was lost."""
    heard: Counter[object] = Counter()
    with calling(server.port) as caller:
        while not over.is_set():
            try:
                answer = caller.recommend(user_id="user-00")
                heard[tuple(answer.items)] += 1
            except GONE:
                caller.close()
                heard[LOST] += 1
    return heard


def test_a_worker_that_is_killed_is_replaced_and_nobody_hears_anything_wrong(
    full: MakeFull, tmp_path: Path
) -> None:
    with (
        started(full(in_a_file(tmp_path).url, n_workers=N_WORKERS)) as server,
        ThreadPoolExecutor(N_CALLERS) as callers,
    ):
        assert eventually(lambda: len(server.workers) == N_WORKERS, within_s=REPLACED_WITHIN_S)
        over, victim = Event(), server.workers[0]
        heard = [callers.submit(ask_on, server, over) for _ in range(N_CALLERS)]
        try:
            victim.kill()
            assert eventually(
                lambda: (
                    len(server.workers) == N_WORKERS
                    and victim.pid not in {one.pid for one in server.workers}
                ),
                within_s=REPLACED_WITHIN_S,
            )
        finally:
            over.set()
        counts = sum((one.result() for one in heard), Counter[object]())

    lists = {what for what in counts if what != LOST}
    assert len(lists) == 1
    # At most what each caller had under way, and what lay in the line of the dead worker.
    assert counts[LOST] <= 2 * N_CALLERS
    assert counts.total() > 50
