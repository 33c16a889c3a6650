"""The commands of serving: start the server, issue keys."""

import os
import socket
import sys
from contextlib import closing
from pathlib import Path

import click

from features.errors import InvalidSettings
from features.home import Home
from serving.auth import KeyRing, Scope, issue_key

_home = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="VITRINE_HOME",
    default="shop",
    show_default=True,
    help="The shop's home folder.",
)


@click.command()
@_home
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
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
    _check_keys(settings.shop, needed=settings.needs_keys)
    open_road(settings.shop)
    _check_port(host, port)
    Path(environment["BENTOML_HOME"]).mkdir(parents=True, exist_ok=True)
    where = ("--working-dir", str(Path(__file__).parents[1]), "--host", host, "--port", str(port))
    bentoml = (sys.executable, "-m", "bentoml", "serve", "serving.service:Vitrine", *where)
    # This process becomes the server, so that a supervisor's signals reach it.
    os.execve(bentoml[0], bentoml, environment)  # noqa: S606 -- our own interpreter, no shell


def _check_keys(home: Home, *, needed: bool) -> None:
    if not needed:
        click.secho(
            "INSECURE: VITRINE_INSECURE_DEVELOPMENT=1 answers everybody without an API key.",
            fg="red",
            bold=True,
            err=True,
        )
        return
    if not KeyRing.load(home.keys).keys:
        raise InvalidSettings(
            f"no API key has been issued in {home.root}; run vitrine keys create, or set"
            " VITRINE_INSECURE_DEVELOPMENT=1 to try it out without"
        )


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InvalidSettings(
                f"cannot listen on {host}:{port} ({error.strerror}); give another --port"
            ) from error


@click.group()
def keys() -> None:
    """Issue API keys."""


@keys.command()
@_home
@click.option("--name", required=True, help="Who will hold it; stands in the access log.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    required=True,
    help="What it is for; may be given several times.",
)
def create(home: Path, name: str, scopes: tuple[str, ...]) -> None:
    """Issue a key; it is shown this once, and only its hash is kept."""
    click.echo(issue_key(Home(home), name, [Scope(scope) for scope in scopes]))
    click.echo("Keep it: it cannot be shown again.", err=True)
