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


def _briefly(command: Command) -> Command:
    option = click.option("--brief", is_flag=True, help="Print the table of the models alone.")
    return option(command)


@click.command()
@at_home
@_configured
@click.option("--horizon-days", type=click.IntRange(min=1), help="Length of the targets' window.")
@_briefly
def train(*, home: Path, config: Path | None, horizon_days: int | None, brief: bool) -> None:
    """Measure the settings on the last fold, learn from everything, register a version."""
    from training.report_text import as_text
    from training.settings import TrainingSettings
    from training.train import train as run_training

    settings = TrainingSettings.load(config).judged_over(horizon_days=horizon_days)
    trained = run_training(Home(home), settings, now=datetime.now(UTC), say=click.echo)
    click.echo(as_text(trained.report, brief=brief))
    if trained.version.finding:
        click.echo(trained.version.finding)
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
@_briefly
def evaluate(
    *,
    home: Path,
    config: Path | None,
    as_of: datetime | None,
    horizon_days: int | None,
    k: int | None,
    compare: str | None,
    out: Path | None,
    brief: bool,
) -> None:
    """Measure the served pipeline, its models and the baselines on a fold."""
    from training.pipeline import evaluate as measure
    from training.pipeline import last_fold
    from training.report_text import as_text
    from training.settings import TrainingSettings
    from training.steps import Steps

    settings = TrainingSettings.load(config).judged_over(
        horizon_days=horizon_days, k=k, compare=compare.split(",") if compare else None
    )
    shop = Home(home)
    fold = last_fold(shop.lake, settings)
    if as_of is not None:
        fold = replace(fold, as_of=as_of.replace(tzinfo=UTC))
    steps = Steps(lambda line: click.echo(line, err=True))
    report = measure(shop, settings, fold, now=datetime.now(UTC), steps=steps).report
    click.echo(as_text(report, brief=brief))
    if out is not None:
        out.write_text(json.dumps(report.as_dict(), indent=1), encoding="utf-8")


@click.command()
@at_home
@_configured
@click.option(
    "--trials",
    "n_trials",
    type=click.IntRange(min=1),
    required=True,
    help="How many settings to try in all, with those of earlier commands.",
)
@click.option("--horizon-days", type=click.IntRange(min=1), help="Length of the targets' window.")
@click.option(
    "--folds",
    "n_folds",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="How many windows before the last one to measure on.",
)
@click.option("--models", help="Which may serve, such as als,bpr; all that can if not said.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the winner's settings; tuned.toml in the home if not said.",
)
@click.option(
    "--timeout-minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Begin no further trial after these.",
)
def tune(
    *,
    home: Path,
    config: Path | None,
    n_trials: int,
    horizon_days: int | None,
    n_folds: int,
    models: str | None,
    out: Path | None,
    timeout_minutes: float | None,
) -> None:
    """Search for better settings on the folds before the last one, which stays unseen.

    The settings as they are now are the first trial. A search that was stopped goes on with the
    same command. A ranker is left out while searching: it sits on top of what is searched.
    """
    from features.ingest.progress import ProgressLine
    from training.settings import TrainingSettings
    from training.tune.search import tune as search

    settings = TrainingSettings.load(config).judged_over(horizon_days=horizon_days)
    with ProgressLine() as progress:
        outcome = search(
            Home(home),
            settings,
            n_trials=n_trials,
            n_folds=n_folds,
            models=models.split(",") if models else None,
            timeout_minutes=timeout_minutes,
            now=datetime.now(UTC),
            progress=progress,
        )
    click.echo(outcome.as_text())
    written = out or home / "tuned.toml"
    written.write_text(outcome.as_toml(), encoding="utf-8")
    click.echo(f"\nnext: vitrine train --home {home} --config {written}")


@click.command()
@at_home
def models(*, home: Path) -> None:
    """List the versions, what the gate said of them, and how the champion changed."""
    from training.versions_text import as_text

    registry = _registry(home)
    found = registry.versions()
    if not found:
        click.echo("no model version is registered yet; run vitrine train")
        return
    click.echo(as_text(found, registry.history()))


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
