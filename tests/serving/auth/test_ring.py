"""The key ring: good for its scopes, until its time, and nobody learns anything by asking."""

import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.auth import REVOKED_US, ApiKey, KeyRing, Scope
from serving.auth.api_keys import sha256_of
from serving.clock import microseconds
from serving.errors import MissingScope, Unauthorised
from serving.store import StoredKey

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
A_MICROSECOND = timedelta(microseconds=1)


def _key(secret: str, *scopes: Scope, expires_us: int | None = None) -> ApiKey:
    return ApiKey(f"{secret}-holder", sha256_of(secret.encode()), scopes, expires_us)


def _header(secret: str) -> bytes:
    return f"Bearer {secret}".encode()


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("needed", Scope)
def test_a_key_is_good_for_its_scope_and_admin_for_all(scope: Scope, needed: Scope) -> None:
    ring = KeyRing((_key("a", scope),))

    if scope in {needed, Scope.ADMIN}:
        assert ring.admit(_header("a"), needed, now=NOW).name == "a-holder"
    else:
        with pytest.raises(MissingScope):
            ring.admit(_header("a"), needed, now=NOW)


@pytest.mark.parametrize("header", [None, b"", b"Bearer", b"Bearer ", b"Basic a", b"bearer b"])
def test_without_an_issued_key_nobody_is_let_in(header: bytes | None) -> None:
    ring = KeyRing((_key("a", Scope.ADMIN),))

    with pytest.raises(Unauthorised, match="vitrine keys create"):
        ring.admit(header, Scope.STOREFRONT, now=NOW)


@given(header=st.binary() | st.binary().map(lambda some: b"Bearer " + some))
def test_no_made_up_header_is_let_in(header: bytes) -> None:
    ring = KeyRing((ApiKey("a", "0" * 64, (Scope.ADMIN,)),))

    with pytest.raises(Unauthorised):
        ring.admit(header, Scope.STOREFRONT, now=NOW)


def test_the_hash_of_a_key_is_no_key() -> None:
    ring = KeyRing((_key("a", Scope.ADMIN),))

    with pytest.raises(Unauthorised):
        ring.admit(_header(ring.keys[0].sha256), Scope.STOREFRONT, now=NOW)


def test_the_word_bearer_may_be_written_in_any_case() -> None:
    ring = KeyRing((_key("a", Scope.EMAIL),))

    assert ring.admit(b"bEaReR  a ", Scope.EMAIL, now=NOW)


def test_a_key_ends_at_its_very_moment() -> None:
    ring = KeyRing((_key("a", Scope.EMAIL, expires_us=microseconds(NOW)),))

    assert ring.admit(_header("a"), Scope.EMAIL, now=NOW - A_MICROSECOND)
    with pytest.raises(Unauthorised, match="has expired"):
        ring.admit(_header("a"), Scope.EMAIL, now=NOW)


def test_a_revoked_key_opens_nothing_whatever_the_clock_says() -> None:
    ring = KeyRing((_key("a", Scope.ADMIN, expires_us=REVOKED_US),))

    for now in (datetime(1970, 1, 1, tzinfo=UTC), NOW):
        with pytest.raises(Unauthorised, match="was revoked"):
            ring.admit(_header("a"), Scope.STOREFRONT, now=now)


@pytest.mark.parametrize("which", ["first", "second", "expired", "nobody's"])
def test_every_key_is_compared_in_constant_time_whichever_fits(
    monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    ring = KeyRing(
        (
            _key("first", Scope.EMAIL),
            _key("expired", Scope.EMAIL, expires_us=1),
            _key("second", Scope.EMAIL),
        )
    )
    compared, in_constant_time = [], hmac.compare_digest

    def counting(one: str, other: str) -> bool:
        compared.append((one, other))
        return in_constant_time(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    try:
        ring.admit(_header(which), Scope.EMAIL, now=NOW)
    except Unauthorised:
        assert which in {"expired", "nobody's"}

    # Hashes are compared, not keys: what one could measure is of no use to a guess.
    assert compared == [(key.sha256, sha256_of(which.encode())) for key in ring.keys]


def test_a_scope_of_a_newer_version_opens_nothing_here() -> None:
    stored = StoredKey("a", sha256_of(b"a"), ("studio", "email"), 0, None)

    ring = KeyRing.of([stored])

    assert ring.admit(_header("a"), Scope.EMAIL, now=NOW).scopes == (Scope.EMAIL,)
    with pytest.raises(MissingScope):
        ring.admit(_header("a"), Scope.ADMIN, now=NOW)
