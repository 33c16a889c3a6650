"""A visit: one request on its way through the front, and what is known of it afterwards."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import perf_counter
from typing import Final

from serving import logs, request_ids
from serving.bodies import Message, Receive
from serving.errors import InternalError, error_body
from serving.replies import Reply

Send = Callable[[Message], Awaitable[None]]

_ID_HEADER: Final = request_ids.HEADER.encode()


class Visit:
    """One HTTP request, what may be logged of it, and the way back to the caller.

    Parameters
    ----------
    scope, receive, send
        What an ASGI server gives.
    """

    __slots__ = (
        "_send",
        "headers",
        "key",
        "method",
        "n_bytes",
        "path",
        "receive",
        "request_id",
        "started",
        "status",
    )

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.receive = receive
        self.request_id = request_ids.request_id(self.headers.get(_ID_HEADER))
        self.started = perf_counter()
        self.key: str | None = None
        self.status: int | None = None
        self.n_bytes = 0
        self._send = send

    async def send(self, message: Message) -> None:
        """Pass a part of the reply on to the caller, under the request's id."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [pair for pair in message["headers"] if pair[0] != _ID_HEADER]
            headers.append((_ID_HEADER, self.request_id.encode()))
            await self._send({**message, "headers": headers})
            return
        self.n_bytes += len(message.get("body", b""))
        await self._send(message)

    async def reply(self, reply: Reply) -> None:
        """Send a whole reply."""
        headers = [(b"content-type", reply.media_type.encode())]
        headers += [(name.encode(), value.encode()) for name, value in reply.headers]
        if reply.rest is None:
            headers.append((b"content-length", b"%d" % len(reply.body)))
        start = {"type": "http.response.start", "status": reply.status, "headers": headers}
        await self.send(start)
        await self._chunk(reply.body, more=reply.rest is not None)
        if reply.rest is not None:
            await self._stream(reply.rest)

    async def _stream(self, rest: AsyncIterator[bytes]) -> None:
        # The body has been read: the next thing to come from the caller is that they hung up.
        hung_up = asyncio.ensure_future(self.receive())
        last = b""
        try:
            async for chunk in rest:
                if hung_up.done():
                    break
                await self._chunk(chunk, more=True)
        except Exception as error:  # noqa: BLE001 -- the status is out; the last line must tell
            logs.failure("stream_broken", error, request_id=self.request_id)
            last = error_body(InternalError(), request_id=self.request_id) + b"\n"
        finally:
            hung_up.cancel()
        await self._chunk(last, more=False)

    async def _chunk(self, body: bytes, *, more: bool) -> None:
        await self.send({"type": "http.response.body", "body": body, "more_body": more})
