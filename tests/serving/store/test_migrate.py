"""The laws of migrating: from nothing to what the code knows, however many start at once."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, text

from serving.errors import StoreUnavailable
from serving.store import open_store
from serving.store.migrate import LATEST_STEP, migrate
from serving.store.tables import METADATA
from tests.serving.store.planted import ids_kept, view

OPEN = """
import sys
from serving.store import open_store
open_store(sys.argv[1]).ping()
"""
INDEXES = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT replace(indexdef, schemaname || '.', '') FROM pg_indexes"
    " WHERE schemaname = current_schema() AND tablename <> 'alembic_version'",
}


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    """Give a plain engine on the database, beside the store's own."""
    engine = create_engine(empty_url)
    yield engine
    engine.dispose()


def indexes(connection: Connection) -> list[str]:
    return sorted(connection.scalars(text(INDEXES[connection.dialect.name])))


def test_the_migrated_tables_are_those_of_the_code(empty_url: str, engine: Engine) -> None:
    migrate(empty_url)

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert differences == []


def test_the_migrated_indexes_have_the_codes_conditions(empty_url: str, engine: Engine) -> None:
    migrate(empty_url)
    with engine.connect() as connection:
        migrated = indexes(connection)

    with engine.begin() as connection:
        METADATA.drop_all(connection)
        METADATA.create_all(connection)

    with engine.connect() as connection:
        assert migrated == indexes(connection)


def test_whoever_starts_knows_the_latest_step(empty_url: str, engine: Engine) -> None:
    migrate(empty_url)

    with engine.connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    assert heads == (LATEST_STEP,)


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    store = open_store(empty_url)
    store.add_events([view("a")])
    store.close()

    migrate(empty_url)

    store = open_store(empty_url)
    assert ids_kept(store) == ["a"]
    store.close()


def test_several_processes_may_start_at_once(empty_url: str) -> None:
    starting = [
        subprocess.Popen([sys.executable, "-c", OPEN, empty_url], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]

    told = [process.communicate(timeout=120)[1] for process in starting]

    assert told == [""] * 4
    assert [process.returncode for process in starting] == [0] * 4


def test_tables_of_a_newer_version_are_left_alone(empty_url: str, engine: Engine) -> None:
    migrate(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from the future'"))

    with pytest.raises(StoreUnavailable, match="newer"):
        open_store(empty_url)


def test_a_file_may_lie_in_an_odd_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/50% off, 'here'/store.db")

    assert store.add_events([view("a")]) == [True]
    store.close()
