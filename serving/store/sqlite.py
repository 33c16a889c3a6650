"""SQLite: connections that keep what they say they keep, and one writer after the other."""

import sqlite3

from sqlalchemy import Connection


def set_up(connection: sqlite3.Connection, _record: object) -> None:
    """Set a new connection up, for SQLAlchemy's event `connect`."""
    # None: we alone say when a transaction begins.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # Every commit is on the disk before it returns.
    connection.execute("PRAGMA synchronous = FULL")


def begin_immediately(connection: Connection) -> None:
    """Take the write lock at once, for SQLAlchemy's event `begin`.

    A transaction that read first and wrote later would be refused where another wrote between.
    """
    connection.exec_driver_sql("BEGIN IMMEDIATE")
