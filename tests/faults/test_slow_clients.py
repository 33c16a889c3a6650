"""Slow clients: who sends or reads slowly holds nobody else up."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPResponse
from itertools import repeat
from time import sleep

import pytest

from benchmarks.processes import LOOPBACK
from tests.faults.callers import WITHIN_S, calling
from tests.faults.conftest import Shop

pytestmark = pytest.mark.server

PROMPTLY_S = 5.0
N_SLOW = 20


@contextmanager
def opened(shop: Shop, *, path: str, length: int) -> Iterator[socket.socket]:
    """Begin a request, and send no body yet."""
    with socket.create_connection((LOOPBACK, shop.server.port), timeout=WITHIN_S) as one:
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {shop.key}\r\n"
        one.sendall(f"{head}content-length: {length}\r\n\r\n".encode())
        yield one


def answer_on(connection: socket.socket) -> tuple[int, str]:
    """Read the status and the code of an error."""
    with closing(HTTPResponse(connection)) as reply:
        reply.begin()
        return reply.status, json.loads(reply.read())["error"]["code"]


def others_are_answered(shop: Shop) -> None:
    for _ in range(20):
        with calling(shop.server.port, key=shop.key, within_s=PROMPTLY_S) as caller:
            assert caller.recommend(user_id="user-00").items


def test_a_body_that_comes_byte_by_byte_is_given_up_and_holds_nobody_up(shop: Shop) -> None:
    with ExitStack() as connections:
        slow = [
            connections.enter_context(opened(shop, path="/v1/recommend", length=1_000))
            for _ in range(N_SLOW)
        ]
        for byte in repeat(b" ", 8):
            for one in slow:
                one.sendall(byte)
            others_are_answered(shop)

        answers = [answer_on(one) for one in slow]

    assert answers == [(408, "body_timeout")] * N_SLOW


def test_requests_that_never_end_their_headers_hold_nobody_up(shop: Shop) -> None:
    with ExitStack() as connections:
        for _ in range(N_SLOW):
            address = (LOOPBACK, shop.server.port)
            one = connections.enter_context(socket.create_connection(address, timeout=WITHIN_S))
            one.sendall(b"GET /readyz HTTP/1.1\r\nx: ")

        others_are_answered(shop)


def test_a_reader_that_never_reads_holds_nobody_up(shop: Shop) -> None:
    user_ids = [f"user-{number % 60:02d}-{number}" for number in range(20_000)]
    asked = {"placement": "weekly_email", "user_ids": user_ids}
    body = json.dumps(asked).encode()
    with ExitStack() as connections:
        for _ in range(4):
            one = connections.enter_context(opened(shop, path="/v1/picks", length=len(body)))
            one.sendall(body)
        before = shop.server.workers[0].memory_info().rss

        others_are_answered(shop)
        with calling(shop.server.port, key=shop.key) as caller:
            told = caller.ask("POST", "/v1/picks", {**asked, "user_ids": ["user-00", "user-03"]})
        sleep(0.5)
        after = shop.server.workers[0].memory_info().rss

    assert len(told.body.splitlines()) == 3
    assert after - before < 50_000_000
