"""The laws of keys: a hash is kept with its scopes, and stops opening when it is told to."""

from dataclasses import replace

from serving.store import Store, StoredKey
from tests.serving.store.planted import NOW_US

KEY = StoredKey("web", "ab" * 32, ("storefront", "email"), NOW_US, None)


def test_a_key_is_kept_as_it_was_given(store: Store) -> None:
    second = replace(KEY, sha256="cd" * 32, created_us=NOW_US + 1, expires_us=NOW_US + 9)

    store.add_key(second)
    store.add_key(KEY)

    assert store.keys() == [KEY, second]
    assert store.revisions().keys == 2


def test_a_key_that_is_added_again_stays_as_it_is(store: Store) -> None:
    store.add_key(KEY)
    store.add_key(replace(KEY, scopes=("admin",)))

    assert store.keys() == [KEY]


def test_a_key_expires_alone_and_never_lives_longer_for_it(store: Store) -> None:
    other = replace(KEY, sha256="cd" * 32)
    store.add_key(KEY)
    store.add_key(other)

    assert store.expire_key("web", KEY.sha256, NOW_US + 5)
    assert not store.expire_key("web", KEY.sha256, NOW_US + 6)
    assert not store.expire_key("app", KEY.sha256, NOW_US + 1)

    assert store.keys() == [replace(KEY, expires_us=NOW_US + 5), other]
