"""Asking the front, in this process or over a socket, for the tests of serving."""

import asyncio
import http.client
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from benchmarks.processes import LOOPBACK, Server
from serving.auth import Scope
from serving.bodies import Message, Receive
from serving.front import Front
from serving.house import House
from serving.visits import Send


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 -- JSON is anything
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error, which must be the only thing in the body."""
        told = self.json()
        assert list(told) == ["error"]
        assert set(told["error"]) == {"code", "message", "details", "request_id"}
        assert told["error"]["request_id"] == self.headers["x-request-id"]
        assert told["error"]["message"]
        return told["error"]


@dataclass
class Conversation:
    """An ASGI channel: what the caller sends, and what comes back."""

    chunks: list[bytes]
    hangs_up: bool = False
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def receive(self) -> dict[str, Any]:
        if self.chunks:
            body = self.chunks.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(self.chunks)}
        if self.hangs_up:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError("a caller that waits says nothing")

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def answer(self) -> Answer:
        start, *rest = self.sent
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], headers, b"".join(one.get("body", b"") for one in rest))


Ask = Callable[..., Answer]
MakeAsk = Callable[[Front], Ask]
MakeHouse = Callable[..., House]


async def nothing_behind(scope: Message, receive: Receive, send: Send) -> None:
    """Stand for BentoML's routes: nothing is found there, and it is said in plain text."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"x", b"y")]})
    await send({"type": "http.response.body", "body": b"Not Found"})


def ask_in_process(front: Front) -> Ask:
    """Give a function that asks a front."""

    def ask(
        method: str,
        path: str,
        body: bytes | list[bytes] | Mapping[str, object] = b"",
        *,
        headers: Mapping[str, str] | None = None,
        hangs_up: bool = False,
    ) -> Answer:
        talk = Conversation(_chunks(body), hangs_up)
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in (headers or {}).items()],
        }
        asyncio.run(front(scope, talk.receive, talk.send))
        return talk.answer

    return ask


def _chunks(body: bytes | list[bytes] | Mapping[str, object]) -> list[bytes]:
    if isinstance(body, bytes):
        return [body]
    return list(body) if isinstance(body, list) else [json.dumps(body).encode()]


@dataclass(frozen=True)
class Shop:
    """A real server, and a key for each scope."""

    server: Server
    keys: dict[Scope, str]

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Mapping[str, object] = b"",
        *,
        scope: Scope | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        given = dict(headers or {})
        if scope is not None:
            given["authorization"] = f"Bearer {self.keys[scope]}"
        connection = http.client.HTTPConnection(LOOPBACK, self.server.port, timeout=20)
        with closing(connection):
            connection.request(method, path, b"".join(_chunks(body)), given)
            reply = connection.getresponse()
            headers = {name.lower(): value for name, value in reply.getheaders()}
            return Answer(reply.status, headers, reply.read())
