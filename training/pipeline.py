"""The road from the event log to a registered model version; `train` reads top to bottom."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Final

from features.errors import NotEnoughData
from features.event_log import EventLog
from features.events import EventType
from features.fitted_model import EmbeddingModel
from features.home import Home
from features.segments import segments
from features.snapshot import Snapshot, take_snapshot
from training.assemble import assemble, fit, interactions
from training.baselines import baselines
from training.bundle import Bundle
from training.evaluate import Ranker, full_ranking, judge, served_lists
from training.manifest import file_fact
from training.report import Report
from training.settings import TrainingSettings
from training.split import Fold, time_folds
from training.targets import Targets, fold_targets

SERVED: Final = "served"
CHAMPION: Final = "champion"

Say = Callable[[str], None]
"""Told what is being done, one line each time."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Tells of each step and keeps the seconds that it took."""

    say: Say
    timings_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        self.say(name)
        started = perf_counter()
        yield
        # A step may come again, such as a fit for the champion's settings.
        seconds = self.timings_s.get(name, 0.0) + perf_counter() - started
        self.timings_s[name] = round(seconds, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What came of measuring settings on a fold.

    Parameters
    ----------
    report : Report
        How well every model did.
    snapshot : Snapshot
        What they could know.
    bundle : Bundle
        The pipeline of the settings at the fold's `as_of`.
    """

    report: Report
    snapshot: Snapshot
    bundle: Bundle


def last_fold(lake: Path, settings: TrainingSettings) -> Fold:
    """Choose the newest fold that the log has targets for.

    Raises
    ------
    NotEnoughData
        The log is empty.
    """
    latest = EventLog(lake).latest()
    if latest is None:
        raise NotEnoughData(f"the event log in {lake} is empty; run vitrine ingest first")
    wanted = settings.evaluation
    folds = time_folds(
        latest, horizon_days=wanted.horizon_days, n_folds=1, gap_days=wanted.gap_days
    )
    return folds[-1]


def learn(
    snapshot: Snapshot, settings: TrainingSettings, *, digest: str, now: datetime, steps: Steps
) -> Bundle:
    """Fit the model that is to be served, and assemble its bundle."""
    model = None
    if settings.serve is not None:
        with steps.step(f"fit {settings.serve}"):
            fitted = fit(settings.serve, interactions(snapshot, settings), settings)
            # A model of popularity alone is what a bundle without a model serves.
            model = fitted if isinstance(fitted, EmbeddingModel) else None
    with steps.step("assemble"):
        return assemble(snapshot, settings, model, data_digest=digest, created_at=now)


def evaluate(
    home: Home,
    settings: TrainingSettings,
    fold: Fold,
    *,
    now: datetime,
    steps: Steps,
    champion: TrainingSettings | None = None,
) -> Evaluation:
    """Learn from what was before a fold, and measure on what came after.

    Parameters
    ----------
    home : Home
        The shop.
    settings : TrainingSettings
        What is judged; its pipeline has the name "served" in the report.
    fold : Fold
        Where to part the past from the future.
    now : datetime
        Aware.
    steps : Steps
        Told of the progress.
    champion : TrainingSettings, optional
        Settings to measure the same way, under the name "champion".

    Raises
    ------
    NotEnoughData
        There is no history before the fold or nothing bought in it.
    """
    with steps.step("snapshot"):
        snapshot = take_snapshot(home.lake, as_of=fold.as_of)
        targets = fold_targets(home.lake, snapshot, fold)
    bundle = learn(snapshot, settings, digest="", now=now, steps=steps)
    k = settings.evaluation.k
    rankers = {SERVED: served_lists(bundle, targets, k=k)}
    if champion is not None:
        rankers[CHAMPION] = rankers[SERVED]
        if champion != settings:
            other = learn(snapshot, champion, digest="", now=now, steps=steps)
            rankers[CHAMPION] = served_lists(other, targets, k=k)
    rankers |= _single_models(snapshot, bundle, targets, settings, steps)
    with steps.step("measure"):
        popularity = snapshot.demand.counted(EventType.PURCHASE, n_items=len(snapshot.items))
        results = {
            name: judge(rank, bundle, targets, popularity=popularity)
            for name, rank in rankers.items()
        }
    report = Report(
        as_of=fold.as_of,
        horizon_days=fold.horizon_days,
        k=k,
        results=results,
        segments=segments(snapshot),
        timings_s=steps.timings_s,
    )
    return Evaluation(report, snapshot, bundle)


def data_digest(lake: Path) -> str:
    """Name the data by its content: a SHA-256 over the event log, the items and the users."""
    paths = (*EventLog(lake).files, lake / "items.parquet", lake / "users.parquet")
    facts = [fact.sha256 for path in paths if (fact := file_fact(path)) is not None]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def _single_models(
    snapshot: Snapshot,
    bundle: Bundle,
    targets: Targets,
    settings: TrainingSettings,
    steps: Steps,
) -> dict[str, Ranker]:
    """Rank by each model alone: the served one, those to compare, and the baselines."""
    weights = settings.weights.confidence()
    models = baselines(snapshot, bundle.recommender.trends, weights)
    if settings.serve is not None and bundle.recommender.model is not None:
        models = {settings.serve: bundle.recommender.model} | models
    for name in settings.compare:
        if name not in models:
            with steps.step(f"fit {name}"):
                models[name] = fit(name, interactions(snapshot, settings), settings)
    k = settings.evaluation.k
    return {name: full_ranking(model, bundle, targets, k=k) for name, model in models.items()}
