"""The commands of keys: a key is shown once, listed without itself, replaced and revoked."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from features.errors import InvalidInput
from features.home import Home
from serving.auth import KeyRing, Scope, key_store
from serving.clock import now_utc
from serving.errors import StoreUnavailable, Unauthorised
from serving.keys_cli import keys
from serving.settings import ServerSettings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "shop")


def _run(home: Home, command: str, *words: str) -> Result:
    return CliRunner().invoke(keys, [command, "--home", str(home.root), *words])


def _create(home: Home, name: str, *scopes: str) -> str:
    words = [word for scope in scopes for word in ("--scope", scope)]
    return _run(home, "create", "--name", name, *words).stdout.strip()


def _ring(home: Home) -> KeyRing:
    with key_store(ServerSettings(home=home.root)) as store:
        return KeyRing.of(store.keys())


def _opens(home: Home, secret: str, scope: Scope = Scope.EMAIL) -> bool:
    try:
        _ring(home).admit(f"Bearer {secret}".encode(), scope, now=now_utc())
    except Unauthorised:
        return False
    return True


def test_a_created_key_is_all_that_stands_on_the_output(home: Home) -> None:
    result = _run(home, "create", "--name", "mail", "--scope", "email")

    assert _opens(home, result.stdout.strip())
    assert "cannot be shown again" in result.stderr


def test_the_list_names_keys_and_shows_none(home: Home) -> None:
    secrets = [
        _create(home, "web", "storefront"),
        _create(home, "mail", "email", "admin"),
        _run(home, "create", "--name", "guest", "--scope", "email", "--expires-days", "7").stdout,
    ]
    _run(home, "revoke", "--name", "web")

    told = _run(home, "list").stdout

    header, web, mail, guest = (line.split() for line in told.splitlines())
    assert header == ["name", "scopes", "created", "expires"]
    assert (web[0], web[1], web[-1]) == ("web", "storefront", "revoked")
    assert (mail[:3], mail[-1]) == (["mail", "email,", "admin"], "never")
    assert guest[-2] > guest[2]
    hashes = [key.sha256 for key in _ring(home).keys]
    assert not [one for one in (*secrets, *hashes) if one.strip() in told]


def test_a_rotated_key_is_followed_by_another_and_lives_on_for_a_day(home: Home) -> None:
    old = _create(home, "mail", "email")

    result = _run(home, "rotate", "--name", "mail")

    new = result.stdout.strip()
    assert new != old
    assert [_opens(home, one) for one in (old, new)] == [True, True]
    assert "another 24 hours" in result.stderr


def test_a_key_rotated_without_grace_opens_nothing_more(home: Home) -> None:
    old = _create(home, "mail", "email")

    result = _run(home, "rotate", "--name", "mail", "--grace-hours", "0")

    assert [_opens(home, one) for one in (old, result.stdout.strip())] == [False, True]
    assert "opens nothing more" in result.stderr


def test_a_revoked_key_opens_nothing(home: Home) -> None:
    secret = _create(home, "mail", "email")

    result = _run(home, "revoke", "--name", "mail")

    assert not _opens(home, secret)
    assert "Revoked 1: mail" in result.stdout


def test_a_name_that_nobody_has_is_told(home: Home) -> None:
    for command in ("rotate", "revoke"):
        result = _run(home, command, "--name", "male")

        assert isinstance(result.exception, InvalidInput)
        assert "vitrine keys list" in str(result.exception)


def test_an_empty_list_says_how_to_make_a_key(home: Home) -> None:
    assert "vitrine keys create" in _run(home, "list").stderr


def test_a_store_that_is_away_is_told_and_no_key_is_shown(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_STORE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    result = _run(home, "create", "--name", "mail", "--scope", "email")

    assert isinstance(result.exception, StoreUnavailable)
    assert "vitrine_" not in result.output


def test_as_a_process_the_command_prints_the_key_alone(home: Home) -> None:
    words = [sys.executable, "-m", "vitrine", "keys", "create", "--home", str(home.root)]
    words += ["--name", "mail", "--scope", "email"]

    done = subprocess.run(words, capture_output=True, text=True, check=True)

    assert _opens(home, done.stdout.strip())
    assert _ring(home).keys[0].name == "mail"
