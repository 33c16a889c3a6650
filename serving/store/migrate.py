"""Migrate: bring a database to the tables that this code knows, whoever else is starting."""

from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from serving.errors import StoreUnavailable
from serving.store import locks
from serving.store.database import Database

LATEST_STEP: Final = "0001"
"""The migration that makes the tables what they are in `serving.store.tables`."""

_LONGEST_MIGRATION_S: Final = 300.0
_FOLDER: Final = Path(__file__).with_name("migrations")


def migrate(url: str) -> None:
    """Bring a database up to date; where several do it at once, one works and the others wait.

    Parameters
    ----------
    url : str
        See `Database`.

    Raises
    ------
    StoreUnavailable
        The database cannot do its part, or a newer Vitrine made its tables.
    """
    # A look takes no time; a server that starts must not wait minutes for a store that is away.
    with closing(Database(url)) as database, database.reading() as connection:
        if _is_current(connection):
            return
    with (
        closing(Database(url, longest_wait_s=_LONGEST_MIGRATION_S)) as database,
        database.writing() as connection,
    ):
        locks.migrating(connection)
        _upgrade(connection)


def _is_current(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    return found == [LATEST_STEP]


def _upgrade(connection: Connection) -> None:
    # Most servers that start find everything in place, and need not wait for Alembic to load.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    # A percent sign in a path would be read as a reference.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise StoreUnavailable(
            "the store's tables are of a newer Vitrine; install that version here too"
        ) from None
