"""The command that shows what came of the lists that people were given."""

import json
import os
from contextlib import closing
from pathlib import Path

import click

from features.errors import InvalidInput
from features.options import at_home


@click.command()
@at_home
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True, max=3660),
    default=30,
    show_default=True,
    help="Count the lists of so many days.",
)
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write results here."
)
def outcomes(*, home: Path, days: float, out: Path | None) -> None:
    """Show what came of lists, by placement and scenario: looks, carts, purchases, the aim."""
    from serving.clock import now_utc
    from serving.outcome_report import OutcomeReport
    from serving.outcome_text import as_text
    from serving.placements import Placements
    from serving.settings import ServerSettings
    from serving.store import open_store
    from serving.text_table import terminal_width

    settings = ServerSettings.from_environment({**os.environ, "VITRINE_HOME": str(home)})
    if settings.store_url is None and not settings.shop.store.exists():
        raise InvalidInput(
            f"{home} has no store, so nothing was served from there; name another --home, or set"
            " VITRINE_STORE_URL as for the server"
        )
    placements = Placements.load(settings.shop.placements)
    with closing(open_store(settings.store)) as store:
        report = OutcomeReport.read(store, placements, now=now_utc(), days=days)
    click.echo(as_text(report, width=terminal_width()))
    if out is not None:
        out.write_text(json.dumps(report.as_dict(), indent=1), encoding="utf-8")
