"""The commands of serving: start the server, look at lists, make picks."""

import os
import socket
import sys
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from features.errors import InvalidSettings
from features.home import Home
from features.kinds import Kind
from features.options import at_home

if TYPE_CHECKING:
    from serving.settings import ServerSettings


@click.command()
@at_home
@click.option("--host", default="127.0.0.1", show_default=True, help="IP address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    envvar="VITRINE_WORKERS",
    default=1,
    show_default=True,
    help="Processes that share the port and the mapped bundle; one for each core is plenty.",
)
def serve(home: Path, host: str, port: int, workers: int) -> None:
    """Answer over HTTP from the promoted bundle, and follow what is promoted later."""
    from serving.live_bundle import open_road
    from serving.settings import ServerSettings

    root = home.resolve()
    environment = {
        # Two servers need two of these folders, and nobody is told that this one runs.
        "BENTOML_HOME": str(root / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
        **os.environ,
        "VITRINE_HOME": str(root),
        "VITRINE_WORKERS": str(workers),
    }
    settings = ServerSettings.from_environment(environment)
    _check_keys(settings)
    open_road(settings.shop)
    _check_port(host, port)
    Path(environment["BENTOML_HOME"]).mkdir(parents=True, exist_ok=True)
    where = ("--working-dir", str(Path(__file__).parents[1]), "--host", host, "--port", str(port))
    bentoml = (sys.executable, "-m", "bentoml", "serve", "serving.service:Vitrine", *where)
    # This process becomes the server, so that a supervisor's signals reach it.
    os.execve(bentoml[0], bentoml, environment)  # noqa: S606 -- our own interpreter, no shell


def _check_keys(settings: "ServerSettings") -> None:
    from serving.auth import key_store, living
    from serving.clock import now_utc
    from serving.errors import StoreUnavailable

    if not settings.needs_keys:
        click.secho(
            "INSECURE: VITRINE_INSECURE_DEVELOPMENT=1 answers everybody without an API key.",
            fg="red",
            bold=True,
            err=True,
        )
        return
    try:
        with key_store(settings) as store:
            issued = living(store, now=now_utc())
    except StoreUnavailable as error:
        # A restart must not fail for a store that is away for a moment.
        click.echo(f"The API keys are read once the store is back: {error}", err=True)
        return
    if not issued:
        raise InvalidSettings(
            f"no API key has been issued for {settings.home}, or none that still opens anything;"
            " run vitrine keys create, or set VITRINE_INSECURE_DEVELOPMENT=1 to try it out without"
        )


def _check_port(host: str, port: int) -> None:
    try:
        is_new = ip_address(host).version == 6  # noqa: PLR2004 -- of the internet protocol
    except ValueError as error:
        raise InvalidSettings(
            f"--host is an address, such as 127.0.0.1 or 0.0.0.0 for everybody; got {host!r}"
        ) from error
    family = socket.AF_INET6 if is_new else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InvalidSettings(
                f"cannot listen on {host}:{port} ({error.strerror}); give another --port"
            ) from error


_num_results = click.option(
    "-n",
    "--num-results",
    type=click.IntRange(1, 500),
    default=10,
    show_default=True,
    help="Items wanted in each list.",
)
_titles = click.option("--titles", is_flag=True, help="Name items by their titles, too.")


@click.command()
@at_home
@click.option("--user", "user_id", required=True, help="The user's id.")
@click.option("--placement", default="home", show_default=True, help="Where the list would stand.")
@click.option("--blended", is_flag=True, help="As the list would be without the second stage.")
@_num_results
@_titles
def recommend(
    home: Path, user_id: str, placement: str, num_results: int, *, titles: bool, blended: bool
) -> None:
    """Look at what a user did, and at the list that they get."""
    from serving.looking import Look
    from serving.offline import look, open_desk
    from serving.text_table import terminal_width

    desk = open_desk(Home(home))
    road, news = look(desk, [user_id], placements=(placement,))
    shown = Look(
        road.blended() if blended else road,
        news,
        desk.clock(),
        titles=titles,
        width=terminal_width(),
    )
    click.echo(shown.at_user(user_id, placement=placement, num_results=num_results))


@click.command()
@at_home
@click.option("--item", "item_id", required=True, help="The item's id.")
@click.option(
    "--kind",
    type=click.Choice(get_args(Kind)),
    default="any",
    show_default=True,
    help="Wanted instead of it, as well, or either.",
)
@_num_results
@_titles
def similar(home: Path, item_id: str, kind: Kind, num_results: int, *, titles: bool) -> None:
    """Look at an item, and at what is similar to it."""
    from serving.looking import Look
    from serving.offline import look, open_desk
    from serving.text_table import terminal_width

    desk = open_desk(Home(home))
    road, news = look(desk, [])
    shown = Look(road, news, desk.clock(), titles=titles, width=terminal_width())
    click.echo(shown.at_item(item_id, kind=kind, num_results=num_results))


@click.command()
@at_home
@click.option("--placement", required=True, help="Where the lists will stand.")
@click.option(
    "--users",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="For whom: Parquet or CSV with a column user_id, or text with an id in each line.",
)
@click.option("--all", "everybody", is_flag=True, help="For every user that the bundle knows.")
@_num_results
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; its name ends in .parquet, .jsonl or .csv.",
)
@click.option("--restart", is_flag=True, help="Throw away what another job left unfinished.")
def picks(
    home: Path,
    placement: str,
    users: Path | None,
    num_results: int,
    out: Path,
    *,
    everybody: bool,
    restart: bool,
) -> None:
    """Make lists for many users; after a kill the same command goes on where it stopped."""
    from serving.audience import Audience
    from serving.offline import open_desk, picker
    from serving.pick_job import PickJob
    from serving.progress import progress_of_users

    if everybody == (users is not None):
        raise click.UsageError("Give --users FILE or --all, one of the two.")
    chosen = picker(open_desk(Home(home)), placement, num_results)
    known = chosen.road.bundle.users
    audience = Audience.everybody(known) if users is None else Audience.read(users, known)
    job = PickJob(chosen, audience, out)
    with progress_of_users(len(audience)) as progress:
        counts = job.run(progress, restart=restart)
    told = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
    click.echo(f"{len(audience):,} users: {told}; {out}")
