"""Shops to measure: a bundle that was trained already, with a store of its own for each server."""

import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import sqlalchemy as sa

from benchmarks.homes import KEPT
from benchmarks.processes import Server, free_port, running, vitrine_serve
from features.home import Home
from serving.auth import Scope, issue
from serving.inbox.events import read_events
from serving.store import Event, open_store

StoreKind = Literal["SQLite", "PostgreSQL"]
POSTGRES: Final = os.environ.get(
    "VITRINE_TEST_POSTGRES_URL", "postgresql+psycopg://root@127.0.0.1/test"
)
_CONNECT_WITHIN_S: Final = 3


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop: borrowed bundles and a store of its own.

    Parameters
    ----------
    home : Home
        Its folder.
    store_url : str
        Its store, which is up to date.
    key : str
        What its storefront asks with.
    """

    home: Home
    store_url: str
    key: str

    @property
    def environment(self) -> dict[str, str]:
        """What its server is told."""
        return {
            "VITRINE_HOME": str(self.home.root),
            "VITRINE_STORE_URL": self.store_url,
            "BENTOML_HOME": str(self.home.root / "bentoml"),
            "BENTOML_DO_NOT_TRACK": "True",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def keep(self, events: Sequence[dict[str, Any]]) -> None:
        """Put events into the store, past any server."""
        with closing(open_store(self.store_url)) as store:
            store.add_events(as_kept(events))

    def n_events(self) -> int:
        """Count the events in the store."""
        engine = sa.create_engine(self.store_url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM events")).scalar_one())

    @contextmanager
    def served(self, *, workers: int = 1) -> Iterator[Server]:
        """Run `vitrine serve` until the block ends."""
        port = free_port()
        command = vitrine_serve(self.home.root, port=port, workers=workers)
        log = self.home.root / "server.log"
        with running(command, port=port, log=log, environment=self.environment) as server:
            yield server


def as_kept(events: Sequence[dict[str, Any]]) -> Sequence[Event]:
    """Read events of the wire as a server does that is told of them now."""
    read = read_events(events, now=datetime.now(UTC))
    assert not read.rejected, read.rejected[0]
    return read.valid


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder until the block ends, on the disk that benchmarks keep their homes on.

    The system's folder for such things may lie in memory, where a commit waits for nothing.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=KEPT) as folder:
        yield Path(folder)


def shop_of(home: Home, root: Path, *, store_url: str | None = None) -> Shop:
    """Make a shop with the bundles of another; by default with an SQLite file as its store.

    Parameters
    ----------
    home : Home
        Whose bundles are borrowed; nothing is written there.
    root : Path
        Where the shop is made.
    store_url : str, optional
        Another store.
    """
    borrowed = Home(root.resolve())
    borrowed.root.mkdir(parents=True)
    borrowed.bundles.symlink_to(home.bundles.resolve())
    url = store_url or f"sqlite:///{borrowed.store}"
    with closing(open_store(url)) as store:
        key = issue(store, "bench", [Scope.STOREFRONT], now=datetime.now(UTC))
    return Shop(borrowed, url, key)


@contextmanager
def shops_by_store(home: Home, scratch: Path) -> Iterator[dict[StoreKind, Shop]]:
    """Give a shop on SQLite, and one on PostgreSQL where a server answers."""
    shops: dict[StoreKind, Shop] = {"SQLite": shop_of(home, scratch / "sqlite")}
    engine = sa.create_engine(
        POSTGRES, poolclass=sa.NullPool, connect_args={"connect_timeout": _CONNECT_WITHIN_S}
    )
    schema = f"bench_{secrets.token_hex(6)}"
    if not _is_made(engine, schema):
        print("no PostgreSQL answers at VITRINE_TEST_POSTGRES_URL: SQLite alone is measured")
        yield shops
        return
    url = sa.make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={schema}"})
    text = url.render_as_string(hide_password=False)
    try:
        shops["PostgreSQL"] = shop_of(home, scratch / "postgresql", store_url=text)
        yield shops
    finally:
        with engine.begin() as connection:
            connection.execute(sa.schema.DropSchema(schema, cascade=True))


def _is_made(engine: sa.Engine, schema: str) -> bool:
    try:
        with engine.begin() as connection:
            connection.execute(sa.schema.CreateSchema(schema))
    except sa.exc.OperationalError:
        return False
    return True
