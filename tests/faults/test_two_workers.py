"""Two workers: what is told to one of them is known to the other when the answer is there."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import permutations

import pytest

from tests.faults.callers import Caller, calling, eventually
from tests.faults.conftest import MakeFull
from tests.faults.databases import Database
from tests.faults.servers import Server, started

pytestmark = pytest.mark.server


@contextmanager
def one_caller_for_each_worker(server: Server) -> Iterator[list[Caller]]:
    """Call until every worker has taken a connection, which is kept."""
    with ExitStack() as calls:
        callers: dict[int, Caller] = {}

        def all_reached() -> bool:
            caller = calls.enter_context(calling(server.port))
            caller.readyz()
            callers.setdefault(worker_of(server, caller), caller)
            return len(callers) == len(server.workers) == 2

        assert eventually(all_reached)
        yield list(callers.values())


def worker_of(server: Server, caller: Caller) -> int:
    """Find which worker holds the other end of a connection."""
    (pid,) = (
        worker.pid
        for worker in server.workers
        for held in worker.net_connections("tcp")
        if held.raddr and held.raddr.port == caller.own_port
    )
    return pid


def event(event_id: str, event_type: str, item_id: str, **person: str) -> dict[str, object]:
    return {"event_id": event_id, "event_type": event_type, "item_id": item_id, **person}


def test_what_is_posted_to_one_worker_changes_the_next_list_on_every_worker(
    full: MakeFull, database: Database
) -> None:
    with (
        started(full(database.url, n_workers=2)) as server,
        one_caller_for_each_worker(server) as callers,
    ):
        for told, asked in permutations(callers, 2):
            name = f"visitor-{told.own_port}"
            before = asked.recommend(anonymous_id=name)
            for number, kind in enumerate(("view", "cart", "purchase")):
                wanted = before.items[number]
                posted = event(f"{name}-{kind}", kind, wanted, anonymous_id=name)

                assert told.post(posted).json()["accepted"] == 1

                lists = [one.recommend(anonymous_id=name) for one in (asked, told)]
                assert lists[0].items == lists[1].items
                assert lists[0].items != before.items
                before = lists[0]
            # What was bought is not offered again.
            assert wanted not in before.items
