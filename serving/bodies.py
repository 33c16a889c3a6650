"""Bodies: read what a request carries, within limits of size, time and shape."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from pydantic import ValidationError

from serving.errors import BodyTimeout, BodyTooLarge, CallerGone, validation_refusal
from serving.schemas import Wire

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

BODY_TIMEOUT_S: Final = 4.0

# More than any length has, and fewer than Python refuses to read.
_MOST_DIGITS: Final = 20


async def read_body(receive: Receive, *, largest: int, declared: bytes | None) -> bytearray:
    """Read a request's whole body.

    Parameters
    ----------
    receive : function to an awaitable ASGI message
        The request's channel.
    largest : int
        Bytes that the endpoint takes.
    declared : bytes or None
        The header content-length.

    Raises
    ------
    BodyTooLarge
        It is declared or turns out to be larger; the rest is not read.
    BodyTimeout
        It did not arrive within `BODY_TIMEOUT_S`.
    CallerGone
        The caller hung up.
    """
    if declared is not None and declared.isdigit() and int(declared[:_MOST_DIGITS]) > largest:
        raise _too_large(largest)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await _read(receive, largest)
    except TimeoutError as error:
        raise BodyTimeout(
            f"the body did not arrive within {BODY_TIMEOUT_S:g} s; send it at once"
        ) from error


def parse_body(body: bytearray, shape: type[Wire]) -> Wire:
    """Read a body's JSON as a request; the parser itself refuses deeply nested JSON.

    Raises
    ------
    InvalidJson
        It is no JSON, or nested too deeply.
    InvalidRequest
        It is JSON of another shape.
    """
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise validation_refusal(error) from error


async def _read(receive: Receive, largest: int) -> bytearray:
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone("the caller hung up before the body was complete")
        body += message.get("body", b"")
        if len(body) > largest:
            raise _too_large(largest)
        more = message.get("more_body", False)
    return body


def _too_large(largest: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body may have {largest} bytes; send fewer ids in one request")
