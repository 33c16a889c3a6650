"""The databases that a server under test keeps its store in, looked at from outside."""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

POSTGRES_URL: Final = os.environ.get(
    "VITRINE_TEST_POSTGRES_URL", "postgresql+psycopg://root@127.0.0.1/test"
)
_WITHIN_S: Final = 3


@dataclass(frozen=True, slots=True)
class Database:
    """One store's database.

    Parameters
    ----------
    url : str
        As the server is told.
    """

    url: str

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def file(self) -> Path:
        """Where an SQLite database is."""
        return Path(str(make_url(self.url).database))

    def ask(self, sql: str, **given: object) -> list[tuple[Any, ...]]:
        """Ask past the server."""
        with self._connected() as connection:
            return [tuple(row) for row in connection.execute(sa.text(sql), given)]

    def change(self, sql: str, rows: list[dict[str, object]]) -> None:
        """Change past the server."""
        with self._connected() as connection:
            connection.execute(sa.text(sql), rows)
            connection.commit()

    def by_way_of(self, port: int) -> str:
        """Give the address of the same database behind another port of loopback."""
        behind = make_url(self.url).set(host="127.0.0.1", port=port)
        return behind.render_as_string(hide_password=False)

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            yield connection
        engine.dispose()


def in_a_file(folder: Path) -> Database:
    """Give an SQLite database that is not there yet."""
    return Database(f"sqlite:///{folder / 'store.db'}")


@contextmanager
def in_a_schema() -> Iterator[Database]:
    """Give a schema of the test's own on the PostgreSQL server, and drop it at the end."""
    engine = sa.create_engine(
        POSTGRES_URL, poolclass=sa.NullPool, connect_args={"connect_timeout": _WITHIN_S}
    )
    schema = f"faults_{secrets.token_hex(6)}"
    try:
        with closing(engine.connect()) as connection:
            connection.execute(sa.schema.CreateSchema(schema))
            connection.commit()
    except sa.exc.OperationalError:
        _no_server()
    url = make_url(POSTGRES_URL).update_query_dict({"options": f"-csearch_path={schema}"})
    yield Database(url.render_as_string(hide_password=False))
    with closing(engine.connect()) as connection:
        connection.execute(sa.schema.DropSchema(schema, cascade=True))
        connection.commit()
    engine.dispose()


def _no_server() -> None:
    said = "no PostgreSQL server answers at VITRINE_TEST_POSTGRES_URL; start one for this test"
    if "CI" in os.environ:
        pytest.fail(said)
    pytest.skip(said)
