"""The commands that bring a shop's data in; heavy libraries load when a command runs."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

_AS_IN_THE_DEMO: Final = "as in the demo"


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
