"""The command that serves: it starts, or says what is missing."""

import shutil
import socket
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from features.errors import InvalidSettings, NoBundle, VitrineError
from features.home import Home
from serving import cli
from serving.auth import Scope, issue_key, key_store, revoke
from serving.clock import now_utc
from serving.settings import ServerSettings


class _Replaced(Exception):
    """The process would be the server from here on."""


@pytest.fixture
def home(tiny_home: Home, tmp_path: Path) -> Home:
    shutil.copytree(tiny_home.root, tmp_path / "shop")
    return Home(tmp_path / "shop")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """Keep what would have been started."""
    kept: list[tuple[list[str], dict[str, str]]] = []

    def replace(path: str, words: tuple[str, ...], environment: Mapping[str, str]) -> None:
        kept.append((list(words), dict(environment)))
        raise _Replaced

    monkeypatch.setattr(cli.os, "execve", replace)
    return kept


def _serve(home: Home, *words: str, environment: Mapping[str, str] | None = None) -> Result:
    runner = CliRunner(env={"VITRINE_INSECURE_DEVELOPMENT": None, **(environment or {})})
    return runner.invoke(cli.serve, ["--home", str(home.root), *words])


def _refused(result: Result, kind: type[VitrineError]) -> str:
    assert isinstance(result.exception, kind), result.output
    return str(result.exception)


def test_a_server_becomes_bentomls_with_the_homes_settings(
    home: Home, started: list[tuple[list[str], dict[str, str]]]
) -> None:
    issue_key(home, "shop", [Scope.STOREFRONT])

    _serve(home, "--port", "65001", "--workers", "3")

    ((words, environment),) = started
    assert words[1:5] == ["-m", "bentoml", "serve", "serving.service:Vitrine"]
    assert words[words.index("--port") + 1] == "65001"
    assert words[words.index("--host") + 1] == "127.0.0.1"
    assert environment["VITRINE_HOME"] == str(home.root)
    assert environment["VITRINE_WORKERS"] == "3"
    assert environment["BENTOML_DO_NOT_TRACK"] == "True"


def test_without_a_key_the_server_does_not_start(home: Home) -> None:
    assert "vitrine keys create" in _refused(_serve(home), InvalidSettings)


def test_with_revoked_keys_alone_the_server_does_not_start(home: Home) -> None:
    issue_key(home, "shop", [Scope.STOREFRONT])
    with key_store(ServerSettings(home=home.root)) as store:
        revoke(store, "shop", now=now_utc())

    assert "vitrine keys create" in _refused(_serve(home), InvalidSettings)


def test_with_keys_of_an_earlier_version_it_starts(
    home: Home, started: list[tuple[list[str], dict[str, str]]]
) -> None:
    digest = "0" * 64
    home.keys.write_text(f'[[key]]\nname = "web"\nsha256 = "{digest}"\nscopes = [\'email\']\n')

    _serve(home)

    assert len(started) == 1
    assert not home.keys.exists()


def test_a_store_that_is_away_does_not_hold_up_the_start(
    home: Home, started: list[tuple[list[str], dict[str, str]]]
) -> None:
    away = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"

    result = _serve(home, environment={"VITRINE_STORE_URL": away})

    assert len(started) == 1
    assert "once the store is back" in result.stderr


def test_without_keys_on_purpose_it_says_so_loudly(
    home: Home, started: list[tuple[list[str], dict[str, str]]]
) -> None:
    result = _serve(home, environment={"VITRINE_INSECURE_DEVELOPMENT": "1"})

    assert result.stderr.startswith("INSECURE: ")
    assert len(started) == 1


def test_without_a_bundle_the_server_does_not_start(tmp_path: Path) -> None:
    home = Home(tmp_path)
    issue_key(home, "shop", [Scope.STOREFRONT])

    assert "run vitrine train and vitrine promote" in _refused(_serve(home), NoBundle)


def test_a_taken_port_is_named_with_what_to_do(home: Home) -> None:
    issue_key(home, "shop", [Scope.STOREFRONT])
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        message = _refused(_serve(home, "--port", port), InvalidSettings)

    assert f"127.0.0.1:{port}" in message
    assert "give another --port" in message


def test_a_host_is_an_address(home: Home) -> None:
    issue_key(home, "shop", [Scope.STOREFRONT])

    assert "127.0.0.1" in _refused(_serve(home, "--host", "localhost"), InvalidSettings)


def test_a_wrong_setting_is_named(home: Home) -> None:
    result = _serve(home, environment={"VITRINE_POLL_SECONDS": "often"})

    assert "VITRINE_POLL_SECONDS is 'often'" in _refused(result, InvalidSettings)
