"""The commands that bring a shop's data in and look at it; libraries load when one runs."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from features.home import Home
from features.options import at_home

_AS_IN_THE_DEMO: Final = "as in the demo"
_READABLE: Final = 100
"""Characters in a line that a person reads."""
_FILES: Final = "A file, folder or glob; CSV with a header, JSON Lines or Parquet. Repeatable."


@click.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for events.parquet, items.parquet, users.parquet and the folder truth.",
)
@click.option("--users", type=int, show_default=_AS_IN_THE_DEMO, help="People with an account.")
@click.option("--items", type=int, show_default=_AS_IN_THE_DEMO, help="Items in the catalogue.")
@click.option("--days", type=int, show_default=_AS_IN_THE_DEMO, help="Length of the period.")
@click.option(
    "--seed", type=int, show_default=_AS_IN_THE_DEMO, help="The same seed gives the same files."
)
def simulate(
    out: Path, users: int | None, items: int | None, days: int | None, seed: int | None
) -> None:
    """Simulate a shop whose people's tastes are known."""
    from features.simulated_shop import SimulationSettings
    from features.simulated_shop import simulate as simulate_shop

    given: dict[str, Any] = {"n_users": users, "n_items": items, "days": days, "seed": seed}
    asked = {name: value for name, value in given.items() if value is not None}
    settings = replace(SimulationSettings(), **asked)
    shop = simulate_shop(settings, out)
    click.echo(
        f"{shop.n_events:,} events of {shop.n_users:,} users and visitors with "
        f"{shop.n_items:,} items, {settings.start:%Y-%m-%d} to {settings.end:%Y-%m-%d}, "
        f"seed {settings.seed}: {out}"
    )


@click.command()
@click.option("--events", multiple=True, metavar="FILE", help=f"Events. {_FILES}")
@click.option("--items", multiple=True, metavar="FILE", help=f"The catalogue. {_FILES}")
@click.option("--users", multiple=True, metavar="FILE", help=f"The users. {_FILES}")
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.toml",
    help="What the files call our columns and event types; examples are in docs/mappings.",
)
@at_home
@click.pass_context
def ingest(
    ctx: click.Context,
    *,
    events: tuple[str, ...],
    items: tuple[str, ...],
    users: tuple[str, ...],
    mapping: Path | None,
    home: Path,
) -> None:
    """Take a shop's files in: new events once, faulty rows apart, nothing lost."""
    from features.ingest import Mapping
    from features.ingest import ingest as ingest_files
    from features.ingest.progress import ProgressLine
    from features.ingest.render import render

    with ProgressLine() as progress:
        report = ingest_files(
            events=events,
            items=items,
            users=users,
            mapping=Mapping.load(mapping) if mapping else None,
            home=Home(home),
            now=datetime.now(UTC),
            progress=progress,
        )
    click.echo(render(report), nl=False)
    if not report.did_something:
        ctx.exit(1)


@click.command()
@at_home
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write the map here."
)
def coverage(*, home: Path, out: Path | None) -> None:
    """Show what the shop collects, how full it is, what that enables and what to add first."""
    from features.coverage import coverage as measure

    found = measure(Home(home).lake)
    width = min(shutil.get_terminal_size((_READABLE, 24)).columns, _READABLE)
    click.echo(found.as_text(width))
    if out is not None:
        out.write_text(json.dumps(found.as_dict(), indent=1), encoding="utf-8")
