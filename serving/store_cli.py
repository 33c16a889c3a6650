"""The commands of the store: move what is new into the lake, drop what is old."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from features.errors import UnreadableFile
from features.home import Home
from features.options import at_home

if TYPE_CHECKING:
    from serving.store import Store

_CENTURY_DAYS: Final = 36_525
_KEPT_DAYS: Final = 90.0


@click.command()
@at_home
def sync(home: Path) -> None:
    """Move what the server took down into the lake, for the next training."""
    from serving.clock import now_utc
    from serving.sync import sync as move

    def say(line: str) -> None:
        click.echo(line, err=True)

    with _store(home) as store:
        click.echo(move(store, Home(home).lake, now=now_utc(), say=say))


@click.command()
@at_home
@click.option(
    "--events-days",
    type=click.FloatRange(0, _CENTURY_DAYS),
    default=_KEPT_DAYS,
    show_default=True,
    help="Keep events, and item changes, that are not older.",
)
@click.option(
    "--lists-days",
    type=click.FloatRange(0, _CENTURY_DAYS),
    default=_KEPT_DAYS,
    show_default=True,
    help="Keep lists that were given no longer ago.",
)
@click.option(
    "--unsynced-too",
    is_flag=True,
    help="Drop old events also where no vitrine sync has moved them: they are lost.",
)
@click.option("--dry-run", is_flag=True, help="Count what would be dropped, and drop nothing.")
def retention(
    home: Path, events_days: float, lists_days: float, *, unsynced_too: bool, dry_run: bool
) -> None:
    """Drop what is old from the store; consents, links and keys stay."""
    from serving.clock import now_utc
    from serving.retention import Keeping, drop_old

    keeping = Keeping(events_days, lists_days, unsynced_too=unsynced_too)
    with _store(home) as store:
        dropped = drop_old(store, Home(home), keeping, now=now_utc(), is_trial=dry_run)
    click.echo("Would be dropped from the store:" if dry_run else "Dropped from the store:")
    click.echo(f"{dropped.n_events:>12,}  events older than {events_days:g} days")
    click.echo(f"{dropped.n_lists:>12,}  lists older than {lists_days:g} days")
    click.echo(f"{dropped.n_item_changes:>12,}  item changes that the promoted bundle knows")


@contextmanager
def _store(home: Path) -> "Iterator[Store]":
    from serving.settings import ServerSettings
    from serving.store import open_store

    if not home.is_dir():
        raise UnreadableFile(f"there is no shop in {home}; give --home its folder")
    settings = ServerSettings.from_environment({**os.environ, "VITRINE_HOME": str(home)})
    store = open_store(settings.store)
    try:
        yield store
    finally:
        store.close()
