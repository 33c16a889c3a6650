"""From what was known to what is served: fit the models, and join all parts into a bundle."""

from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from typing import Final

import numpy as np
import pyarrow as pa

from features.content import item_features, user_features
from features.demand import Trends
from features.fitted_model import EmbeddingModel, ScoringModel
from features.interactions import Interactions
from features.item_index import ItemIndex
from features.recommender import Recommender
from features.similar import SimilarItems
from features.snapshot import Snapshot
from features.weights import confidence
from training.bundle import Bundle
from training.manifest import Manifest
from training.settings import TrainingSettings

# A bundle without an embedding model knows no angles: similar items come from the category.
_NO_DIMENSIONS: Final = 1


def interactions(snapshot: Snapshot, settings: TrainingSettings) -> Interactions:
    """Weigh the histories of a snapshot.

    Returns
    -------
    Interactions
        Of all users and items of the snapshot, with side features.
    """
    matrix = confidence(
        snapshot.histories,
        n_items=len(snapshot.items),
        weights=settings.weights.confidence(),
        as_of_s=snapshot.as_of_s,
    )
    return Interactions(
        matrix=matrix,
        users=snapshot.users,
        items=snapshot.items,
        as_of=snapshot.as_of,
        item_features=item_features(snapshot.catalogue.table).matrix,
        user_features=user_features(pa.table({"country": snapshot.people.country_names})).matrix,
    )


def fit(name: str, learnt_from: Interactions, settings: TrainingSettings) -> ScoringModel:
    """Fit one model with its settings."""
    model: ScoringModel = settings.trainer(name).fit(learnt_from, seed=settings.seed)
    return model


def assemble(
    snapshot: Snapshot,
    settings: TrainingSettings,
    model: EmbeddingModel | None,
    *,
    data_digest: str,
    created_at: datetime,
) -> Bundle:
    """Join everything that serving needs.

    Parameters
    ----------
    snapshot : Snapshot
        What was known.
    settings : TrainingSettings
        How to use it.
    model : EmbeddingModel or None
        The fitted model to serve; None to serve what is popular.
    data_digest : str
        Of the event log.
    created_at : datetime
        Now, aware.
    """
    recommender = _recommender(snapshot, settings, model)
    return Bundle(
        manifest=Manifest(
            as_of=snapshot.as_of,
            created_at=created_at,
            code_version=version("vitrine"),
            data_digest=data_digest,
            n_users=len(snapshot.users),
            n_items=len(snapshot.items),
            model=None if model is None else settings.serve,
            settings=settings.model_dump(mode="json"),
        ),
        users=snapshot.users,
        items=snapshot.items,
        histories=snapshot.histories,
        people=snapshot.people,
        catalogue=snapshot.catalogue,
        recommender=recommender,
        similar=_similar(snapshot, settings, recommender),
        user_vectors=recommender.read(snapshot.histories).vectors,
    )


def _recommender(
    snapshot: Snapshot, settings: TrainingSettings, model: EmbeddingModel | None
) -> Recommender:
    weights = settings.weights.confidence()
    recommendable = snapshot.catalogue.recommendable
    index = None
    if model is not None:
        index = ItemIndex.build(
            model.item_vectors, findable=recommendable, budget_ms=settings.index.budget_ms
        )
    return Recommender(
        as_of_s=snapshot.as_of_s,
        weights=weights,
        recommendable=recommendable,
        trends=Trends.of(
            snapshot.demand,
            recommendable=recommendable,
            weights=replace(weights, half_life_days=settings.trend.half_life_days),
            as_of_s=snapshot.as_of_s,
        ),
        blend=settings.blend.blend(),
        model=model,
        index=index,
    )


def _similar(
    snapshot: Snapshot, settings: TrainingSettings, recommender: Recommender
) -> SimilarItems:
    nothing = np.zeros((len(snapshot.items), _NO_DIMENSIONS), np.float32)
    model = recommender.model
    return SimilarItems.of(
        nothing if model is None else model.item_vectors,
        categories=snapshot.catalogue.table["category"].to_pylist(),
        recommendable=recommender.recommendable,
        popular=recommender.trends.order,
        budget_ms=settings.index.budget_ms,
    )
