"""Passing on: what BentoML replies itself, brought into the shape of everything else."""

from http import HTTPStatus
from typing import Final

from serving import request_ids
from serving.bodies import Message
from serving.errors import InternalError, InvalidRequest, MethodNotAllowed, Refusal, UnknownRoute
from serving.replies import error_reply
from serving.visits import Visit

PASSED: Final = frozenset({"/livez", "/healthz", "/schema.json"})
"""What is left to BentoML. Its start page is not: that reports visitors to a third party."""


class Passed:
    """A send function that rewrites the errors of others and lets all else pass.

    Parameters
    ----------
    visit : Visit
        The request that somebody else replies to.
    """

    __slots__ = ("_refusal", "_visit")

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._refusal: Refusal | None = None

    async def __call__(self, message: Message) -> None:
        """Take a part of somebody else's reply."""
        if message["type"] == "http.response.start":
            self._refusal = _refusal(message["status"], dict(message["headers"]))
        if self._refusal is None:
            await self._visit.send(message)
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            reply = error_reply(self._refusal, request_id=self._visit.request_id)
            await self._visit.reply(reply)


def _refusal(status: int, headers: dict[bytes, bytes]) -> Refusal | None:
    """Translate an error; None where it is none, or one that we have told ourselves."""
    if status < HTTPStatus.BAD_REQUEST or request_ids.HEADER.encode() in headers:
        return None
    if status == HTTPStatus.NOT_FOUND:
        return unknown_route()
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowed(*headers.get(b"allow", b"GET").decode().split(", "))
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return InvalidRequest("this is not what the endpoint takes; /docs.json describes it")
    return InternalError()


def unknown_route() -> UnknownRoute:
    """Say that a path is none of ours, without repeating it."""
    return UnknownRoute("nothing lives at this path; /docs.json lists the endpoints")
