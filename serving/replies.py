"""Replies: what goes back to a caller, before any server has seen it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import orjson

from features.errors import VitrineError
from serving.errors import error_body, status_of

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
    headers : dict of str to str
        Beside the media type, the length and the request id, which every reply has.
    rest : async iterator of bytes, optional
        What follows, where a reply is too long to be made at once.
    """

    body: bytes
    status: int = HTTPStatus.OK
    media_type: str = JSON
    headers: Mapping[str, str] | None = None
    rest: AsyncIterator[bytes] | None = None


def json_reply(answer: Mapping[str, Any]) -> Reply:
    """Reply with an answer."""
    return Reply(orjson.dumps(answer))


def error_reply(
    error: VitrineError, *, request_id: str | None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Reply with an error in the one shape of errors."""
    body = error_body(error, request_id=request_id)
    return Reply(body, status=status_of(error), headers=headers)
