"""Load: many requests over a few connections, and how long each of them took.

The generator shares the machine with the server that it measures, so it does next to nothing:
requests are bytes made before the clock starts, and of a reply only status and length are read.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from time import perf_counter
from typing import Final

import numpy as np
import uvloop
from numpy.typing import NDArray

from benchmarks.processes import LOOPBACK

_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_OK: Final = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run.

    Parameters
    ----------
    seconds : float
        From the first request to the last reply.
    latencies_s : ndarray of float64, shape (n,)
        Of each request.
    """

    seconds: float
    latencies_s: NDArray[np.float64]

    @property
    def per_second(self) -> float:
        """Requests answered each second."""
        return len(self.latencies_s) / self.seconds


def post(path: str, body: bytes, *, key: str) -> bytes:
    """Make one request's bytes."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {LOOPBACK}\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {key}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def measure(requests: Sequence[bytes], *, port: int, n_requests: int, connections: int) -> Measured:
    """Send requests over keep-alive connections, each waiting for its reply.

    Parameters
    ----------
    requests : sequence of bytes
        Sent in turn, again and again.
    port : int
        Of the server on loopback.
    n_requests : int
        How many in all.
    connections : int
        How many at once.

    Raises
    ------
    RuntimeError
        A reply is not 200, or a connection is lost.
    """
    measured: Measured = uvloop.run(_measure(requests, port, n_requests, connections))
    return measured


async def _measure(
    requests: Sequence[bytes], port: int, n_requests: int, connections: int
) -> Measured:
    loop = asyncio.get_running_loop()
    waiting = islice(cycle(requests), n_requests)
    latencies: list[float] = []
    callers = []
    for _ in range(connections):
        done = loop.create_future()
        _, caller = await loop.create_connection(
            lambda done=done: _Caller(waiting, latencies, done),  # type: ignore[misc]  # binds this turn's future
            LOOPBACK,
            port,
        )
        callers.append(caller)
    started = perf_counter()
    for caller in callers:
        caller.next()
    await asyncio.gather(*(caller.done for caller in callers))
    return Measured(perf_counter() - started, np.array(latencies))


class _Caller(asyncio.Protocol):
    """One connection that asks, waits, and asks again."""

    def __init__(
        self, waiting: Iterator[bytes], latencies: list[float], done: asyncio.Future[None]
    ) -> None:
        self.done = done
        self._waiting, self._latencies = waiting, latencies
        self._received, self._asked = b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def next(self) -> None:
        request = next(self._waiting, None)
        if request is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._received, self._asked = b"", perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]  # a TCP transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._received, 0, end)
        if length is None or not self._received.startswith(_OK):
            self.done.set_exception(RuntimeError(f"not 200: {self._received[:500]!r}"))
            self._transport.close()
        elif len(self._received) == end + 4 + int(length[1]):
            self._latencies.append(perf_counter() - self._asked)
            self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the server closed a connection: {exc}"))
