"""The data scientist's commands; heavy libraries load when a command runs."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from features.home import Home
from features.options import at_home

if TYPE_CHECKING:
    from training.registry import Registry

Command = Callable[..., Any]


def _configured(command: Command) -> Command:
    option = click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Training settings as TOML; the defaults apply where it is silent.",
    )
    return option(command)


@click.command()
@at_home
@_configured
@click.option("--horizon-days", type=click.IntRange(min=1), help="Length of the targets' window.")
def train(*, home: Path, config: Path | None, horizon_days: int | None) -> None:
    """Measure the settings on the last fold, learn from everything, register a version."""
    from training.settings import TrainingSettings
    from training.train import train as run_training

    settings = TrainingSettings.load(config).judged_over(horizon_days=horizon_days)
    trained = run_training(Home(home), settings, now=datetime.now(UTC), say=click.echo)
    click.echo(trained.report.as_text())
    click.echo(
        f"registered version {trained.version.version}, bundle {trained.version.bundle_id};"
        f" next: vitrine promote {trained.version.version} --home {home}"
    )


@click.command()
@at_home
@_configured
@click.option("--as-of", type=click.DateTime(), help="Learn from what is up to here; UTC.")
@click.option("--horizon-days", type=click.IntRange(min=1), help="Length of the targets' window.")
@click.option("--k", type=click.IntRange(1, 500), help="How many items of a list count.")
@click.option("--compare", help="Further models to fit and measure, such as bpr,lightfm.")
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write results here."
)
def evaluate(
    *,
    home: Path,
    config: Path | None,
    as_of: datetime | None,
    horizon_days: int | None,
    k: int | None,
    compare: str | None,
    out: Path | None,
) -> None:
    """Measure the served pipeline, its models and the baselines on a fold."""
    from training.pipeline import Steps, last_fold
    from training.pipeline import evaluate as measure
    from training.settings import TrainingSettings

    settings = TrainingSettings.load(config).judged_over(
        horizon_days=horizon_days, k=k, compare=compare.split(",") if compare else None
    )
    shop = Home(home)
    fold = last_fold(shop.lake, settings)
    if as_of is not None:
        fold = replace(fold, as_of=as_of.replace(tzinfo=UTC))
    steps = Steps(lambda line: click.echo(line, err=True))
    report = measure(shop, settings, fold, now=datetime.now(UTC), steps=steps).report
    click.echo(report.as_text())
    if out is not None:
        out.write_text(json.dumps(report.as_dict(), indent=1), encoding="utf-8")


@click.command()
@at_home
def models(*, home: Path) -> None:
    """List the registered versions, the newest first, with what the gate said of them."""
    found = _registry(home).versions()
    if not found:
        click.echo("no model version is registered yet; run vitrine train")
        return
    click.echo(f"{'version':>7}  {'knows up to':<16}  {'NDCG all':>8}  {'NDCG new':>8}  bundle")
    for one in reversed(found):
        scores = [one.metrics.get(column) for column in ("ndcg_all", "ndcg_new")]
        cells = "  ".join(f"{'-' if score is None else f'{score:.4f}':>8}" for score in scores)
        click.echo(
            f"{one.version:>7}  {one.as_of:%Y-%m-%d %H:%M}  {cells}  {one.bundle_id}"
            f"  {', '.join(one.aliases)}".rstrip()
        )
        if one.finding:
            click.echo(f"{'':>7}  {one.finding}")


@click.command()
@click.argument("version")
@at_home
@click.option("--force", is_flag=True, help="Promote it even if it is worse, or nobody can tell.")
@click.option("--reason", default="", help="Why; kept in the history.")
def promote(*, version: str, home: Path, force: bool, reason: str) -> None:
    """Serve a version, by its number or "latest", unless it is worse than the champion."""
    done = _registry(home).promote(version, now=datetime.now(UTC), force=force, reason=reason)
    forced = "forced, although " if done.forced else ""
    click.echo(f"version {done.version} is served now, bundle {done.bundle_id}")
    click.echo(f"{forced}{done.reason}")


@click.command()
@at_home
@click.option("--reason", default="", help="Why; kept in the history.")
def rollback(*, home: Path, reason: str) -> None:
    """Serve the version that was champion before; once more goes further back."""
    done = _registry(home).rollback(now=datetime.now(UTC), reason=reason)
    click.echo(f"version {done.version} is served again, bundle {done.bundle_id}")


def _registry(home: Path) -> "Registry":
    from features.errors import UnreadableFile
    from training.mlflow_door import connect
    from training.registry import Registry

    if not home.is_dir():
        raise UnreadableFile(f"there is no shop in {home}; give --home its folder")
    shop = Home(home)
    return Registry(shop, connect(shop))
