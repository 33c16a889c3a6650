"""Errors on the wire: which status an error has, and the one body that tells it.

::

    VitrineError
    └── Refusal                    a request is refused before it is answered
        ├── InvalidJson            400  the body is no JSON
        ├── Unauthorised           401  no key, or one that nobody issued
        ├── MissingScope           403  the key is for something else
        ├── NoConsent              403  the person has not agreed to what the list is for
        ├── UnknownRoute           404
        ├── MethodNotAllowed       405
        ├── BodyTimeout            408  the body did not arrive in time
        ├── BodyTooLarge           413
        ├── InvalidRequest         422  the body is JSON of another shape
        ├── CallerGone             499  the caller hung up; nobody will read this
        ├── InternalError          500  our fault: what happened is in the log, not in the answer
        ├── NotReady               503  no bundle is live yet
        ├── Overloaded             503  too much at once
        └── StoreUnavailable       503  the online store cannot do its part
"""

from http import HTTPStatus
from typing import Any, ClassVar, Final

import orjson
from pydantic import ValidationError

from features.errors import InvalidInput, NotFound, VitrineError

_MOST_DETAILS: Final = 20


class Refusal(VitrineError):
    """A request is refused before it is answered; `headers` tell machines what to do."""

    status: ClassVar[int]
    headers: tuple[tuple[str, str], ...] = ()


class InvalidJson(Refusal):
    """The body is no JSON."""

    code, status = "invalid_json", 400


class Unauthorised(Refusal):
    """No key came with the request, or one that nobody issued."""

    code, status = "unauthorised", 401
    headers = (("www-authenticate", "Bearer"),)


class MissingScope(Refusal):
    """The key is for something else."""

    code, status = "missing_scope", 403


class NoConsent(Refusal):
    """The person has not agreed to what the list is for."""

    code, status = "no_consent", 403


class UnknownRoute(Refusal):
    """Nothing lives at this path."""

    code, status = "unknown_route", 404


class MethodNotAllowed(Refusal):
    """The path exists, but not with this method."""

    code, status = "method_not_allowed", 405

    def __init__(self, *allowed: str) -> None:
        super().__init__(f"this path takes {' and '.join(allowed)}; use that method")
        self.headers = (("allow", ", ".join(allowed)),)


class BodyTimeout(Refusal):
    """The body did not arrive in time."""

    code, status = "body_timeout", 408


class BodyTooLarge(Refusal):
    """The body is larger than the endpoint takes."""

    code, status = "body_too_large", 413


class InvalidRequest(Refusal):
    """The body is JSON of another shape than the endpoint takes."""

    code, status = "invalid_request", 422


class CallerGone(Refusal):
    """The caller hung up before the body was complete."""

    code, status = "caller_gone", 499


class InternalError(Refusal):
    """Something went wrong that is not the caller's fault."""

    code, status = "internal_error", 500

    def __init__(self) -> None:
        super().__init__("something went wrong here; the log tells what under this request_id")


class NotReady(Refusal):
    """No bundle is live yet."""

    code, status = "not_ready", 503
    headers = (("retry-after", "1"),)


class Overloaded(Refusal):
    """More was asked at once than can be answered in time."""

    code, status = "overloaded", 503
    headers = (("retry-after", "1"),)


class StoreUnavailable(Refusal):
    """The online store is away, busy, full or too slow."""

    code, status = "store_unavailable", 503
    headers = (("retry-after", "1"),)


def status_of(error: VitrineError) -> int:
    """Give the HTTP status of an error.

    Examples
    --------
    >>> int(status_of(NotFound("no such item"))), int(status_of(VitrineError("a broken disk")))
    (404, 500)
    """
    if isinstance(error, Refusal):
        return error.status
    if isinstance(error, NotFound):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, InvalidInput):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.INTERNAL_SERVER_ERROR


def error_answer(error: VitrineError, *, request_id: str | None = None) -> dict[str, Any]:
    """Tell an error in the one shape of errors.

    Parameters
    ----------
    error : VitrineError
        What is wrong. An error of ours with status 500 is told as `InternalError`: its message
        is about our files and is nothing for the caller.
    request_id : str, optional
        Under which the log speaks of the request; None within an answer that has one itself.
    """
    ours = status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR
    told = InternalError() if ours else error
    return {
        "error": {
            "code": told.code,
            "message": told.message,
            "details": list(told.details),
            "request_id": request_id,
        }
    }


def error_body(error: VitrineError, *, request_id: str | None) -> bytes:
    """Tell an error in the one shape of errors, as JSON."""
    return orjson.dumps(error_answer(error, request_id=request_id))


def validation_refusal(error: ValidationError) -> Refusal:
    """Tell what a body lacks, field by field; what it held is not repeated.

    Parameters
    ----------
    error : ValidationError
        From a model of the wire.

    Returns
    -------
    InvalidJson or InvalidRequest
        The first when the body could not even be parsed.
    """
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return InvalidJson(f"the body must be JSON; {found[0]['msg']}")
    lines = [f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in found]
    return InvalidRequest(
        f"the body has {len(found)} wrong fields; correct them as the details say",
        details=lines[:_MOST_DETAILS],
    )
