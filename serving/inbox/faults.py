"""What can be wrong with one posted entry, in a code for programs and a sentence for people.

A code that a file's row can have as well is a `features.reasons.Reason`; the sentences are our
own, because the remedy is another one. None repeats a value: it may be somebody's user id.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from typing_extensions import TypedDict  # Pydantic reads no other before Python 3.12

from features.reasons import Reason

T = TypeVar("T")


class WireReason(StrEnum):
    """What only an entry on the wire can have."""

    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    TWO_PERSONS = "two_persons"
    INVALID_ADDRESS = "invalid_address"
    UNKNOWN_PURPOSE = "unknown_purpose"


class Fault(Exception):
    """An entry is wrong; never leaves this package, where it becomes a `Rejected`.

    Parameters
    ----------
    code : Reason or WireReason
        What it is called.
    message : str
        What was wrong and what to do, without the value.
    """

    def __init__(self, code: Reason | WireReason, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Rejected(TypedDict):
    """One entry that was not taken: its place in the request, from 0, and why."""

    index: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A request's entries, sorted out.

    Parameters
    ----------
    valid : list
        What can be taken, in the order of the request.
    rejected : list of Rejected
        What cannot, and why, in the order of the request.
    """

    valid: list[T]
    rejected: list[Rejected]


def read_each(raw: Iterable[Any], read: Callable[[Any], T]) -> Read[T]:
    """Read entries one by one, so that a wrong one costs none of the others.

    Parameters
    ----------
    raw : iterable
        The entries, of whatever shape.
    read : callable
        Reads one entry, or raises `Fault`.
    """
    valid: list[T] = []
    rejected: list[Rejected] = []
    for index, entry in enumerate(raw):
        try:
            valid.append(read(entry))
        except Fault as fault:
            rejected.append({"index": index, "code": fault.code.value, "message": fault.message})
    return Read(valid, rejected)
