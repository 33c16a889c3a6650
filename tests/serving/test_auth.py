"""Keys: shown once, kept as a hash, good for their scopes and nothing else."""

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InvalidInput, InvalidSettings
from features.home import Home
from serving.auth import ApiKey, KeyRing, Scope, issue_key
from serving.errors import MissingScope, Unauthorised


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "shop")


def _header(key: str) -> bytes:
    return f"Bearer {key}".encode()


def test_a_key_is_shown_once_and_only_its_hash_is_kept(home: Home) -> None:
    key = issue_key(home, "storefront", [Scope.STOREFRONT])

    kept = home.keys.read_text()
    assert key not in kept
    assert hashlib.sha256(key.encode()).hexdigest() in kept
    assert home.keys.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("needed", Scope)
def test_a_key_is_good_for_its_scope_and_admin_for_all(
    home: Home, scope: Scope, needed: Scope
) -> None:
    key = issue_key(home, "somebody", [scope])
    ring = KeyRing.load(home.keys)

    if scope in {needed, Scope.ADMIN}:
        assert ring.admit(_header(key), needed).name == "somebody"
    else:
        with pytest.raises(MissingScope):
            ring.admit(_header(key), needed)


def test_a_new_key_leaves_the_old_one_good_until_it_is_taken_out(home: Home) -> None:
    old, new = (issue_key(home, name, [Scope.EMAIL]) for name in ("old", "new"))

    ring = KeyRing.load(home.keys)

    assert ring.admit(_header(old), Scope.EMAIL).name == "old"
    assert ring.admit(_header(new), Scope.EMAIL).name == "new"


@pytest.mark.parametrize("header", [None, b"", b"Bearer", b"Bearer ", b"Basic abc", b"bearer abc"])
def test_without_an_issued_key_nobody_is_let_in(home: Home, header: bytes | None) -> None:
    issue_key(home, "somebody", [Scope.ADMIN])

    with pytest.raises(Unauthorised, match="vitrine keys create"):
        KeyRing.load(home.keys).admit(header, Scope.STOREFRONT)


@given(header=st.binary() | st.binary().map(lambda some: b"Bearer " + some))
def test_no_made_up_header_is_let_in(header: bytes) -> None:
    ring = KeyRing((ApiKey(name="a", sha256="0" * 64, scopes=(Scope.ADMIN,)),))

    with pytest.raises(Unauthorised):
        ring.admit(header, Scope.STOREFRONT)


def test_the_word_bearer_may_be_written_in_any_case(home: Home) -> None:
    key = issue_key(home, "somebody", [Scope.EMAIL])

    assert KeyRing.load(home.keys).admit(b"bEaReR  " + key.encode(), Scope.EMAIL)


@pytest.mark.parametrize("which", [0, 1, 2, None])
def test_every_key_is_compared_whichever_fits(
    home: Home, monkeypatch: pytest.MonkeyPatch, which: int | None
) -> None:
    keys = [issue_key(home, f"key-{n}", [Scope.EMAIL]) for n in range(3)]
    ring, compared = KeyRing.load(home.keys), []

    def counting(one: str, other: str) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", counting)
    if which is None:
        with pytest.raises(Unauthorised):
            ring.admit(b"Bearer nonsense", Scope.EMAIL)
    else:
        ring.admit(_header(keys[which]), Scope.EMAIL)

    assert len(compared) == 3


def test_where_there_is_no_file_no_key_has_been_issued(home: Home) -> None:
    assert KeyRing.load(home.keys) == KeyRing(())


@pytest.mark.parametrize("name", ["", "two words", 'quo"te', "a\nb", "-dash", "x" * 65])
def test_a_name_that_would_not_fit_the_file_is_refused(home: Home, name: str) -> None:
    with pytest.raises(InvalidInput, match="letters, digits"):
        issue_key(home, name, [Scope.EMAIL])
    assert not home.keys.exists()


def test_a_name_is_given_once(home: Home) -> None:
    issue_key(home, "shop", [Scope.EMAIL])

    with pytest.raises(InvalidInput, match="no other key"):
        issue_key(home, "shop", [Scope.ADMIN])


def test_a_key_for_nothing_is_refused(home: Home) -> None:
    with pytest.raises(InvalidInput, match="storefront, email, admin"):
        issue_key(home, "shop", [])


@pytest.mark.parametrize(
    "text", ["no toml at all [", 'key = "x"', '[[key]]\nname = "a"\n', "x = 1", b"\xff"]
)
def test_a_broken_keys_file_is_an_error_that_repeats_nothing_of_it(
    home: Home, text: str | bytes
) -> None:
    home.root.mkdir()
    home.keys.write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(InvalidSettings, match=r"keys\.toml cannot be read") as caught:
        KeyRing.load(home.keys)
    assert "no toml at all" not in str(caught.value)
