"""Live keys: a change is known at the next look, and a store that is away changes nothing."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from serving.auth import LiveKeys, Scope, issue, revoke, rotate
from serving.auth.api_keys import sha256_of
from serving.errors import StoreUnavailable, Unauthorised
from serving.reach import Reach
from serving.store import Store

NOBODY_LISTENS = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
HOUR = timedelta(hours=1)


@pytest.fixture
def reach(store: Store, tmp_path: Path) -> Iterator[Reach]:
    found = Reach(f"sqlite:///{tmp_path / 'store.db'}")
    asyncio.run(found.heal())
    yield found
    found.close()


@pytest.fixture
def live(reach: Reach, tmp_path: Path) -> LiveKeys:
    return LiveKeys(reach, tmp_path / "keys.toml")


def _look(live: LiveKeys, now: datetime) -> None:
    asyncio.run(live.look(now=now))


def _opens(live: LiveKeys, secret: str, now: datetime) -> bool:
    try:
        live.admit(f"Bearer {secret}".encode(), Scope.EMAIL, now=now)
    except Unauthorised:
        return False
    return True


def _go_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(store: Store) -> NoReturn:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(Store, "revisions", gone)


def test_each_change_is_known_at_the_next_look(
    live: LiveKeys, store: Store, today: datetime
) -> None:
    _look(live, today)

    old = issue(store, "mail", [Scope.EMAIL], now=today)
    assert not _opens(live, old, today)
    _look(live, today)
    assert _opens(live, old, today)

    new = rotate(store, "mail", now=today, grace=HOUR)
    _look(live, today)
    assert [_opens(live, one, today) for one in (old, new)] == [True, True]

    revoke(store, "mail", now=today)
    _look(live, today)
    assert [_opens(live, one, today) for one in (old, new)] == [False, False]


def test_keys_that_did_not_change_are_not_read_again(
    live: LiveKeys, store: Store, today: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, read = [], Store.keys

    def counted(store: Store) -> object:
        reads.append(1)
        return read(store)

    monkeypatch.setattr(Store, "keys", counted)
    for _ in range(3):
        _look(live, today)

    assert len(reads) == 1


def test_a_key_expires_between_two_looks(live: LiveKeys, store: Store, today: datetime) -> None:
    secret = issue(store, "mail", [Scope.EMAIL], now=today, lifetime=HOUR)
    _look(live, today)

    assert _opens(live, secret, today)
    assert not _opens(live, secret, today + HOUR)


def test_while_the_store_is_away_the_keys_of_the_last_look_hold(
    live: LiveKeys,
    reach: Reach,
    store: Store,
    today: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lasting = issue(store, "mail", [Scope.EMAIL], now=today)
    ending = issue(store, "guest", [Scope.EMAIL], now=today, lifetime=HOUR)
    _look(live, today)

    _go_away(monkeypatch)
    _look(live, today)

    assert not reach.is_up
    assert _opens(live, lasting, today + HOUR)
    assert not _opens(live, ending, today + HOUR)
    assert not _opens(live, "made up", today)


def test_what_changed_while_the_store_was_away_is_known_when_it_is_back(
    live: LiveKeys,
    reach: Reach,
    store: Store,
    today: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = issue(store, "mail", [Scope.EMAIL], now=today)
    _look(live, today)
    with monkeypatch.context() as away:
        _go_away(away)
        _look(live, today)
        revoke(store, "mail", now=today)
        _look(live, today)
        assert _opens(live, secret, today)

    asyncio.run(reach.heal())
    _look(live, today)

    assert not _opens(live, secret, today)


def test_before_any_key_was_read_nobody_is_called_a_stranger(
    tmp_path: Path, today: datetime
) -> None:
    reach = Reach(NOBODY_LISTENS)
    live = LiveKeys(reach, tmp_path / "keys.toml")
    asyncio.run(reach.heal())
    _look(live, today)

    for header in (b"Bearer mine", None):
        with pytest.raises(StoreUnavailable, match="try again"):
            live.admit(header, Scope.STOREFRONT, now=today)
    reach.close()


def test_an_old_keys_file_is_taken_in_while_the_server_runs(
    live: LiveKeys, tmp_path: Path, today: datetime
) -> None:
    _look(live, today)

    digest = sha256_of(b"secret")
    text = f'[[key]]\nname = "mail"\nsha256 = "{digest}"\nscopes = ["email"]\n'
    (tmp_path / "keys.toml").write_text(text)
    _look(live, today)

    assert _opens(live, "secret", today)
    assert not (tmp_path / "keys.toml").exists()


def test_a_broken_keys_file_leaves_the_good_keys_good_and_is_told_once(
    live: LiveKeys,
    store: Store,
    tmp_path: Path,
    today: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    secret = issue(store, "mail", [Scope.EMAIL], now=today)
    (tmp_path / "keys.toml").write_text("[[key]]\nname = 7\n")

    for _ in range(3):
        _look(live, today)

    assert _opens(live, secret, today)
    assert [record.getMessage() for record in caplog.records].count("keys_refused") == 1
    assert (tmp_path / "keys.toml").exists()
