"""The command that shows who a shop's people are."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from features.home import Home
from features.options import at_home


@click.command()
@at_home
@click.option("--as-of", type=click.DateTime(), help="Look at what is up to here; UTC.")
@click.option(
    "--period-days",
    type=click.FloatRange(min=0, min_open=True),
    default=30,
    show_default=True,
    help="How far back the flows begin.",
)
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write results here."
)
def segments(*, home: Path, as_of: datetime | None, period_days: float, out: Path | None) -> None:
    """Show stages, scores and tastes of the shop's people, and who moved."""
    from training.segment_report import segment_report
    from training.segment_text import as_text

    moment = None if as_of is None else as_of.replace(tzinfo=UTC)
    report = segment_report(Home(home), as_of=moment, period_days=period_days)
    click.echo(as_text(report))
    if out is not None:
        out.write_text(json.dumps(report.as_dict(), indent=1), encoding="utf-8")
