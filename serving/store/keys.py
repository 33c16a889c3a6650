"""Keys: the API keys' hashes, and until when they open something."""

from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from serving.store import tables
from serving.store.revisions import bump
from serving.store.upsert import insert_into


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What is kept of an API key; the key itself is not.

    Parameters
    ----------
    name : str
        Whose; while a key is being replaced there are two of one name.
    sha256 : str
        The key's hash, in hexadecimal digits.
    scopes : tuple of str
        What it is for.
    created_us : int
        When it was made, in UTC microseconds.
    expires_us : int or None
        From when on it opens nothing; None for never.
    """

    name: str
    sha256: str
    scopes: tuple[str, ...]
    created_us: int
    expires_us: int | None


def add(connection: Connection, key: StoredKey) -> None:
    """Keep a key; one that is kept already stays as it is."""
    bump(connection, "keys")
    row = {
        "name": key.name,
        "sha256": key.sha256,
        "scopes": " ".join(key.scopes),
        "created_us": key.created_us,
        "expires_us": key.expires_us,
    }
    connection.execute(insert_into(tables.api_keys, connection).on_conflict_do_nothing(), row)


def all_keys(connection: Connection) -> list[StoredKey]:
    """Give every key, those that expired included, in the order of their making."""
    rows = tables.api_keys.c
    question = select(
        rows.name, rows.sha256, rows.scopes, rows.created_us, rows.expires_us
    ).order_by(rows.created_us, rows.name, rows.sha256)
    return [
        StoredKey(name, sha256, tuple(scopes.split()), created_us, expires_us)
        for name, sha256, scopes, created_us, expires_us in connection.execute(question)
    ]


def expire(connection: Connection, name: str, sha256: str, at_us: int) -> bool:
    """Let a key open nothing from a moment on; see `Store.expire_key`."""
    bump(connection, "keys")
    rows = tables.api_keys.c
    statement = (
        tables.api_keys.update()
        .where(rows.name == name, rows.sha256 == sha256)
        # A key that ends earlier is not made to live longer.
        .where(or_(rows.expires_us.is_(None), rows.expires_us > at_us))
        .values(expires_us=at_us)
    )
    return connection.execute(statement).rowcount > 0
