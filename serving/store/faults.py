"""Faults: what a database says when it cannot do its part, in our words and without values."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import exc

from features.errors import InvalidInput, VitrineError
from serving.errors import StoreUnavailable

_UNREADABLE: Final = (exc.DataError, psycopg.DataError, OverflowError, UnicodeError)
_DRIVERS: Final = (exc.SQLAlchemyError, sqlite3.Error, psycopg.Error, OSError)

BUSY: Final = "another process is writing to the store; try again, the same call may be repeated"
_CROWDED: Final = "more is asked of the store at once than it has connections for; try again"
_FULL: Final = "the disk that holds the store is full; free space on it, then try again"
_SLOW: Final = "the store took too long; try again, and look at its load if this goes on"
_READ_ONLY: Final = "the store is read-only; give this process the right to write to it"
_BROKEN: Final = "the store's file is damaged or no database; restore it from a copy"
_AWAY: Final = "the store does not answer; see that it runs and that its address is right"

# By SQLite's error name (without what follows the second underscore) and PostgreSQL's SQLSTATE.
_REMEDIES: Final = {
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_CANTOPEN": _AWAY,
    "SQLITE_CORRUPT": _BROKEN,
    "SQLITE_NOTADB": _BROKEN,
    "53100": _FULL,
    "40001": BUSY,
    "40P01": BUSY,
    "55P03": BUSY,
    "57014": _SLOW,
    "25006": _READ_ONLY,
}


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn whatever a driver raises into an error of ours; its own text may hold values.

    Raises
    ------
    StoreUnavailable
        The database is away, busy, full, damaged or too slow.
    InvalidInput
        A value is out of the range that the columns hold.
    """
    try:
        yield
    except VitrineError:
        raise
    except _UNREADABLE:
        raise InvalidInput("a value is out of the range that the store holds; correct it") from None
    except _DRIVERS as error:
        raise StoreUnavailable(_remedy(error)) from None


def _remedy(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    if isinstance(error, exc.TimeoutError):
        return _CROWDED
    name = getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None)
    if name is None:
        return f"{_AWAY} ({type(original).__name__})"
    known = _REMEDIES.get("_".join(name.split("_")[:2]))
    return known or f"the store could not do it ({name}); look at the database's own log"
