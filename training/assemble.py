"""From what was known to what is served: fit the models, and join all parts into a bundle."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from typing import Final

import numpy as np
import pyarrow as pa

from features.alike import alike
from features.arrivals import Arrivals, first_days
from features.bought_together import bought_together
from features.category_trends import CategoryTrends
from features.content import item_features, user_features
from features.context_lifts import ContextLifts
from features.demand import Trends
from features.fitted_model import EmbeddingModel, ScoringModel
from features.interactions import Interactions
from features.item_facts import ItemFacts
from features.item_index import ItemIndex
from features.neighbours import Neighbours
from features.ranker import Ranker
from features.recommender import Recommender
from features.repurchase import RepurchaseModel
from features.retrievers import EmbeddingRetriever, NeighbourRetriever, Retriever
from features.segments.activity import activity
from features.segments.lifecycle import Stage, StageRules, lifecycle, usual_gap_days
from features.similar import SimilarItems
from features.snapshot import Snapshot
from features.sources import Sources
from features.weights import ConfidenceWeights, confidence
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
        user_features=user_features(_about_people(snapshot)).matrix,
    )


def _about_people(snapshot: Snapshot) -> pa.Table:
    known = activity(snapshot.histories, as_of_s=snapshot.as_of_s)
    stages = lifecycle(known, StageRules(gap_days=usual_gap_days(known)))
    return pa.table(
        {
            "country": snapshot.people.country_names,
            "lifecycle": [Stage.of_code(code).value for code in stages.tolist()],
        }
    )


def fit(name: str, learnt_from: Interactions, settings: TrainingSettings) -> ScoringModel:
    """Fit one model with its settings."""
    model: ScoringModel = settings.trainer(name).fit(learnt_from, seed=settings.seed)
    return model


def assemble(
    snapshot: Snapshot,
    settings: TrainingSettings,
    models: Mapping[str, ScoringModel],
    *,
    ranker: Ranker | None = None,
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
    models : mapping of str to ScoringModel
        The fitted models by name, the served one first; one that knows only what is popular is
        left out. Without any, what is popular is served.
    ranker : Ranker, optional
        The second stage; without it the blend orders the candidates.
    data_digest : str
        Of the event log.
    created_at : datetime
        Now, aware.
    """
    recommender = _recommender(snapshot, settings, models, ranker)
    return Bundle(
        manifest=Manifest(
            as_of=snapshot.as_of,
            created_at=created_at,
            code_version=version("vitrine"),
            data_digest=data_digest,
            n_users=len(snapshot.users),
            n_items=len(snapshot.items),
            model=_first_name(recommender),
            settings=settings.model_dump(mode="json"),
            synced_batch=snapshot.synced_batch,
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


def _first_name(recommender: Recommender) -> str | None:
    """Name the model that the bundle is served from: the ranker knows its scores by that name."""
    models = recommender.retrievers.items()
    return next((name for name, one in models if one is recommender.first), None)


def _recommender(
    snapshot: Snapshot,
    settings: TrainingSettings,
    models: Mapping[str, ScoringModel],
    ranker: Ranker | None,
) -> Recommender:
    weights = settings.weights.confidence()
    recommendable, sources = snapshot.catalogue.recommendable, _sources(snapshot, settings)
    return Recommender(
        as_of_s=snapshot.as_of_s,
        weights=weights,
        recommendable=recommendable,
        trends=Trends.of(
            snapshot.demand,
            recommendable=recommendable,
            weights=_trend_weights(settings),
            as_of_s=snapshot.as_of_s,
        ),
        blend=settings.blend.blend(),
        retrievers=dict(_retrievers(snapshot, settings, models)),
        sources=sources,
        facts=_facts(snapshot, weights, sources),
        ranker=ranker,
        lifts=_lifts(snapshot, weights),
    )


def _lifts(snapshot: Snapshot, weights: ConfidenceWeights) -> ContextLifts | None:
    if snapshot.contexts is None:
        return None
    came = first_days(snapshot.demand, snapshot.catalogue)
    return ContextLifts.of(snapshot.contexts, snapshot.catalogue, first_days=came, weights=weights)


def _retrievers(
    snapshot: Snapshot, settings: TrainingSettings, models: Mapping[str, ScoringModel]
) -> Iterator[tuple[str, Retriever]]:
    for name, model in models.items():
        if isinstance(model, EmbeddingModel):
            index = ItemIndex.build(
                model.item_vectors,
                findable=snapshot.catalogue.recommendable,
                budget_ms=settings.index.budget_ms,
            )
            yield name, EmbeddingRetriever(model, index)
        elif isinstance(model, Neighbours):
            yield name, NeighbourRetriever(model)


def _sources(snapshot: Snapshot, settings: TrainingSettings) -> Sources:
    n_items, as_of_s = len(snapshot.items), snapshot.as_of_s
    histories, demand, catalogue = snapshot.histories, snapshot.demand, snapshot.catalogue
    trend = _trend_weights(settings)
    return Sources(
        budgets=settings.candidates.budgets(),
        baskets=bought_together(histories, n_items=n_items),
        content=alike(item_features(catalogue.table)),
        categories=CategoryTrends.of(demand, catalogue, weights=trend, as_of_s=as_of_s),
        repurchase=RepurchaseModel.of(histories, n_items=n_items, as_of_s=as_of_s),
        arrivals=Arrivals.of(demand, catalogue, weights=trend, as_of_s=as_of_s),
    )


def _trend_weights(settings: TrainingSettings) -> ConfidenceWeights:
    return replace(settings.weights.confidence(), half_life_days=settings.trend.half_life_days)


def _facts(snapshot: Snapshot, weights: ConfidenceWeights, sources: Sources) -> ItemFacts:
    nowhere = np.full(len(snapshot.items), -1, dtype=np.int32)
    categories = sources.categories
    return ItemFacts.of(
        snapshot.demand,
        prices=snapshot.prices,
        category_rows=nowhere if categories is None else categories.category_rows,
        weights=weights,
        usual_gap_days=usual_gap_days(activity(snapshot.histories, as_of_s=snapshot.as_of_s)),
        as_of_s=snapshot.as_of_s,
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
        content=recommender.sources.content,
        baskets=recommender.sources.baskets,
    )
