"""Issuing: a key is shown once, replaced with a time of grace, and taken back for good."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from features.errors import InvalidInput
from features.home import Home
from serving.auth import (
    REVOKED_US,
    KeyRing,
    Scope,
    issue,
    issue_key,
    living,
    revoke,
    rotate,
)
from serving.clock import microseconds
from serving.errors import Unauthorised
from serving.store import Store, open_store

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def _opens(store: Store, secret: str, *, now: datetime) -> bool:
    try:
        KeyRing.of(store.keys()).admit(f"Bearer {secret}".encode(), Scope.EMAIL, now=now)
    except Unauthorised:
        return False
    return True


def test_a_key_is_shown_once_and_only_its_hash_is_kept(
    store: Store, tmp_path: Path, today: datetime
) -> None:
    secret = issue(store, "mail", [Scope.EMAIL], now=today)

    (key,) = store.keys()
    assert key.sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert (key.name, key.scopes, key.expires_us) == ("mail", ("email",), None)
    assert not [path for path in tmp_path.iterdir() if secret.encode() in path.read_bytes()]


def test_a_key_holds_256_bits_of_chance(store: Store, today: datetime) -> None:
    secrets = {issue(store, f"key-{n}", [Scope.EMAIL], now=today) for n in range(20)}

    # 43 digits to the base 64.
    assert {len(secret) for secret in secrets} == {len("vitrine_") + 43}
    assert len(secrets) == 20


def test_a_key_made_for_a_time_lives_that_long(store: Store, today: datetime) -> None:
    secret = issue(store, "mail", [Scope.EMAIL], now=today, lifetime=DAY)

    assert _opens(store, secret, now=today + DAY - HOUR)
    assert not _opens(store, secret, now=today + DAY)


@pytest.mark.parametrize("name", ["", "two words", 'quo"te', "a\nb", "a\n", "-dash", "x" * 65])
def test_a_name_that_would_not_fit_a_log_is_refused(
    store: Store, today: datetime, name: str
) -> None:
    with pytest.raises(InvalidInput, match="letters, digits"):
        issue(store, name, [Scope.EMAIL], now=today)
    assert store.keys() == []


def test_a_name_is_given_once_while_its_key_lives(store: Store, today: datetime) -> None:
    issue(store, "mail", [Scope.EMAIL], now=today, lifetime=DAY)

    with pytest.raises(InvalidInput, match="no other key"):
        issue(store, "mail", [Scope.ADMIN], now=today)

    assert issue(store, "mail", [Scope.ADMIN], now=today + DAY)


def test_a_key_for_nothing_is_refused(store: Store, today: datetime) -> None:
    with pytest.raises(InvalidInput, match="storefront, email, admin"):
        issue(store, "mail", [], now=today)


def test_while_a_key_is_replaced_the_old_one_and_the_new_one_are_good(
    store: Store, today: datetime
) -> None:
    old = issue(store, "mail", [Scope.EMAIL, Scope.STOREFRONT], now=today)

    new = rotate(store, "mail", now=today + DAY, grace=HOUR)

    assert [key.scopes for key in living(store, "mail", now=today + DAY)] == [
        ("email", "storefront"),
        ("email", "storefront"),
    ]
    in_time, after = today + DAY + HOUR / 2, today + DAY + HOUR
    assert [_opens(store, secret, now=in_time) for secret in (old, new)] == [True, True]
    assert [_opens(store, secret, now=after) for secret in (old, new)] == [False, True]


def test_without_grace_the_old_key_ends_at_once(store: Store, today: datetime) -> None:
    old = issue(store, "mail", [Scope.EMAIL], now=today)

    new = rotate(store, "mail", now=today, grace=timedelta(0))

    assert [_opens(store, secret, now=today) for secret in (old, new)] == [False, True]


def test_a_grace_lets_no_key_live_longer_than_it_was_made_for(
    store: Store, today: datetime
) -> None:
    old = issue(store, "mail", [Scope.EMAIL], now=today, lifetime=DAY)

    new = rotate(store, "mail", now=today + DAY - HOUR, grace=DAY)

    assert not _opens(store, old, now=today + DAY)
    # The new one lives as long as the old one was made for: a day.
    kept = store.keys()
    ends = {key.expires_us for key in kept}
    assert ends == {microseconds(today + DAY), microseconds(today + DAY - HOUR + DAY)}
    assert _opens(store, new, now=today + DAY)


def test_a_key_replaced_twice_leaves_one_that_lives_on(store: Store, today: datetime) -> None:
    first = issue(store, "mail", [Scope.EMAIL], now=today)
    second = rotate(store, "mail", now=today + HOUR, grace=DAY)
    third = rotate(store, "mail", now=today + 2 * HOUR, grace=DAY)

    after_first, after_second = today + HOUR + DAY, today + 2 * HOUR + DAY
    secrets = (first, second, third)
    assert [_opens(store, one, now=after_first) for one in secrets] == [False, True, True]
    assert [_opens(store, one, now=after_second) for one in secrets] == [False, False, True]


def test_a_revoked_name_opens_nothing_and_may_be_given_again(store: Store, today: datetime) -> None:
    old = issue(store, "mail", [Scope.EMAIL], now=today)
    new = rotate(store, "mail", now=today, grace=DAY)
    other = issue(store, "other", [Scope.EMAIL], now=today)

    assert revoke(store, "mail", now=today) == 2

    secrets = (old, new, other)
    assert [_opens(store, one, now=today) for one in secrets] == [False, False, True]
    kept = store.keys()
    assert {key.expires_us for key in kept} == {REVOKED_US, None}
    again = issue(store, "mail", [Scope.EMAIL], now=today)
    assert [_opens(store, one, now=today) for one in (old, again)] == [False, True]


def test_what_is_not_there_is_neither_replaced_nor_revoked(store: Store, today: datetime) -> None:
    issue(store, "mail", [Scope.EMAIL], now=today, lifetime=DAY)

    with pytest.raises(InvalidInput, match="vitrine keys list"):
        revoke(store, "male", now=today)
    with pytest.raises(InvalidInput, match="vitrine keys list"):
        rotate(store, "mail", now=today + DAY, grace=HOUR)


def test_each_change_of_keys_is_told_by_the_revision(store: Store, today: datetime) -> None:
    seen = [store.revisions().keys]
    issue(store, "mail", [Scope.EMAIL], now=today)
    seen.append(store.revisions().keys)
    rotate(store, "mail", now=today, grace=HOUR)
    seen.append(store.revisions().keys)
    revoke(store, "mail", now=today)
    seen.append(store.revisions().keys)

    assert seen == sorted(set(seen))


def test_a_key_of_a_home_goes_where_its_server_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, today: datetime
) -> None:
    here, there = Home(tmp_path / "shop"), f"sqlite:///{tmp_path / 'elsewhere.db'}"
    issue_key(here, "here", [Scope.EMAIL])
    monkeypatch.setenv("VITRINE_STORE_URL", there)
    issue_key(here, "there", [Scope.EMAIL])

    names = []
    for url in (f"sqlite:///{here.store}", there):
        store = open_store(url)
        kept = store.keys()
        names.append([key.name for key in kept])
        store.close()

    assert names == [["here"], ["there"]]
