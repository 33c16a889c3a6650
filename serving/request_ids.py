"""Request ids: the name under which an answer and the log speak of one request."""

import re
import secrets
from contextvars import ContextVar
from typing import Final

HEADER: Final = "x-request-id"

CURRENT: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The id of the request that is being answered."""

# What tracing systems and proxies make; anything else could carry what must not be logged.
_KNOWN_FORM: Final = re.compile(rb"[0-9a-f][0-9a-f-]{14,62}[0-9a-f]")


def request_id(given: bytes | None) -> str:
    """Take over the id that a proxy gave a request, or make one.

    Examples
    --------
    >>> request_id(b"4bf92f3577b34da6a3ce929d0e0e4736")
    '4bf92f3577b34da6a3ce929d0e0e4736'
    >>> request_id(b"somebody@example.org") == request_id(b"somebody@example.org")
    False
    """
    if given is not None and _KNOWN_FORM.fullmatch(given):
        return given.decode("ascii")
    return secrets.token_hex(8)
