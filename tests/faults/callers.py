"""Callers: what a shop's own servers do to ours, over a socket of their own."""

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic, sleep
from typing import Any, Final

from benchmarks.processes import LOOPBACK

WITHIN_S: Final = 20.0
_LOOK_EVERY_S: Final = 0.02
GONE: Final = (OSError, http.client.HTTPException)
"""What a caller meets when the server dies."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 -- JSON is anything
        return json.loads(self.body)

    @property
    def items(self) -> list[str]:
        """The ids of a list."""
        assert self.status == HTTPStatus.OK, self.body
        return [one["item_id"] for one in self.json()["items"]]

    @property
    def is_degraded(self) -> bool:
        """Whether a list says that it was made without the store."""
        return bool(self.json()["degraded"])

    @property
    def error_code(self) -> str:
        """The code of an error, which must be told in the one shape of errors."""
        told = self.json()
        assert set(told) == {"error"}
        assert set(told["error"]) == {"code", "message", "details", "request_id"}
        assert told["error"]["request_id"] == self.headers["x-request-id"]
        return str(told["error"]["code"])


class Caller:
    """One connection that is kept: every request goes to the worker that took the first one.

    Parameters
    ----------
    port : int
        Of the server.
    key : str or None
        An API key.
    within_s : float
        How long it waits for an answer.
    """

    def __init__(self, port: int, *, key: str | None = None, within_s: float = WITHIN_S) -> None:
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=within_s)
        self._headers = {} if key is None else {"authorization": f"Bearer {key}"}

    @property
    def own_port(self) -> int:
        """The port at this end; the worker that has it at the other end is the one that answers."""
        sock: socket.socket = self._connection.sock
        return int(sock.getsockname()[1])

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Ask, and wait for the answer.

        Parameters
        ----------
        method, path : str
            What.
        body : object, optional
            Bytes as they are, anything else as JSON.
        """
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        self._connection.request(method, path, sent, self._headers)
        reply = self._connection.getresponse()
        headers = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, headers, reply.read())

    def recommend(self, **request: object) -> Answer:
        return self.ask("POST", "/v1/recommend", request)

    def post(self, *events: Mapping[str, object]) -> Answer:
        return self.ask("POST", "/v1/events", {"events": list(events)})

    def readyz(self) -> dict[str, Any]:
        told: dict[str, Any] = self.ask("GET", "/readyz").json()
        return told

    def close(self) -> None:
        """Hang up; the next request calls anew."""
        self._connection.close()


@contextmanager
def calling(port: int, *, key: str | None = None, within_s: float = WITHIN_S) -> Iterator[Caller]:
    """Give a caller who hangs up at the end."""
    with closing(Caller(port, key=key, within_s=within_s)) as caller:
        yield caller


def eventually(holds: Any, *, within_s: float = WITHIN_S) -> bool:  # noqa: ANN401 -- any callable
    """Wait until something holds, and tell whether it does."""
    deadline = monotonic() + within_s
    while not holds() and monotonic() < deadline:
        sleep(_LOOK_EVERY_S)
    return bool(holds())
