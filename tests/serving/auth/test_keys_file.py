"""The keys file of earlier versions: nothing of it is lost, and it brings nothing back."""

import hashlib
from datetime import datetime
from pathlib import Path

import pytest

from features.errors import InvalidSettings
from serving.auth import KeyRing, Scope, revoke
from serving.auth.keys_file import take_in
from serving.errors import Unauthorised
from serving.store import Store

OLD_KEYS = """
[[key]]
name = "web"
sha256 = "{web}"
scopes = ['storefront']

[[key]]
name = "mail"
sha256 = "{mail}"
scopes = ['email', 'admin']
""".format(**{name: hashlib.sha256(name.encode()).hexdigest() for name in ("web", "mail")})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.toml"
    path.write_text(OLD_KEYS)
    return path


def _holder(store: Store, secret: str, *, now: datetime) -> str:
    header = f"Bearer {secret}".encode()
    return KeyRing.of(store.keys()).admit(header, Scope.STOREFRONT, now=now).name


def test_its_keys_go_on_opening_what_they_did(file: Path, store: Store, today: datetime) -> None:
    take_in(file, store, now=today)

    assert _holder(store, "web", now=today) == "web"
    assert _holder(store, "mail", now=today) == "mail"
    kept = store.keys()
    assert [(key.name, key.scopes, key.expires_us) for key in kept] == [
        ("mail", ("email", "admin"), None),
        ("web", ("storefront",), None),
    ]


def test_it_is_kept_under_another_name(file: Path, store: Store, today: datetime) -> None:
    take_in(file, store, now=today)

    assert not file.exists()
    assert file.with_name("keys.toml.imported").read_text() == OLD_KEYS


def test_where_it_cannot_be_renamed_it_is_taken_in_once(
    file: Path, store: Store, today: datetime
) -> None:
    # A folder of that name stands in the way, like a disk that is read only.
    (file.with_name("keys.toml.imported") / "in the way").mkdir(parents=True)

    take_in(file, store, now=today)
    before = store.revisions()
    take_in(file, store, now=today)

    assert file.exists()
    assert len(store.keys()) == 2
    assert store.revisions() == before


def test_a_file_that_comes_back_brings_no_revoked_key_back(
    file: Path, store: Store, today: datetime
) -> None:
    take_in(file, store, now=today)
    revoke(store, "web", now=today)

    file.write_text(OLD_KEYS)
    take_in(file, store, now=today)

    with pytest.raises(Unauthorised, match="was revoked"):
        _holder(store, "web", now=today)


def test_where_there_is_none_nothing_happens(tmp_path: Path, store: Store, today: datetime) -> None:
    take_in(tmp_path / "keys.toml", store, now=today)

    assert store.keys() == []


@pytest.mark.parametrize(
    "text",
    [
        b"no toml at all [",
        b'key = "x"',
        b'[[key]]\nname = "a"\n',
        b"x = 1",
        b"\xff",
        OLD_KEYS.replace("storefront", "studio").encode(),
    ],
)
def test_a_broken_file_is_an_error_that_repeats_nothing_of_it(
    file: Path, store: Store, today: datetime, text: bytes
) -> None:
    file.write_bytes(text)

    with pytest.raises(
        InvalidSettings, match=r"keys\.toml cannot be read .* move it away"
    ) as caught:
        take_in(file, store, now=today)

    assert "no toml at all" not in str(caught.value)
    assert file.read_bytes() == text
    assert store.keys() == []
