"""The laws of retention: what is old goes where it is known elsewhere, and nothing else does."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from features.errors import UnreadableFile
from features.home import Home
from serving.clock import microseconds, now_utc
from serving.retention import Dropped, Keeping, drop_old
from serving.store import Consent, ItemChange, Link, Store, StoredKey, open_store
from serving.store_cli import retention, sync
from tests.serving.store.planted import logged, view
from tests.serving.synced import in_log, in_store, quietly
from training.bundle import Bundle, point_to

NOW = now_utc()
KEEPING = Keeping(events_days=90, lists_days=30)


def _ago_us(days: float) -> int:
    return microseconds(NOW - timedelta(days=days))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    """Give a store with an old and a young event, list and item change."""
    opened = open_store(f"sqlite:///{home.store}")
    for name, days in (("old", 91), ("young", 89)):
        at_us = _ago_us(days)
        opened.add_events([view(name, timestamp_us=at_us)])
        opened.add_recommendations([logged(name, at_us=at_us)])
        opened.put_items([ItemChange(name, {"price": 1})], at_us=at_us)
    yield opened
    opened.close()


def _drop(
    store: Store, home: Home, keeping: Keeping = KEEPING, *, is_trial: bool = False
) -> Dropped:
    return drop_old(store, home, keeping, now=NOW, is_trial=is_trial)


def _promote(home: Home, bundle: Bundle, *, synced_batch: int) -> None:
    manifest = bundle.manifest.model_copy(update={"synced_batch": synced_batch})
    point_to(home.bundles, replace(bundle, manifest=manifest).save(home.bundles).name)


def test_what_was_never_synced_stays_however_old_it_is(store: Store, home: Home) -> None:
    assert _drop(store, home) == Dropped(n_events=0, n_lists=2, n_item_changes=0)

    assert in_store(store) == ["old", "young"]
    assert [one.item_id for one in store.item_changes()] == ["old", "young"]


def test_a_synced_event_goes_when_it_is_old_and_is_in_the_log_still(
    store: Store, home: Home
) -> None:
    quietly(store, home.lake)

    assert _drop(store, home).n_events == 1

    assert in_store(store) == ["young"]
    assert in_log(home.lake) == ["old", "young"]


def test_an_event_that_was_marked_and_did_not_get_into_the_log_stays(
    store: Store, home: Home
) -> None:
    batch = store.next_batch()
    store.mark_synced([seq for seq, _ in store.unsynced_events(2)], batch)

    assert _drop(store, home).n_events == 0

    quietly(store, home.lake)
    assert in_log(home.lake) == ["old", "young"]


def test_events_that_were_never_synced_go_only_when_that_is_asked_for(
    store: Store, home: Home
) -> None:
    assert _drop(store, home, replace(KEEPING, unsynced_too=True)).n_events == 1

    assert in_store(store) == ["young"]


def test_an_item_change_goes_when_the_promoted_bundle_knows_it(
    store: Store, home: Home, tiny_bundle: Bundle
) -> None:
    quietly(store, home.lake)
    batch = store.revisions().sync

    _promote(home, tiny_bundle, synced_batch=batch - 1)
    assert _drop(store, home).n_item_changes == 0

    _promote(home, tiny_bundle, synced_batch=batch)
    assert _drop(store, home).n_item_changes == 1
    assert [one.item_id for one in store.item_changes(after_batch=0)] == ["young"]


def test_a_trial_counts_the_same_and_drops_nothing(
    store: Store, home: Home, tiny_bundle: Bundle
) -> None:
    quietly(store, home.lake)
    _promote(home, tiny_bundle, synced_batch=store.revisions().sync)

    trial = _drop(store, home, is_trial=True)

    assert trial == Dropped(n_events=1, n_lists=2, n_item_changes=1)
    assert in_store(store) == ["old", "young"]
    assert _drop(store, home) == trial
    assert _drop(store, home) == Dropped(0, 0, 0)


def test_consents_links_and_keys_stay(store: Store, home: Home) -> None:
    consent = Consent("ann", "email", granted=False)
    key = StoredKey("mail", "0" * 64, ("email",), 1, None)
    store.put_consents([consent], at_us=1)
    store.link_all([Link("tab", "ann")], at_us=1)
    store.add_key(key)

    _drop(store, home, Keeping(0, 0, unsynced_too=True))

    assert in_store(store) == []
    assert store.every_consent() == [consent]
    assert store.links() == [(Link("tab", "ann"), 1)]
    assert store.keys() == [key]


def _run(command: object, home: Home, *words: str) -> Result:
    return CliRunner().invoke(command, ["--home", str(home.root), *words], catch_exceptions=False)


def test_the_commands_say_what_they_did(
    store: Store, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VITRINE_STORE_URL", raising=False)

    synced = _run(sync, home)
    tried = _run(retention, home, "--dry-run")
    dropped = _run(retention, home, "--lists-days", "90")

    assert "2  events read from the store" in synced.stdout
    assert "batch 1: 2 events so far" in synced.stderr
    assert tried.stdout.startswith("Would be dropped")
    assert "1  events older than 90 days" in tried.stdout
    assert dropped.stdout.startswith("Dropped")
    assert "1  lists older than 90 days" in dropped.stdout
    assert in_store(store) == ["young"]


@pytest.mark.parametrize("command", [sync, retention])
def test_a_home_that_is_not_there_is_told(command: object, home: Home) -> None:
    shutil.rmtree(home.root, ignore_errors=True)

    with pytest.raises(UnreadableFile, match="there is no shop"):
        _run(command, home)

    assert not home.root.exists()
