"""The laws of faults: what goes wrong is said in our words, nothing hangs, nothing is half done."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from features.errors import InvalidSettings
from serving.errors import StoreUnavailable, status_of
from serving.store import Link, Store, open_store
from serving.store.database import Database
from tests.serving.store.conftest import POSTGRES
from tests.serving.store.planted import ids_kept, news_of, view, views
from tests.serving.store.silent_server import SilentServer, silent_server

BRIEFLY_S = 0.3


@pytest.fixture
def hasty(url: str) -> Iterator[Store]:
    """Open a store that does not wait long."""
    store = Store(Database(url, longest_wait_s=BRIEFLY_S))
    yield store
    store.close()


def test_a_store_that_cannot_answer_says_so_and_when_to_try_again() -> None:
    with pytest.raises(StoreUnavailable, match="does not answer") as refused:
        open_store("postgresql+psycopg://secret:secret@127.0.0.1:1/secret")

    assert status_of(refused.value) == 503
    assert refused.value.headers == (("retry-after", "1"),)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["store.db", "mysql://host/name", "sqlite://", "sqlite:///:memory:", "postgresql:///name"],
)
def test_an_address_of_another_kind_is_refused_with_the_right_form(url: str) -> None:
    with pytest.raises(InvalidSettings, match="sqlite:///path/to"):
        open_store(url)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("Dear diary, " * 1_000)

    with pytest.raises(StoreUnavailable, match="restore it from a copy"):
        open_store(f"sqlite:///{path}")

    assert path.read_text().startswith("Dear diary")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        open_store(f"sqlite:///{tmp_path}")


def test_a_lock_that_is_not_let_go_refuses_a_change_and_no_question(url: str, hasty: Store) -> None:
    hasty.add_events([view("before", user_id="ann")])
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as other:
        if engine.name == "sqlite":
            other.execute(text("BEGIN IMMEDIATE"))
        else:
            other.execute(text("BEGIN"))
            other.execute(text("LOCK TABLE events IN SHARE MODE"))
        with pytest.raises(StoreUnavailable, match="try again"):
            hasty.add_events([view("during")])
        assert news_of(hasty, "ann").counts == [1]
        other.execute(text("ROLLBACK"))
    engine.dispose()

    assert hasty.add_events([view("during")]) == [True]


def test_a_change_that_fails_half_way_leaves_nothing(store: Store, url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE identities RENAME TO elsewhere"))

    with pytest.raises(StoreUnavailable):
        store.add_events([view("a", anonymous_id="browser")])
    with pytest.raises(StoreUnavailable):
        store.link_all([Link("browser", "ann")], at_us=1)

    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO identities"))
    engine.dispose()
    assert ids_kept(store) == []
    assert store.revisions().identities == 0
    assert store.add_events([view("a", anonymous_id="browser")]) == [True]


def test_a_full_disk_is_named_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    store.add_events([view("before")])
    with store._database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")

    with pytest.raises(StoreUnavailable, match="full; free space"):
        store.add_events(views(*(f"{n}" for n in range(2_000))))

    assert ids_kept(store) == ["before"]
    with store._database.writing() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1_000}")
    assert store.add_events(views(*"abc")) == [True] * 3
    store.close()


def test_a_servers_full_disk_is_named(postgres_made: str) -> None:
    database = Database(postgres_made)

    with pytest.raises(StoreUnavailable, match="full; free space"), database.writing() as changing:
        changing.execute(text("DO $$ BEGIN RAISE 'secret' USING ERRCODE = '53100'; END $$"))

    database.close()


def test_a_server_that_was_restarted_between_two_calls_goes_unnoticed(
    postgres: Engine, postgres_made: str
) -> None:
    url = make_url(postgres_made).update_query_dict({"application_name": "restarted"})
    store = open_store(url.render_as_string(hide_password=False))
    store.add_events([view("restarted.1", user_id="restarted")])
    assert news_of(store, "restarted").counts == [1]

    with postgres.begin() as connection:
        ended = connection.scalars(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'restarted'"
            )
        ).all()

    assert ended == [True, True]
    assert news_of(store, "restarted").counts == [1]
    assert store.add_events([view("restarted.2", user_id="restarted")]) == [True]
    store.close()


@pytest.fixture
def between() -> Iterator[SilentServer]:
    """Stand between a store and its server."""
    address = make_url(POSTGRES)
    with silent_server((address.host or "127.0.0.1", address.port or 5432)) as server:
        yield server


@pytest.fixture
def url_between(postgres_made: str, between: SilentServer) -> str:
    """Give the store's address by way of whoever stands between."""
    url = make_url(postgres_made).set(host="127.0.0.1", port=between.port)
    return url.render_as_string(hide_password=False)


def test_a_server_that_falls_silent_is_given_up(url_between: str, between: SilentServer) -> None:
    store = Store(Database(url_between, longest_wait_s=BRIEFLY_S, clock=lambda: 0.0))
    store.ping()
    store.next_batch()

    between.is_silent = True
    with pytest.raises(StoreUnavailable, match="too long"):
        store.ping()
    with pytest.raises(StoreUnavailable, match="too long"):
        store.next_batch()

    between.is_silent = False
    store.ping()
    store.next_batch()
    store.close()


def test_where_one_request_waited_in_vain_the_others_do_not_wait(
    url_between: str, between: SilentServer
) -> None:
    # When the first request comes, when it gives up, and when the next ones come.
    seconds = iter([0.0, 1.0, 1.9, 2.1])
    store = Store(Database(url_between, longest_wait_s=BRIEFLY_S, clock=lambda: next(seconds)))

    between.is_silent = True
    with pytest.raises(StoreUnavailable):
        store.ping()
    between.is_silent = False

    with pytest.raises(StoreUnavailable, match="in a second"):
        store.ping()
    store.ping()
    store.close()


def test_no_message_repeats_what_was_given(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_store(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE UNIQUE INDEX one_item ON events (item_id)")
    connection.close()
    store.add_events([view("a", item_id="secret")])

    with pytest.raises(StoreUnavailable) as refused:
        store.add_events([view("b", item_id="secret")])

    assert "secret" not in str(refused.value)
    assert refused.value.__suppress_context__
    store.close()
