"""The laws of sync: what the store took down is in the lake exactly once, whenever it is killed."""

import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features import identities
from features.errors import LakeBusy
from features.event_log import EventLog, writing
from features.events import EventType
from features.lake_tables import read_table
from serving import sync as sync_module
from serving.clock import microseconds, moment_of
from serving.store import Consent, Event, ItemChange, Link, Store, open_store
from tests.faults.databases import Database, in_a_file, in_a_schema
from tests.serving.store.planted import EVERYTHING, view, views
from tests.serving.synced import in_batches, in_log, in_store, quietly
from tests.shops import AS_OF, engine, event, item, user, write_lake

NOW_US = microseconds(AS_OF)
# The process kills itself, as kill -9 does, just before the n-th time that it asks the disk to
# keep something, gives a file its name, or marks something in the store.
SYNC = """
import os, signal, sys
from pathlib import Path
from serving import sync as sync_module
from serving.clock import now_utc
from serving.store import Store, open_store

url, lake, fatal = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
sync_module._BATCH, sync_module._MARKED_AT_ONCE = 20, 7
moments = []

def told(function):
    def call(*given, **stated):
        moments.append(function)
        if len(moments) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **stated)
    return call

os.fsync, os.replace = told(os.fsync), told(os.replace)
Store.next_batch, Store.mark_synced = told(Store.next_batch), told(Store.mark_synced)
Store.mark_items_synced = told(Store.mark_items_synced)
sync_module.sync(open_store(url), lake, now=now_utc(), say=lambda line: None)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        yield in_a_file(tmp_path)
        return
    with in_a_schema() as schema:
        yield schema


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    opened = open_store(database.url)
    yield opened
    opened.close()


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def test_an_event_arrives_as_it_was_and_once(store: Store, lake: Path) -> None:
    whole = Event(
        *("e1", EventType.PURCHASE, "ann", None, "mug", NOW_US + 1, 3, 2.5),
        *("order", "session", "NZ", "phone", "list"),
    )
    store.add_events([whole, view("e2", anonymous_id="tab", timestamp_us=0)])

    first, second = quietly(store, lake), quietly(store, lake)

    scanned = EventLog(lake, engine()).scan().order_by("event_id").to_pyarrow().to_pylist()
    words = ("order_id", "session_id", "country", "device", "recommendation_id")
    said = dict(zip(words, ("order", "session", "NZ", "phone", "list"), strict=True))
    assert scanned[0] == event("ann", "mug", event_id="e1", quantity=3, price=2.5, **said) | {
        "timestamp": AS_OF + timedelta(microseconds=1)
    }
    assert (scanned[1]["anonymous_id"], scanned[1]["timestamp"]) == ("tab", moment_of(0))
    assert (first.n_events, first.n_new) == (2, 2)
    assert (second.n_events, second.n_new) == (0, 0)
    assert in_log(lake) == ["e1", "e2"]


def test_what_a_file_brought_already_is_known(store: Store, lake: Path) -> None:
    write_lake(lake, [event("ann", "mug", event_id="both"), event("ann", "mug", event_id="file")])
    store.add_events([view("both"), view("posted")])

    report = quietly(store, lake)

    assert (report.n_events, report.n_new) == (2, 1)
    assert in_log(lake) == ["both", "file", "posted"]


def test_many_events_go_in_several_batches(
    store: Store, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_module, "_BATCH", 20)
    monkeypatch.setattr(sync_module, "_MARKED_AT_ONCE", 7)
    store.add_events(views(*(f"e{n:02}" for n in range(50))))

    assert quietly(store, lake).n_events == 50

    # A batch is full with 21, as 7 at once are marked.
    assert [len(store.events_of_batch(batch)) for batch in store.batches_after(0)] == [21, 21, 8]
    assert EventLog(lake, engine()).synced_batch == 3
    assert in_log(lake) == in_store(store)


def test_a_sync_ends_though_events_never_cease_to_come(
    store: Store, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = sync_module._append

    def append_while_more_come(log: EventLog, events: list[Event], batch: int) -> int:
        store.add_events([view(f"meanwhile-{batch}")])
        return append(log, events, batch)

    monkeypatch.setattr(sync_module, "_append", append_while_more_come)
    store.add_events([view("before")])

    assert quietly(store, lake).n_events == 1

    assert in_log(lake) == ["before"]
    assert in_store(store) == ["before", "meanwhile-1"]


def test_events_that_were_marked_and_did_not_arrive_come_the_next_time(
    store: Store, lake: Path
) -> None:
    store.add_events(views("lost", "new"))
    ((seq, _), _) = store.unsynced_events(2)
    store.mark_synced([seq], store.next_batch())

    assert quietly(store, lake).n_new == 2

    assert in_log(lake) == ["lost", "new"]
    assert quietly(store, lake).n_events == 0


def test_whenever_it_is_killed_the_log_holds_what_it_says_and_the_next_one_completes_it(
    database: Database, store: Store, tmp_path: Path
) -> None:
    dice = random.Random(1)
    lake = write_lake(tmp_path / "lake", [event("ann", "mug", event_id="e005")])
    for round_ in range(3):
        ids = [f"e{100 * round_ + n:03}" for n in range(50)]
        store.add_events(views(*ids, anonymous_id="tab"))
        store.put_items([ItemChange(f"item{round_}", {"price": 1.0})], at_us=NOW_US)

        # Three batches of events and one of items; each marks, writes files and names them.
        given = [database.url, str(lake), str(dice.randint(1, 30))]
        killed = subprocess.run([sys.executable, "-c", SYNC, *given], check=False)

        assert killed.returncode == -9
        synced = EventLog(lake, engine()).synced_batch
        assert in_log(lake) == sorted({"e005", *in_batches(store, synced)})

    quietly(store, lake)

    assert in_log(lake) == in_store(store)
    items = pq.read_table(lake / "items.parquet")["item_id"].to_pylist()
    assert items == [f"item{round_}" for round_ in range(3)]
    assert quietly(store, lake).n_events == 0


def test_one_process_syncs_at_a_time(store: Store, lake: Path) -> None:
    store.add_events([view("e1")])

    with writing(lake), pytest.raises(LakeBusy, match="another process is writing"):
        quietly(store, lake)

    assert [one.event_id for _, one in store.unsynced_events(EVERYTHING)] == ["e1"]


def test_a_lake_that_was_made_anew_gets_all_that_the_store_has(store: Store, lake: Path) -> None:
    store.add_events(views("a", "b"))
    store.put_items([ItemChange("mug", {"price": 5})], at_us=NOW_US)
    quietly(store, lake)

    anew = lake.with_name("anew")
    quietly(store, anew)

    assert in_log(anew) == ["a", "b"]
    assert pq.read_table(anew / "items.parquet")["price"].to_pylist() == [5.0]


def test_a_store_that_was_made_anew_goes_on_counting_where_the_lake_is(
    store: Store, lake: Path, tmp_path: Path
) -> None:
    store.add_events([view("a")])
    quietly(store, lake)
    anew = open_store(f"sqlite:///{tmp_path / 'anew.db'}")
    anew.add_events(views("b", "c"))

    # The first was marked and the process killed: its number must not be one that the lake has.
    ((seq, _), _) = anew.unsynced_events(2)
    anew.mark_synced([seq], anew.next_batch(after=1))
    quietly(anew, lake)

    assert in_log(lake) == ["a", "b", "c"]
    assert EventLog(lake, engine()).synced_batch == 3
    anew.close()


def test_the_catalogue_takes_what_was_stated_and_keeps_the_rest(store: Store, lake: Path) -> None:
    write_lake(
        lake, [event("ann", "mug")], items=[item("mug", title="Mug", price=9.0), item("cup")]
    )
    store.put_items(
        [ItemChange("mug", {"price": 5, "hidden": True}), ItemChange("axe", {"title": "Axe"})],
        at_us=NOW_US,
    )

    first, second = quietly(store, lake), quietly(store, lake)

    assert (first.n_items, first.n_new_items, second.n_items) == (2, 1, 0)
    assert pq.read_table(lake / "items.parquet").to_pylist() == [
        item("axe", title="Axe"),
        item("cup"),
        item("mug", title="Mug", price=5.0, hidden=True),
    ]
    synced = EventLog(lake, engine()).synced_batch
    assert store.item_changes(after_batch=synced) == []
    # A bundle from before still has to be told.
    assert len(store.item_changes(after_batch=None)) == 2


def test_every_link_is_kept_with_its_time_also_when_it_was_replaced(
    store: Store, lake: Path
) -> None:
    store.link_all([Link("tab", "ann")], at_us=NOW_US)
    assert quietly(store, lake).n_links == 1
    store.link_all([Link("tab", "bob"), Link("other", "cid")], at_us=NOW_US + 1)

    assert quietly(store, lake).n_links == 2

    assert quietly(store, lake).n_links == 0
    assert sorted(map(tuple, (row.values() for row in identities.read(lake).to_pylist()))) == [
        ("other", "cid", moment_of(NOW_US + 1)),
        ("tab", "ann", AS_OF),
        ("tab", "bob", moment_of(NOW_US + 1)),
    ]


def test_the_user_table_says_who_agreed_and_who_does_no_longer(store: Store, lake: Path) -> None:
    users = [user("ann", country="NZ", consent=["email"]), user("bob", consent=["email", "sms"])]
    write_lake(lake, [event("ann", "mug")], users=users)
    store.put_consents(
        [
            Consent("ann", "sms", granted=True),
            Consent("bob", "email", granted=False),
            Consent("cid", "email", granted=True),
        ],
        at_us=NOW_US,
    )

    report = quietly(store, lake)

    assert (report.n_consents, report.n_users) == (3, 1)
    table = read_table(lake / "users.parquet", pq.read_schema(lake / "users.parquet"))
    assert table.select(["user_id", "country", "consent"]).to_pylist() == [
        {"user_id": "ann", "country": "NZ", "consent": ["email", "sms"]},
        {"user_id": "bob", "country": None, "consent": ["sms"]},
        {"user_id": "cid", "country": None, "consent": ["email"]},
    ]


def test_a_report_adds_up(store: Store, lake: Path) -> None:
    write_lake(lake, [event("ann", "mug", event_id="both")])
    store.add_events(views("both", "a", "b"))
    store.link_all([Link("tab", "ann")], at_us=NOW_US)

    told = str(quietly(store, lake)).splitlines()

    assert [line.split()[0] for line in told] == ["3", "2", "1", "0", "1", "0"]
