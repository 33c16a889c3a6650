"""The command that shows which scenarios people meet, and tries every branch."""

import json
from datetime import datetime
from pathlib import Path

import click

from features.context import Device
from features.home import Home
from features.options import at_home

_MOST_PEOPLE = 100_000


def _moment(_: click.Context, __: click.Parameter, given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise click.BadParameter(f"{given!r} is no moment; write 2025-12-01T18:00Z") from error
    if at.utcoffset() is None:
        raise click.BadParameter(f"{given!r} has no UTC offset; write 2025-12-01T18:00Z")
    return at


@click.command()
@at_home
@click.option("--placement", help="Only this one, with a line for each of the people.")
@click.option(
    "--sample",
    type=click.IntRange(1, _MOST_PEOPLE),
    default=200,
    show_default=True,
    help="Users to try it on; newcomers join them.",
)
@click.option("--seed", default=0, show_default=True, help="Another seed draws other users.")
@click.option(
    "--at",
    callback=_moment,
    metavar="RFC3339",
    show_default="the last that is known of them",
    help="When they come.",
)
@click.option(
    "--device", type=click.Choice([one.value for one in Device]), help="Only with this device."
)
@click.option("--stress", is_flag=True, help="Try every branch on all of them, in any season.")
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write results here."
)
@click.pass_context
def scenarios(
    ctx: click.Context,
    *,
    home: Path,
    placement: str | None,
    sample: int,
    seed: int,
    at: datetime | None,
    device: str | None,
    stress: bool,
    out: Path | None,
) -> None:
    """Show who would meet which scenario; with --stress, try what every branch gives them."""
    from serving.rehearsal.rehearsal import Rehearsal
    from serving.rehearsal.text import stress_table
    from serving.text_table import terminal_width

    rehearsal = Rehearsal.of(
        Home(home), placement=placement, n_users=sample, seed=seed, at=at, device=device
    )
    meetings, width = rehearsal.meetings, terminal_width()
    click.echo(rehearsal.as_text(meetings, width=width))
    reports = rehearsal.stressed(seed=seed) if stress else None
    if reports is not None:
        click.echo(f"\n{stress_table(reports, width=width)}")
    if out is not None:
        found = rehearsal.as_dict(meetings, reports)
        out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    if any(report.broken for report in reports or ()):
        ctx.exit(1)
