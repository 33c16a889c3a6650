"""The ledger: one log line and one observation for every request, written some at a time.

Writing each at once costs three times as much: what a list needs has left the processor's caches.
"""

import asyncio
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final

import orjson

from serving.errors import CallerGone
from serving.telemetry import Telemetry
from serving.visits import Visit

# Together shorter than what a pipe takes in one piece, so that workers' lines never mix.
_AT_ONCE: Final = 10
_WITHIN_S: Final = 0.5


class Ledger:
    """What was asked for lately and is not written yet.

    A line says which route was asked for, never the path, the query or the body: those are the
    caller's words, and may name a person.

    Parameters
    ----------
    telemetry : Telemetry
        Where requests are counted.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._lines: list[dict[str, Any]] = []

    def add(self, visit: Visit, *, route: str) -> None:
        """Take down one request that has been replied to.

        Parameters
        ----------
        visit : Visit
            The request.
        route : str
            The path's name among ours, or "other".
        """
        if not self._lines:
            asyncio.get_running_loop().call_later(_WITHIN_S, self.write)
        self._lines.append(
            {
                "time": time.time(),
                "level": "info",
                "event": "request",
                "request_id": visit.request_id,
                "method": visit.method,
                "route": route,
                "status": visit.status or CallerGone.status,
                "ms": 1000 * (perf_counter() - visit.started),
                "n_bytes": visit.n_bytes,
                "key": visit.key,
            }
        )
        if len(self._lines) == _AT_ONCE:
            self.write()

    def write(self) -> None:
        """Write what has been taken down."""
        lines, self._lines = self._lines, []
        for line in lines:
            self._telemetry.replied(line["route"], line["status"], line["ms"] / 1000)
            line["time"] = datetime.fromtimestamp(line["time"], UTC)
            line["ms"] = round(line["ms"], 3)
        # A full disk or a reader that is gone must not cost anybody an answer.
        with suppress(OSError):
            sys.stdout.write(b"".join(map(_line, lines)).decode())
            sys.stdout.flush()


def _line(line: dict[str, Any]) -> bytes:
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
