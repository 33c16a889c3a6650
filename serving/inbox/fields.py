"""What one field of a posted entry says, or what is wrong with it: null and "" are nothing.

The rules are those of `features.ingest.fields`, which reads the same fields from files, so that
whatever is taken here fits into the event log and the catalogue.
"""

import math
import re
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, Final

from features.events import ANONYMOUS_PREFIX
from features.near_names import near
from features.reasons import MAX_ID_BYTES, MAX_PRICE, MAX_TEXT_BYTES, Reason
from serving.inbox.faults import Fault, WireReason

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_IN_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?(?P<offset>[Zz]|[+-](0\d|1[0-4]):[0-5]\d)?",
    re.ASCII,
)
# A path's first part holds no colon, or it would be the name of another scheme.
_ADDRESS: Final = re.compile(r"(?i:https?)://[^\s\\]+|(?!//)[^\s\\/:]*(/[^\s\\]*)?")
_EXAMPLE: Final = "write it like 2011-12-09T12:50:00Z"
_MOST_NAMED: Final = 64
_LARGEST: Final = 2**63 - 1
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""What times are counted from."""


def entry_with(entry: Any, known: AbstractSet[str]) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Take an entry that is an object and has only fields that we know.

    Parameters
    ----------
    entry : object
        Any JSON.
    known : set of str
        The fields, in the order in which they are told.

    Raises
    ------
    Fault
        It is something else, or has another field; near names are told.
    """
    if not isinstance(entry, dict):
        raise Fault(WireReason.NOT_AN_OBJECT, "the entry is no JSON object; write it as {...}")
    if entry.keys() <= known:
        return entry
    unknown = next(name for name in entry if name not in known)[:_MOST_NAMED]
    raise Fault(
        WireReason.UNKNOWN_FIELD,
        f"there is no field {unknown!r}{near(unknown, known)}; there are {', '.join(known)}",
    )


def identifier(name: str, value: Any, *, max_bytes: int = MAX_ID_BYTES) -> str | None:  # noqa: ANN401
    """Read an id, or a word as short as one.

    Parameters
    ----------
    name : str
        The field's name.
    value : object
        What JSON holds there.
    max_bytes : int
        Of UTF-8.

    Raises
    ------
    Fault
        It is no text, is too long, holds control characters or half a character.
    """
    # Nearly every id is short and plain, and a post has thousands of them: look once.
    if (
        isinstance(value, str)
        and value.isascii()
        and value.isprintable()
        and 0 < len(value) <= max_bytes
    ):
        return value
    text = _text(name, value, max_bytes)
    if text is not None and _CONTROL.search(text):
        raise Fault(
            Reason.CONTROL_CHARACTERS,
            f"{name} holds control characters, such as a line break or NUL; leave them out",
        )
    return text


def user_identifier(value: Any) -> str | None:  # noqa: ANN401
    """Read a `user_id`, which must not look like the key of a person without one."""
    user_id = identifier("user_id", value)
    if user_id is not None and user_id.startswith(ANONYMOUS_PREFIX):
        raise Fault(
            Reason.RESERVED_ID,
            f"user_id begins with {ANONYMOUS_PREFIX!r}, which is kept for people without one;"
            " give such ids as anonymous_id, without this beginning",
        )
    return user_id


def stated(name: str, value: str | None) -> str:
    """Insist on an id.

    Raises
    ------
    Fault
        There is none.
    """
    if value is None:
        raise Fault(Reason.MISSING_ID, f"{name} is missing or empty; give it")
    return value


def label(name: str, value: Any) -> str | None:  # noqa: ANN401
    """Read a text for people; it may have several lines."""
    text = _text(name, value, MAX_TEXT_BYTES)
    if text is not None and _CONTROL_IN_TEXT.search(text):
        raise Fault(
            Reason.CONTROL_CHARACTERS, f"{name} holds control characters, such as NUL; remove them"
        )
    return text


def address(name: str, value: Any) -> str | None:  # noqa: ANN401
    """Read an address that a page may link to: of the web, or a path in the shop."""
    text = label(name, value)
    if text is not None and not _ADDRESS.fullmatch(text):
        raise Fault(
            WireReason.INVALID_ADDRESS,
            f"{name} is neither an http or https address nor a path such as /lamps/1.jpg;"
            " a space is written as %20",
        )
    return text


def price(value: Any) -> float | None:  # noqa: ANN401
    """Read a price, a finite number that is not negative."""
    if value is None:
        return None
    if not is_number(value):
        raise Fault(Reason.INVALID_PRICE, "price is not a number; write it like 12.50, unquoted")
    if not math.isfinite(value):
        raise Fault(Reason.NON_FINITE_PRICE, "price is not a finite number; leave it out")
    if value < 0:
        raise Fault(Reason.NEGATIVE_PRICE, "price is negative; give one unit's price, 0 or more")
    if value > MAX_PRICE:
        raise Fault(Reason.IMPLAUSIBLE_PRICE, f"price is over {MAX_PRICE:.0e}; check its unit")
    return float(value)


def flag(name: str, value: Any) -> bool:  # noqa: ANN401
    """Read true or false, which must be one of the two."""
    if not isinstance(value, bool):
        raise Fault(Reason.INVALID_FLAG, f"{name} is neither true nor false; write one, unquoted")
    return value


def moment(name: str, value: Any) -> datetime | None:  # noqa: ANN401
    """Read a time of RFC 3339 as a moment in UTC.

    Raises
    ------
    Fault
        It is no such time, or does not say its offset from UTC.
    """
    if value is None or value == "":
        return None
    shape = _TIME.fullmatch(value) if isinstance(value, str) else None
    if shape is None:
        raise Fault(Reason.INVALID_TIME, f"{name} cannot be read as a time; {_EXAMPLE}")
    if shape["offset"] is None:
        raise Fault(
            Reason.TIME_WITHOUT_OFFSET, f"{name} does not say its offset from UTC; {_EXAMPLE}"
        )
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Fault(Reason.INVALID_TIME, f"{name} is no day and time; {_EXAMPLE}") from None


def is_number(value: object) -> bool:
    """Whether JSON holds a number there; true and false are none.

    A whole number too long for a float is none either: nothing in a shop is counted so far.
    """
    if isinstance(value, float):
        return True
    return type(value) is int and -_LARGEST <= value <= _LARGEST


def _text(name: str, value: Any, max_bytes: int) -> str | None:  # noqa: ANN401
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Fault(Reason.WRONG_TYPE, f'{name} is no text; write it in quotes, such as "1234"')
    try:
        n_bytes = len(value.encode())
    except UnicodeEncodeError:
        raise Fault(Reason.NOT_UTF8, f"{name} holds half a character; send it as UTF-8") from None
    if n_bytes > max_bytes:
        raise Fault(Reason.TOO_LONG, f"{name} is longer than {max_bytes:,} bytes; shorten it")
    return value
