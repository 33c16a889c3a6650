"""A training: from the event log to a registered model version; `train` reads top to bottom."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from features.errors import CorruptBundle
from features.event_log import EventLog
from features.home import Home
from features.snapshot import take_snapshot
from training.bundle import Bundle
from training.learn import learn
from training.manifest import Manifest
from training.mlflow_door import connect
from training.model_version import ModelVersion
from training.pipeline import Evaluation, data_digest, evaluate, last_fold
from training.registry import Registry
from training.report import CHAMPION, SERVED, Report
from training.run_log import log_training
from training.second_stage import SecondStage
from training.settings import TrainingSettings
from training.split import Fold
from training.steps import Say, Steps
from training.tracking import TrackedRun, Tracker
from training.user_metrics import LastFold, UserMetrics


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What a training made.

    Parameters
    ----------
    version : ModelVersion
        As registered; nothing is served from it before it is promoted.
    report : Report
        How its settings did on the last fold.
    """

    version: ModelVersion
    report: Report


def train(
    home: Home, settings: TrainingSettings, *, now: datetime, say: Say, uri: str | None = None
) -> Trained:
    """Measure settings on the last fold, learn from all that is known, and register the bundle.

    Parameters
    ----------
    home : Home
        The shop.
    settings : TrainingSettings
        What to make of its data.
    now : datetime
        Aware.
    say : callable of str
        Told of each step.
    uri : str, optional
        The MLflow tracking URI; see `training.mlflow_door.connect`.

    Raises
    ------
    NotEnoughData
        The log is empty, or nothing was bought on the last fold.
    """
    steps = Steps(say)
    fold, digest = last_fold(home.lake, settings), data_digest(home.lake)
    with steps.step("open MLflow"):
        connection = connect(home, uri=uri)
    registry = Registry(home, connection)
    champion = registry.champion()
    rival = None if champion is None else _settings_of(home, champion, say)
    with Tracker(connection).run("train") as run, TemporaryDirectory() as scratch:
        run.log_params(settings.model_dump(mode="json"))
        stage = SecondStage(home.lake, settings, steps)
        measured = evaluate(home, settings, fold, now=now, steps=steps, champion=rival, stage=stage)
        # The newest of the final ranker's windows is the fold that was just learnt.
        stage.spare(measured.snapshot, measured.bundle)
        with steps.step("snapshot of everything"):
            snapshot = take_snapshot(home.lake, as_of=_latest(home))
        latest = replace(fold, as_of=snapshot.as_of)
        fitted = stage.learnt_before(latest) if measured.ranks else None
        bundle = learn(
            snapshot,
            settings,
            ranker=None if fitted is None else fitted.ranker,
            digest=digest,
            now=now,
            steps=steps,
        )
        with steps.step("register"):
            folder = _told(bundle, measured.report, run).save(Path(scratch))
            last = _last_fold(measured, fold, folder.name, champion)
            version = registry.register(folder, run_id=run.run_id, last_fold=last)
        run.log_data(digest=digest, source=str(home.lake), as_of=snapshot.as_of)
        log_training(run, home, measured, steps, ranker=fitted)
    return Trained(version, measured.report)


def _latest(home: Home) -> datetime:
    latest = EventLog(home.lake).latest()
    # `last_fold` has refused an empty log already.
    assert latest is not None  # noqa: S101
    return latest


def _settings_of(home: Home, version: ModelVersion, say: Say) -> TrainingSettings | None:
    try:
        manifest = Manifest.read(home.bundles / version.bundle_id)
        # Bundles of before knew one model, and what was served without a ranker is measured so.
        settings = TrainingSettings.model_validate({"beside": [], **manifest.settings})
        unranked = {} if "ranker" in manifest.parts else {"ranker": None}
        return settings.model_copy(update=unranked)
    except (CorruptBundle, ValidationError) as error:
        say(f"the champion's settings cannot be read and are not measured anew: {error}")
        return None


def _told(bundle: Bundle, report: Report, run: TrackedRun) -> Bundle:
    """Write into the manifest how the settings did and in which run."""
    served = {
        name.removeprefix(f"{SERVED}."): mean
        for name, mean in report.metrics().items()
        if name.startswith(f"{SERVED}.")
    }
    measured_on = {"as_of": report.as_of.isoformat(), "horizon_days": report.horizon_days}
    told = {"metrics": {**served, **measured_on, "k": report.k}, "run_id": run.run_id}
    return replace(bundle, manifest=bundle.manifest.model_copy(update=told))


def _last_fold(
    measured: Evaluation, fold: Fold, bundle_id: str, champion: ModelVersion | None
) -> LastFold:
    report, users = measured.report, measured.snapshot.users
    served = UserMetrics.of(
        report.results[SERVED], users, fold=fold, k=report.k, bundle_id=bundle_id
    )
    if champion is None or CHAMPION not in report.results:
        return LastFold(served)
    anew = UserMetrics.of(
        report.results[CHAMPION], users, fold=fold, k=report.k, bundle_id=champion.bundle_id
    )
    return LastFold(served, anew)
