"""Locks: who must wait for whom where several processes change one PostgreSQL database.

SQLite needs none of them: its writers take turns.
"""

from typing import Final

from sqlalchemy import Connection, text

_MIGRATIONS: Final = 1
_WHO_IS_WHO: Final = 2

# Held until the transaction ends; two stores in one database (in schemas) do not meet.
_PLACE: Final = "hashtext('vitrine ' || current_schema()), :lock"
_ALONE: Final = text(f"SELECT pg_advisory_xact_lock({_PLACE})")
_TOGETHER: Final = text(f"SELECT pg_advisory_xact_lock_shared({_PLACE})")


def migrating(connection: Connection) -> None:
    """Let nobody else migrate."""
    _hold(connection, alone=True, lock=_MIGRATIONS)


def linking(connection: Connection) -> None:
    """Let nobody write events while it is decided whose they are."""
    _hold(connection, alone=True, lock=_WHO_IS_WHO)


def adding_events(connection: Connection) -> None:
    """Let nobody link identities; others may add events at the same time."""
    _hold(connection, alone=False, lock=_WHO_IS_WHO)


def _hold(connection: Connection, *, alone: bool, lock: int) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE if alone else _TOGETHER, {"lock": lock})
