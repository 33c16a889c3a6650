"""The store goes away and comes back: lists go on, events are refused and never dropped."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.faults.callers import Answer, calling, eventually
from tests.faults.conftest import MakeLean
from tests.faults.databases import Database, in_a_file, in_a_schema
from tests.faults.proxy import before
from tests.faults.servers import started

pytestmark = pytest.mark.server

LIST_WITHIN_S, REFUSAL_WITHIN_S = 3.0, 9.0
NOBODY = 65_534


@dataclass(frozen=True, slots=True)
class Breakable:
    """A store that can be taken away.

    Parameters
    ----------
    database : Database
        Past everything that stands before it.
    url : str
        As the server is told.
    break_it, mend_it : function
        Take it away, bring it back.
    """

    database: Database
    url: str
    break_it: Callable[[], None]
    mend_it: Callable[[], None]

    @contextmanager
    def away(self) -> Iterator[None]:
        """Be away while the block runs."""
        self.break_it()
        yield
        self.mend_it()


@contextmanager
def behind_a_proxy(breaks: str, mends: str) -> Iterator[Breakable]:
    with in_a_schema() as database:
        address = make_url(database.url)
        with before(address.port or 5432) as proxy:
            url = database.by_way_of(proxy.port)
            yield Breakable(database, url, getattr(proxy, breaks), getattr(proxy, mends))


def _moved(folder: Path) -> Breakable:
    database, elsewhere = in_a_file(folder), folder / "elsewhere"
    elsewhere.mkdir()
    names = [database.file.name + ending for ending in ("", "-wal", "-shm")]

    def move(source: Path, target: Path) -> None:
        for name in names:
            if (source / name).exists():
                (source / name).rename(target / name)

    return Breakable(
        database,
        database.url,
        lambda: move(folder, elsewhere),
        lambda: move(elsewhere, folder),
    )


def _barred(folder: Path) -> Breakable:
    """Let a file lie where the database's folder should be."""
    database, in_the_way = in_a_file(folder / "barred"), folder / "barred"
    return Breakable(database, database.url, in_the_way.touch, in_the_way.unlink)


@contextmanager
def breakable(how: str, folder: Path) -> Iterator[Breakable]:
    in_files = {"moved": _moved, "barred": _barred}
    if how in in_files:
        yield in_files[how](folder)
        return
    names = {"cut off": ("cut", "splice"), "silent": ("fall_silent", "speak")}
    with behind_a_proxy(*names[how]) as store:
        yield store


@pytest.fixture(params=["cut off", "silent", "moved"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Breakable]:
    """Give a store, and a way to lose it while it is used."""
    with breakable(request.param, tmp_path) as store:
        yield store


@pytest.fixture(params=["cut off", "silent", "barred"])
def absent(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Breakable]:
    """Give a store that cannot be reached, and the way to bring it."""
    with breakable(request.param, tmp_path) as store:
        store.break_it()
        yield store


def view(event_id: str, person: str = "user-00") -> dict[str, object]:
    return {"event_id": event_id, "event_type": "view", "item_id": "item-30", "user_id": person}


def ask_list(port: int) -> Answer:
    with calling(port, within_s=LIST_WITHIN_S) as caller:
        return caller.recommend(user_id="user-00")


def is_refused(answer: Answer) -> bool:
    return (
        answer.status == 503
        and answer.error_code == "store_unavailable"
        and int(answer.headers["retry-after"]) >= 1
    )


def how_often(database: Database, event_id: str) -> int:
    ((n_rows,),) = database.ask("SELECT count(*) FROM events WHERE event_id = :it", it=event_id)
    return int(n_rows)


def check_that_it_is_back(port: int, database: Database) -> None:
    with calling(port) as caller:
        assert eventually(lambda: not caller.recommend(user_id="user-00").is_degraded)
        assert caller.readyz()["store"] == "ok"

        first, again = caller.post(view("refused")), caller.post(view("refused"))

    assert first.json()["accepted"] == 1
    assert again.json()["duplicates"] == 1
    assert how_often(database, "refused") == 1


def test_a_store_that_goes_away_is_announced_and_its_events_are_refused_until_it_is_back(
    lean: MakeLean, store: Breakable
) -> None:
    with started(lean(store.url)) as server:
        with calling(server.port) as caller:
            assert caller.post(view("kept")).json()["accepted"] == 1
            whole = caller.recommend(user_id="user-00")

        with store.away(), ThreadPoolExecutor(8) as callers:
            lists = list(callers.map(ask_list, [server.port] * 24))
            with calling(server.port, within_s=REFUSAL_WITHIN_S) as caller:
                refused = caller.post(view("refused"))
                told = caller.readyz()

        assert not whole.is_degraded
        assert all(len(one.items) == len(whole.items) for one in lists)
        assert all(one.is_degraded for one in lists)
        assert is_refused(refused)
        assert told["store"] == "away"
        check_that_it_is_back(server.port, store.database)
        assert how_often(store.database, "kept") == 1


def test_events_alone_find_out_that_the_store_is_away(lean: MakeLean, store: Breakable) -> None:
    with started(lean(store.url)) as server:
        with store.away(), calling(server.port, within_s=REFUSAL_WITHIN_S) as caller:
            refused = [caller.post(view("refused")) for _ in range(3)]

        assert all(map(is_refused, refused))
        check_that_it_is_back(server.port, store.database)


def test_a_server_starts_without_its_store_and_finds_it_later(
    lean: MakeLean, absent: Breakable
) -> None:
    with started(lean(absent.url)) as server:
        answer = ask_list(server.port)
        with calling(server.port, within_s=REFUSAL_WITHIN_S) as caller:
            refused = caller.post(view("refused"))

        absent.mend_it()

        assert answer.is_degraded
        assert answer.items
        assert is_refused(refused)
        check_that_it_is_back(server.port, absent.database)


def test_events_never_follow_a_store_that_was_replaced(lean: MakeLean, tmp_path: Path) -> None:
    database = in_a_file(tmp_path)
    with (
        started(lean(database.url)) as server,
        calling(server.port, within_s=REFUSAL_WITHIN_S) as caller,
    ):
        assert caller.post(view("kept")).json()["accepted"] == 1
        database.ask("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(database.file, tmp_path / "copy")

        database.file.unlink()
        refused = caller.post(view("refused"))
        (tmp_path / "copy").rename(database.file)

        assert is_refused(refused)
        check_that_it_is_back(server.port, database)
        assert how_often(database, "kept") == 1


def test_while_another_process_writes_lists_are_whole_and_events_are_refused(
    lean: MakeLean, tmp_path: Path
) -> None:
    database = in_a_file(tmp_path)
    with (
        started(lean(database.url)) as server,
        calling(server.port, within_s=REFUSAL_WITHIN_S) as caller,
    ):
        with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = caller.post(view("refused"))
            answer = ask_list(server.port)

        assert is_refused(refused)
        assert not answer.is_degraded
        check_that_it_is_back(server.port, database)


def test_lists_do_not_wait_for_a_process_that_keeps_the_file_to_itself(
    lean: MakeLean, tmp_path: Path
) -> None:
    database = in_a_file(tmp_path)
    server = lean(database.url)
    with started(server):
        pass
    with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        with started(server):
            lists = [ask_list(server.port) for _ in range(3)]

            assert all(one.is_degraded and one.items for one in lists)
            other.close()
            check_that_it_is_back(server.port, database)
