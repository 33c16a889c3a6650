"""One store in each kind of database: every law of the contract holds for both."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from serving.store import Store, open_store
from serving.store.migrate import migrate
from serving.store.tables import METADATA
from tests.serving.store.planted import NOW_US

POSTGRES = os.environ.get("VITRINE_TEST_POSTGRES_URL", "postgresql+psycopg://root@127.0.0.1/test")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Engine]:
    """Give the PostgreSQL server, where one answers."""
    engine = create_engine(POSTGRES, connect_args={"connect_timeout": 2})
    try:
        engine.connect().close()
    except OperationalError:
        pytest.skip("no PostgreSQL answers; start one, or set VITRINE_TEST_POSTGRES_URL")
    yield engine
    engine.dispose()


@contextmanager
def own_schema(postgres: Engine) -> Iterator[str]:
    """Make a schema of our own, give the address of it, and drop it."""
    name = f"vitrine_{uuid4().hex}"
    with postgres.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    url = make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={name}"})
    yield url.render_as_string(hide_password=False)
    with postgres.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of a database without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    with own_schema(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a file with empty tables, once."""
    path = tmp_path_factory.mktemp("sqlite") / "store.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_made(postgres: Engine) -> Iterator[str]:
    """Make a schema with empty tables, once."""
    with own_schema(postgres) as url:
        migrate(url)
        yield url


def _emptied(url: str) -> str:
    engine = create_engine(url)
    with engine.begin() as connection:
        names = ", ".join(set(METADATA.tables) - {"revisions"})
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        connection.execute(text("UPDATE revisions SET number = 0"))
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a store that holds nothing yet."""
    if request.param == "postgresql":
        return _emptied(request.getfixturevalue("postgres_made"))
    shutil.copy(request.getfixturevalue("sqlite_made"), tmp_path / "store.db")
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Open a store that holds nothing yet."""
    opened = open_store(url, clock=lambda: NOW_US)
    yield opened
    opened.close()
