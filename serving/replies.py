"""Replies: what goes back to a caller, before any server has seen it."""

from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import orjson

from features.errors import VitrineError
from serving import logs
from serving.errors import InternalError, Refusal, error_body, status_of

JSON: Final = "application/json"
JSON_LINES: Final = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply.

    Parameters
    ----------
    body : bytes
        All of it, or what goes first.
    status : int
        The HTTP status.
    media_type : str
        Of the body.
    headers : tuple of (str, str)
        Beside the media type, the length and the request id, which every reply has.
    rest : async iterator of bytes, optional
        What follows, where a reply is too long to be made at once.
    """

    body: bytes
    status: int = HTTPStatus.OK
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    rest: AsyncIterator[bytes] | None = None


def json_reply(answer: Mapping[str, Any]) -> Reply:
    """Reply with an answer."""
    return Reply(orjson.dumps(answer))


def error_reply(error: VitrineError, *, request_id: str | None) -> Reply:
    """Reply with an error in the one shape of errors."""
    headers = error.headers if isinstance(error, Refusal) else ()
    return Reply(error_body(error, request_id=request_id), status_of(error), headers=headers)


async def or_error(reply: Awaitable[Reply], *, request_id: str | None) -> Reply:
    """Await a reply; where it fails, reply with the error.

    An error that nobody expected goes into the log, and the caller learns where to look.
    """
    try:
        return await reply
    except VitrineError as error:
        return error_reply(error, request_id=request_id)
    except Exception as error:  # noqa: BLE001 -- one request must never end the server
        logs.failure("internal_error", error, request_id=request_id)
        return error_reply(InternalError(), request_id=request_id)
