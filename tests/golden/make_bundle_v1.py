"""Make the golden bundles of the first kind, and record what they answer.

::

    .venv/bin/python -m tests.golden.make_bundle_v1 tests/golden/bundle_v1

They hold what bundles held before there were two stages: one model, no sources, no item facts, no
ranker. They are made once and then kept: where they lie already, only their answers are recorded.
"""

import sys
from dataclasses import replace
from pathlib import Path

from features.encoders import HistoryMeanEncoder
from features.fitted_model import EmbeddingModel
from features.snapshot import Snapshot
from features.sources import Sources
from tests.golden.recorded import N_ITEMS, N_USERS, record
from tests.shops import AS_OF, some_snapshot, svd_model
from training.assemble import assemble, interactions
from training.bundle import Bundle
from training.settings import TrainingSettings


def bundles() -> list[Bundle]:
    """Assemble one bundle of each kind: two encoders, and what is popular."""
    snapshot = some_snapshot(1, n_users=N_USERS, n_items=N_ITEMS)
    settings = TrainingSettings.model_validate(
        {"blend": {"trend": 0.1}, "weights": {"half_life_days": float("inf")}}
    )
    folded = svd_model(snapshot, settings)
    averaged = _averaged(folded, snapshot, settings)
    return [
        _of_one_stage(assemble(snapshot, settings, models, data_digest="golden", created_at=AS_OF))
        for models in ({"als": folded}, {"als": averaged}, {})
    ]


def _of_one_stage(bundle: Bundle) -> Bundle:
    """Leave out what bundles did not hold then."""
    return replace(
        bundle,
        recommender=replace(bundle.recommender, sources=Sources(), facts=None),
        similar=replace(bundle.similar, content=None, baskets=None),
    )


def _averaged(
    model: EmbeddingModel, snapshot: Snapshot, settings: TrainingSettings
) -> EmbeddingModel:
    wanted = interactions(snapshot, settings).matrix
    encoder = HistoryMeanEncoder.fitted(
        model.item_vectors, user_vectors=model.encode(wanted), confidence=wanted
    )
    return EmbeddingModel(model.item_vectors, encoder)


if __name__ == "__main__":
    record(Path(sys.argv[1]), bundles())
