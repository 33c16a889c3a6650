"""The commands of keys: issue API keys, look at them, replace them, take them back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from features.options import at_home
from serving.scopes import Scope

if TYPE_CHECKING:
    from serving.store import Store, StoredKey

_HEADER: Final = ("name", "scopes", "created", "expires")
_CENTURY_DAYS: Final = 36_525

_name = click.option("--name", required=True, help="Whose key it is.")


@click.group()
def keys() -> None:
    """Issue API keys, list, replace and revoke them."""


@keys.command()
@at_home
@click.option("--name", required=True, help="Who will hold it; stands in the access log.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    required=True,
    help="What it is for; may be given several times.",
)
@click.option(
    "--expires-days",
    type=click.FloatRange(0, _CENTURY_DAYS, min_open=True),
    help="Days after which it opens nothing; without this, it lives until it is revoked.",
)
def create(home: Path, name: str, scopes: tuple[str, ...], expires_days: float | None) -> None:
    """Issue a key; it is shown this once, and only its hash is kept."""
    from serving.auth import issue

    lifetime = None if expires_days is None else timedelta(days=expires_days)
    wanted = [Scope(scope) for scope in scopes]
    with _store(home) as store:
        _show(issue(store, name, wanted, now=datetime.now(UTC), lifetime=lifetime))


@keys.command("list")
@at_home
def list_keys(home: Path) -> None:
    """List the keys that were issued: whose, what for, until when."""
    from serving.text_table import terminal_width, text_table

    now = datetime.now(UTC)
    with _store(home) as store:
        issued = store.keys()
    if not issued:
        click.echo("No key has been issued; vitrine keys create makes one.", err=True)
        return
    rows = [_row(key, now=now) for key in issued]
    click.echo(text_table(_HEADER, rows, width=terminal_width()))


@keys.command()
@at_home
@_name
@click.option(
    "--grace-hours",
    type=click.FloatRange(0, 24 * _CENTURY_DAYS),
    default=24.0,
    show_default=True,
    help="Hours in which the old key stays good, too; 0 ends it at once.",
)
def rotate(home: Path, name: str, grace_hours: float) -> None:
    """Replace a key by a new one of the same name and scopes, which is shown this once."""
    from serving.auth import rotate as replace

    grace = timedelta(hours=grace_hours)
    with _store(home) as store:
        _show(replace(store, name, now=datetime.now(UTC), grace=grace))
    told = f"is good for another {grace_hours:g} hours at most" if grace else "opens nothing more"
    click.echo(f"The old key {told}.", err=True)


@keys.command()
@at_home
@_name
def revoke(home: Path, name: str) -> None:
    """Take a key back, and every other of that name: it opens nothing any more."""
    from serving.auth import revoke as take_back

    with _store(home) as store:
        n_revoked = take_back(store, name, now=datetime.now(UTC))
    click.echo(f"Revoked {n_revoked}: {name}. Servers know within their VITRINE_POLL_SECONDS.")


@contextmanager
def _store(home: Path) -> "Iterator[Store]":
    from serving.auth import key_store
    from serving.settings import ServerSettings

    environment = {**os.environ, "VITRINE_HOME": str(home)}
    with key_store(ServerSettings.from_environment(environment)) as store:
        yield store


def _show(secret: str) -> None:
    click.echo(secret)
    click.echo("Keep it: it cannot be shown again.", err=True)


def _row(key: "StoredKey", *, now: datetime) -> tuple[str, str, str, str]:
    from serving.clock import moment_of

    return key.name, ", ".join(key.scopes), _minute(moment_of(key.created_us)), _end(key, now=now)


def _end(key: "StoredKey", *, now: datetime) -> str:
    from serving.auth import REVOKED_US
    from serving.clock import moment_of

    if key.expires_us is None:
        return "never"
    if key.expires_us == REVOKED_US:
        return "revoked"
    at = moment_of(key.expires_us)
    return f"{_minute(at)} (expired)" if at <= now else _minute(at)


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%MZ")
