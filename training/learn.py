"""Learn: fit the models that are to be served from a snapshot, and assemble their bundle."""

from datetime import datetime

from features.ranker import Ranker
from features.snapshot import Snapshot
from training.assemble import assemble, fit, interactions
from training.bundle import Bundle
from training.settings import TrainingSettings
from training.steps import Steps


def learn(
    snapshot: Snapshot,
    settings: TrainingSettings,
    *,
    ranker: Ranker | None = None,
    digest: str,
    now: datetime,
    steps: Steps,
) -> Bundle:
    """Fit every model that the settings name, and assemble the bundle.

    Parameters
    ----------
    snapshot : Snapshot
        What was known.
    settings : TrainingSettings
        What to make of it.
    ranker : Ranker, optional
        The second stage, learnt before (see `training.second_stage`).
    digest : str
        Of the data.
    now : datetime
        Aware.
    steps : Steps
        Told of the progress.
    """
    names = [] if settings.serve is None else [settings.serve, *settings.beside]
    models = {}
    learnt_from = interactions(snapshot, settings)
    for name in dict.fromkeys(names):
        with steps.step(f"fit {name}"):
            models[name] = fit(name, learnt_from, settings)
    with steps.step("assemble"):
        return assemble(
            snapshot, settings, models, ranker=ranker, data_digest=digest, created_at=now
        )
