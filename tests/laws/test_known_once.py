"""The law of sync and training: a list knows each event of a person once, whatever comes when."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.event_log import EventLog
from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.home import Home
from features.snapshot import take_snapshot
from serving.clock import microseconds
from serving.desk import Moment
from serving.known import KnownPeople
from serving.offline import look, open_desk
from serving.store import Event, ItemChange, Link, Store, open_store
from tests.faults.databases import in_a_file, in_a_schema
from tests.serving.store.planted import EVERYTHING
from tests.serving.synced import quietly
from tests.shops import AS_OF, bundle_of, engine, event, item, write_lake
from training.bundle import point_to

ITEMS = [f"item-{row}" for row in range(6)]
USERS, VISITORS = ["ann", "bob"], ["tab", "phone", "kiosk"]
KINDS = [EventType.VIEW, EventType.CART, EventType.PURCHASE]

Done = Counter[tuple[str, int, int]]
"""How often a person did what with which item on which day."""


@dataclass
class Shop:
    """A shop that lives on, and beside it a plain account of what everybody did."""

    home: Home
    store: Store
    dice: random.Random
    at: datetime = AS_OF
    done: dict[str, Done] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def post(self, *, late: bool = False) -> None:
        """Post an event of now, or one that comes to light only now."""
        self.at += timedelta(hours=7)
        who, item_id, kind = (self.dice.choice(one) for one in (USERS + VISITORS, ITEMS, KINDS))
        at = self.at - timedelta(days=2) if late else self.at
        named = {"user_id": who} if who in USERS else {"anonymous_id": who}
        whole = {"user_id": None, "anonymous_id": None} | named
        self.store.add_events(
            [
                Event(
                    event_id=f"posted-{self.at.isoformat()}",
                    event_type=kind,
                    item_id=item_id,
                    timestamp_us=microseconds(at),
                    **whole,
                )
            ]
        )
        day = int(at.timestamp()) // SECONDS_PER_DAY
        self.done.setdefault(who, Counter())[item_id, kind.code, day] += 1

    def link(self) -> None:
        """Let a visitor turn out to be a user; once somebody is known, they stay that."""
        visitor = self.dice.choice(VISITORS)
        user_id = self.owners.setdefault(visitor, self.dice.choice(USERS))
        self.store.link_all([Link(visitor, user_id)], at_us=microseconds(self.at))

    def sync(self) -> None:
        """Move everything."""
        quietly(self.store, self.home.lake)

    def break_off_sync(self) -> None:
        """Be killed when some events are marked, and none is in the log."""
        batch = self.store.next_batch()
        seqs = [seq for seq, _ in self.store.unsynced_events(EVERYTHING)]
        self.store.mark_synced(seqs[::2], batch)

    def train(self) -> None:
        """Learn from all that the lake has, and promote it."""
        latest = EventLog(self.home.lake, engine()).latest()
        snapshot = take_snapshot(self.home.lake, as_of=latest)
        folder = bundle_of(snapshot, with_model=False).save(self.home.bundles)
        point_to(self.home.bundles, folder.name)

    def account(self, person: str) -> Done:
        """Tell what somebody did, by the plain account; a linked visitor is the user."""
        owner = self.owners.get(person, person)
        names = [owner, *(name for name, user_id in self.owners.items() if user_id == owner)]
        return sum((self.done.get(name, Counter()) for name in names), Counter())

    def look(self, persons: Sequence[str]) -> Moment:
        """Look up what an answer is made from."""
        desk = open_desk(self.home)
        moment = look(desk, persons)
        asyncio.run(desk.close())
        return moment

    def served(self, person: str) -> Done:
        """Tell what a list of theirs would be made from."""
        key = person if person in USERS else f"anonymous:{person}"
        road, news = self.look([key])
        history = KnownPeople.of(road.bundle, news.people).histories(road.bundle, 0)
        days = (history.timestamps // SECONDS_PER_DAY).tolist()
        items = road.bundle.items.ids(np.asarray(history.item_rows))
        entries = zip(items, history.event_types.tolist(), days, strict=True)
        counted: Done = Counter()
        for entry, count in zip(entries, history.counts.tolist(), strict=True):
            counted[entry] += int(count)
        return counted


@pytest.fixture(params=["sqlite", "postgres"])
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """Open a shop on the files that it had; nothing of them is anybody's whom we ask for."""
    home = Home(tmp_path / "home")
    write_lake(home.lake, [event("eve", ITEMS[0], days=-3)], items=map(item, ITEMS))
    if request.param == "sqlite":
        yield from _opened(home, in_a_file(tmp_path).url, monkeypatch)
        return
    with in_a_schema() as schema:
        yield from _opened(home, schema.url, monkeypatch)


def _opened(home: Home, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv("VITRINE_STORE_URL", url)
    store = open_store(url)
    shop = Shop(home, store, random.Random(7))
    shop.post()
    shop.sync()
    shop.train()
    yield shop
    store.close()


def _is_known_once(shop: Shop) -> None:
    for person in USERS + VISITORS:
        assert shop.served(person) == shop.account(person), person


def test_a_list_knows_an_event_once_before_and_after_it_is_synced_trained_and_promoted(
    shop: Shop,
) -> None:
    for _ in range(6):
        shop.post()
    _is_known_once(shop)

    for step in (shop.sync, shop.train):
        step()
        _is_known_once(shop)


def test_an_event_of_before_the_training_that_came_after_the_sync_counts(shop: Shop) -> None:
    for _ in range(4):
        shop.post()
    shop.sync()
    shop.post(late=True)
    shop.train()
    _is_known_once(shop)

    for step in (shop.sync, shop.train):
        step()
        _is_known_once(shop)


def test_a_training_between_a_killed_sync_and_the_next_doubles_nothing(shop: Shop) -> None:
    for _ in range(6):
        shop.post()
    for step in (shop.break_off_sync, shop.train, shop.sync, shop.train):
        step()
        _is_known_once(shop)


def test_what_a_visitor_did_is_the_users_once_from_the_link_on(shop: Shop) -> None:
    for _ in range(8):
        shop.post()
    for step in (shop.sync, shop.train, shop.link, shop.post, shop.sync, shop.train, shop.post):
        step()
        _is_known_once(shop)
    assert shop.owners


@pytest.mark.parametrize("seed", range(3))
def test_it_is_known_once_in_whatever_order_things_happen(seed: int, shop: Shop) -> None:
    shop.dice = random.Random(seed)
    steps = [shop.post, shop.post, shop.post, shop.link, shop.sync, shop.break_off_sync, shop.train]

    for _ in range(10):
        shop.dice.choice(steps)()
        if shop.dice.random() < 0.3:
            shop.post(late=True)
        _is_known_once(shop)


def test_an_item_that_was_hidden_stays_so_on_the_way_into_the_catalogue(shop: Shop) -> None:
    shop.store.put_items([ItemChange(ITEMS[1], {"hidden": True})], at_us=microseconds(shop.at))

    def is_shown() -> bool:
        road, _ = shop.look([])
        return bool(road.bundle.catalogue.recommendable[road.bundle.items.row_of(ITEMS[1])])

    assert not is_shown()
    for step in (shop.sync, shop.train):
        step()
        assert not is_shown()
