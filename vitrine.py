"""The `vitrine` command: it only puts the three packages' commands together."""

import os
import sys
from importlib import import_module
from typing import Final

import click

from features.errors import VitrineError

COMMANDS: Final = {
    "simulate": "features.cli",
    "ingest": "features.cli",
    "coverage": "features.cli",
    "train": "training.cli",
    "evaluate": "training.cli",
    "tune": "training.cli",
    "models": "training.cli",
    "promote": "training.cli",
    "rollback": "training.cli",
    "segments": "training.segments_cli",
    "recommend": "serving.cli",
    "similar": "serving.cli",
    "picks": "serving.cli",
    "scenarios": "serving.scenarios_cli",
    "outcomes": "serving.outcomes_cli",
    "sync": "serving.store_cli",
    "retention": "serving.store_cli",
    "keys": "serving.keys_cli",
    "serve": "serving.cli",
    "demo": "serving.demo",
}
"""Where each command is; a module is imported when its command is asked for."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command


@click.command(cls=_Lazy)
@click.version_option(package_name="vitrine")
def cli() -> None:
    """Recommendations for your shop, in your own hands."""


def main() -> None:
    """Run a command; an error of ours is a message, not a traceback."""
    # A thread of LightGBM that waits for another must not keep a core busy: where anything else
    # runs on the machine, two threads that spin are three times slower than one alone.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        cli()
    except VitrineError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
