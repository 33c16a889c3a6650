"""An evaluation: settings learnt from what was before a fold, and measured on what came after."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features import identities
from features.errors import NotEnoughData
from features.event_log import EventLog
from features.events import EventType
from features.fitted_model import ScoringModel
from features.home import Home
from features.segments import segments
from features.snapshot import Snapshot, take_snapshot
from training.assemble import fit, interactions
from training.baselines import baselines
from training.bundle import Bundle
from training.evaluate import Lister, full_ranking, judge, served_lists
from training.gate import GateVerdict, beats
from training.learn import learn
from training.manifest import file_fact
from training.ranker import Fitted
from training.report import BLENDED, CHAMPION, RANKED, SERVED, Report, Result, Target
from training.second_stage import SecondStage
from training.settings import TrainingSettings
from training.split import Fold, time_folds
from training.steps import Steps
from training.targets import Targets, fold_targets


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
    fitted : Fitted or None
        The ranker that was measured, where there was one.
    verdict : GateVerdict or None
        Whether it beat the blend, and by how much.
    """

    report: Report
    snapshot: Snapshot
    bundle: Bundle
    fitted: Fitted | None
    verdict: GateVerdict | None

    @property
    def ranks(self) -> bool:
        """Whether lists are to be ordered by a ranker."""
        return self.verdict is not None and self.verdict.passed


def last_folds(lake: Path, settings: TrainingSettings, *, n_folds: int) -> tuple[Fold, ...]:
    """Cut the newest folds that the log has targets for.

    Parameters
    ----------
    lake : Path
        The shop's lake.
    settings : TrainingSettings
        Its evaluation says how long the windows are.
    n_folds : int
        How many; at least 1.

    Returns
    -------
    tuple of Fold
        Oldest first: report on the last one, tune on the others.

    Raises
    ------
    NotEnoughData
        The log is empty.
    """
    latest = EventLog(lake).latest()
    if latest is None:
        raise NotEnoughData(f"the event log in {lake} is empty; run vitrine ingest first")
    wanted = settings.evaluation
    return time_folds(
        latest, horizon_days=wanted.horizon_days, n_folds=n_folds, gap_days=wanted.gap_days
    )


def last_fold(lake: Path, settings: TrainingSettings) -> Fold:
    """Choose the newest of `last_folds`."""
    return last_folds(lake, settings, n_folds=1)[-1]


def evaluate(
    home: Home,
    settings: TrainingSettings,
    fold: Fold,
    *,
    now: datetime,
    steps: Steps,
    champion: TrainingSettings | None = None,
    stage: SecondStage | None = None,
) -> Evaluation:
    """Learn from what was before a fold, and measure on what came after.

    Parameters
    ----------
    home : Home
        The shop.
    settings : TrainingSettings
        What is judged; its pipeline has the name "served" in the report. Where a ranker was
        learnt, "ranked" and "blended" are the lists with and without it, and the better are served.
    fold : Fold
        Where to part the past from the future.
    now : datetime
        Aware.
    steps : Steps
        Told of the progress.
    champion : TrainingSettings, optional
        Settings to measure the same way, under the name "champion".
    stage : SecondStage, optional
        Of the same settings; a later call with the same one learns no window twice.

    Raises
    ------
    NotEnoughData
        There is no history before the fold or nothing bought in it.
    """
    with steps.step("snapshot"):
        snapshot = take_snapshot(home.lake, as_of=fold.as_of)
        targets = fold_targets(home.lake, snapshot, fold)
    popularity = snapshot.demand.counted(EventType.PURCHASE, n_items=len(snapshot.items))
    court = Court(targets, popularity, settings.evaluation.k, steps)
    fitted = (stage or SecondStage(home.lake, settings, steps)).learnt_before(fold)
    bundle = learn(snapshot, settings, digest="", now=now, steps=steps)
    results, verdict = court.pipeline(bundle, fitted)
    if champion is not None:
        results[CHAMPION] = results[SERVED]
        if champion != settings:
            rival = SecondStage(home.lake, champion, steps).learnt_before(fold)
            other = learn(snapshot, champion, digest="", now=now, steps=steps)
            results[CHAMPION] = court.pipeline(other, rival)[0][SERVED]
    for name, model in _single_models(snapshot, bundle, settings, steps).items():
        results[name] = court.model(model, bundle)
    report = Report(
        as_of=fold.as_of,
        horizon_days=fold.horizon_days,
        k=settings.evaluation.k,
        results=results,
        segments=segments(snapshot),
        timings_s=steps.timings_s,
    )
    return Evaluation(report, snapshot, bundle, fitted, verdict)


def data_digest(lake: Path) -> str:
    """Name the data by its content: a SHA-256 over the event log and the tables beside it."""
    tables = (lake / "items.parquet", lake / "users.parquet", identities.path(lake))
    paths = (*EventLog(lake).files, *tables)
    facts = [fact.sha256 for path in paths if (fact := file_fact(path)) is not None]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Court:
    """Judges pipelines and models on one fold.

    Parameters
    ----------
    targets : Targets
        What was bought.
    popularity : ndarray of float32, shape (n_items,)
        How often each item had been bought.
    k : int
        How many items of a list count.
    steps : Steps
        Told of the progress.
    """

    targets: Targets
    popularity: NDArray[np.float32]
    k: int
    steps: Steps

    def pipeline(
        self, bundle: Bundle, fitted: Fitted | None
    ) -> tuple[dict[str, dict[Target, Result]], GateVerdict | None]:
        """Measure the lists of a bundle, and with a ranker too where one was learnt."""
        blended = self._judged(served_lists(bundle, self.targets, k=self.k), bundle)
        if fitted is None:
            return {SERVED: blended}, None
        recommender = replace(bundle.recommender, ranker=fitted.ranker)
        stronger = replace(bundle, recommender=recommender)
        ranked = self._judged(served_lists(stronger, self.targets, k=self.k), bundle)
        verdict = beats(ranked, blended)
        self.steps.say(f"the ranker is {'' if verdict.passed else 'not '}served: {verdict.reason}")
        better = ranked if verdict.passed else blended
        return {SERVED: better, RANKED: ranked, BLENDED: blended}, verdict

    def model(self, model: ScoringModel, bundle: Bundle) -> dict[Target, Result]:
        """Measure one model alone, by ranking the whole catalogue."""
        return self._judged(full_ranking(model, bundle, self.targets, k=self.k), bundle)

    def _judged(self, rank: Lister, bundle: Bundle) -> dict[Target, Result]:
        with self.steps.step("measure"):
            return judge(rank, bundle, self.targets, popularity=self.popularity)


def _single_models(
    snapshot: Snapshot, bundle: Bundle, settings: TrainingSettings, steps: Steps
) -> dict[str, ScoringModel]:
    """Give each model alone: those that are served, those to compare, and the baselines."""
    models: dict[str, ScoringModel] = {
        name: retriever.model for name, retriever in bundle.recommender.retrievers.items()
    }
    models |= baselines(snapshot, bundle.recommender.trends, settings.weights.confidence())
    for name in settings.compare:
        if name not in models:
            with steps.step(f"fit {name}"):
                models[name] = fit(name, interactions(snapshot, settings), settings)
    return models
