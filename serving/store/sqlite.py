"""SQLite: connections that keep what they say they keep, and one writer at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from serving.store.engines import Engines
from serving.store.one_file import OneFile
from serving.store.turnstile import Turnstile

_READERS = 8


def open_engines(url: URL, *, longest_wait_s: float) -> Engines:
    """Open a file; it and its folder are made where they are missing.

    Parameters
    ----------
    url : URL
        Names the file.
    longest_wait_s : float
        How long a change waits for another process's change to end.
    """
    file = OneFile(Path(str(url.database)))
    # Without a transaction there is nothing to roll back when a connection comes home.
    reading = _engine(
        url,
        longest_wait_s=longest_wait_s,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        pool_size=_READERS,
    )
    writing = _engine(url, longest_wait_s=longest_wait_s, pool_size=1, max_overflow=0)
    event.listen(writing, "begin", _begin_immediately)
    for engine in (reading, writing):
        file.guard(engine)
    turnstile = Turnstile(file.path, longest_wait_s)

    @contextmanager
    def turn() -> Iterator[None]:
        with turnstile.passing(), file.staying():
            yield

    return Engines(asking=reading, reading=reading, patient=reading, writing=writing, turn=turn)


def _engine(url: URL, *, longest_wait_s: float, **options: Any) -> Engine:  # noqa: ANN401 -- SQLAlchemy's own
    engine = create_engine(
        url,
        connect_args={"timeout": longest_wait_s},
        pool_timeout=longest_wait_s,
        hide_parameters=True,
        **options,
    )
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    # None: we alone say when a transaction begins.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # Every commit is on the disk before it returns.
    connection.execute("PRAGMA synchronous = FULL")


def _begin_immediately(connection: Connection) -> None:
    # A transaction that read first and wrote later would be refused where another wrote between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
