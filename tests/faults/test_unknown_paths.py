"""Ten thousand unknown paths: neither the metrics nor the memory grow with what callers make up."""

import pytest

from tests.faults.callers import Caller, calling
from tests.faults.conftest import Shop

pytestmark = pytest.mark.server

N_PATHS = 10_000
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
MOST_GROWTH = 16_000_000


def ask_for_unknown_paths(caller: Caller, *, first: int, n_paths: int) -> None:
    for number in range(first, first + n_paths):
        answer = caller.ask(METHODS[number % len(METHODS)], f"/v1/{number:x}/{number}")
        assert answer.status == 404
        assert answer.error_code == "unknown_route"


def names(metrics: bytes) -> set[bytes]:
    return {line.rsplit(b" ", 1)[0] for line in metrics.splitlines()}


def test_metrics_and_memory_do_not_grow_with_unknown_paths(shop: Shop) -> None:
    worker = shop.server.workers[0]
    with calling(shop.server.port, key=shop.key) as caller:
        ask_for_unknown_paths(caller, first=0, n_paths=1_000)
        before, rss = names(caller.ask("GET", "/metrics").body), worker.memory_info().rss

        ask_for_unknown_paths(caller, first=1_000, n_paths=N_PATHS - 1_000)
        after = names(caller.ask("GET", "/metrics").body)

    # The page of the metrics itself is a route that was asked for meanwhile.
    assert {one for one in after - before if b'route="/metrics"' not in one} == set()
    assert worker.memory_info().rss - rss < MOST_GROWTH
