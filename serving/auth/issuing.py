"""Issuing: make keys, replace them, take them back."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from features.errors import InvalidInput
from features.home import Home
from serving.auth import keys_file
from serving.auth.api_keys import NAME, REVOKED_US, new_secret, sha256_of
from serving.clock import microseconds, now_utc
from serving.scopes import Scope
from serving.settings import ServerSettings
from serving.store import Store, StoredKey, open_store


@contextmanager
def key_store(settings: ServerSettings) -> Iterator[Store]:
    """Open the store that a server with these settings takes its keys from.

    Raises
    ------
    StoreUnavailable
        The store is away.
    InvalidSettings
        Its address is wrong, or there is a keys file of earlier versions that cannot be read.
    """
    store = open_store(settings.store)
    try:
        keys_file.take_in(settings.shop.keys, store, now=now_utc())
        yield store
    finally:
        store.close()


def issue_key(home: Home, name: str, scopes: Iterable[Scope]) -> str:
    """Make a new key in the store of a home's server, as `issue` does.

    Parameters
    ----------
    home : Home
        The shop; `VITRINE_STORE_URL` says where its store is, as it does for the server.
    name : str
        Who will hold it.
    scopes : iterable of Scope
        What it is for.

    Returns
    -------
    str
        The key itself, which cannot be had again.
    """
    environment = {**os.environ, "VITRINE_HOME": str(home.root)}
    with key_store(ServerSettings.from_environment(environment)) as store:
        return issue(store, name, scopes, now=now_utc())


def issue(
    store: Store,
    name: str,
    scopes: Iterable[Scope],
    *,
    now: datetime,
    lifetime: timedelta | None = None,
) -> str:
    """Make a new key and keep its hash.

    Parameters
    ----------
    store : Store
        Where keys are kept.
    name : str
        Who will hold it: letters, digits, dots, dashes and underscores.
    scopes : iterable of Scope
        What it is for; at least one.
    now : aware datetime
        The time.
    lifetime : timedelta, optional
        How long it opens anything; without it, until it is revoked.

    Returns
    -------
    str
        The key itself, which cannot be had again.

    Raises
    ------
    InvalidInput
        A key that lives has the name, it has other characters, or no scope is given.
    """
    wanted = tuple(dict.fromkeys(Scope(one).value for one in scopes))
    if not re.fullmatch(NAME, name) or living(store, name, now=now):
        raise InvalidInput(
            f"a key cannot be called {name!r}; use a name of letters, digits, dots, dashes and"
            " underscores that no other key has"
        )
    if not wanted:
        raise InvalidInput(f"a key must be for something; give one of {', '.join(Scope)}")
    return _add(store, name, wanted, now=now, lifetime=lifetime)


def rotate(store: Store, name: str, *, now: datetime, grace: timedelta) -> str:
    """Make a new key of the same name and scopes, and let the old one end.

    Parameters
    ----------
    store : Store
        Where keys are kept.
    name : str
        Whose key is replaced.
    now : aware datetime
        The time.
    grace : timedelta
        How long the old key stays good beside the new one; at zero it ends at once.

    Returns
    -------
    str
        The new key itself. Where the old one was made to live for some time, it lives as long.

    Raises
    ------
    InvalidInput
        No key of the name lives.
    """
    replaced = _some_living(store, name, now=now)
    last = replaced[-1]
    lifetime = None
    if last.expires_us is not None:
        lifetime = timedelta(microseconds=last.expires_us - last.created_us)
    secret = _add(store, name, last.scopes, now=now, lifetime=lifetime)
    until_us = microseconds(now + grace) if grace else REVOKED_US
    for key in replaced:
        store.expire_key(name, key.sha256, until_us)
    return secret


def revoke(store: Store, name: str, *, now: datetime) -> int:
    """Let every key of a name open nothing from now on, and give how many there were.

    Raises
    ------
    InvalidInput
        No key of the name lives.
    """
    revoked = _some_living(store, name, now=now)
    for key in revoked:
        store.expire_key(name, key.sha256, REVOKED_US)
    return len(revoked)


def living(store: Store, name: str | None = None, *, now: datetime) -> list[StoredKey]:
    """Give the keys (of a name) that open something now, in the order of their making."""
    now_us = microseconds(now)
    issued = store.keys()
    return [
        key
        for key in issued
        if name in (None, key.name) and (key.expires_us is None or now_us < key.expires_us)
    ]


def _some_living(store: Store, name: str, *, now: datetime) -> list[StoredKey]:
    found = living(store, name, now=now)
    if not found:
        raise InvalidInput(
            f"no key that still opens anything is called {name!r}; vitrine keys list names them"
        )
    return found


def _add(
    store: Store, name: str, scopes: tuple[str, ...], *, now: datetime, lifetime: timedelta | None
) -> str:
    secret = new_secret()
    expires_us = None if lifetime is None else microseconds(now + lifetime)
    digest = sha256_of(secret.encode())
    store.add_key(StoredKey(name, digest, scopes, microseconds(now), expires_us))
    return secret
