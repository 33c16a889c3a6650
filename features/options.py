"""Options that commands of all three packages share."""

from pathlib import Path
from typing import Final

import click

at_home: Final = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="VITRINE_HOME",
    default="shop",
    show_default=True,
    help="The shop's folder.",
)
