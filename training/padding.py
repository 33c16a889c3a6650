"""Padding: how the parts of a trained bundle make room for items that it has never seen."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.arrivals import Arrivals
from features.context_lifts import ContextLifts
from features.encoders import ENCODERS
from features.fitted_model import EmbeddingModel
from features.item_facts import ItemFacts
from features.item_index import ItemIndex
from features.neighbours import Neighbours
from features.newcomers import Newcomers
from features.recommender import Recommender
from features.retrievers import EmbeddingRetriever, NeighbourRetriever, Retriever
from features.similar import SimilarItems
from features.sources import Sources

Array = NDArray[Any]
Fill = Callable[[Array, Newcomers], Array]
"""Gives the newcomers' values from those of the trained items, along the first axis."""


def padded(recommender: Recommender, newcomers: Newcomers) -> Recommender:
    """Give a recommender that has rows for newcomers; what needs no room is shared.

    Nobody has wanted a newcomer yet, so it lies where its category and brand lie, and is named
    as a new arrival.

    Parameters
    ----------
    recommender : Recommender
        Trained on `newcomers.n_trained` items; rows that it has behind them are made anew.
    newcomers : Newcomers
        The new items.
    """
    trends, facts, lifts = recommender.trends, recommender.facts, recommender.lifts
    known = {name: getattr(recommender.sources, name) for name in Sources.stored()}
    there = {name: one for name, one in known.items() if one is not None}
    sources = {name: _source(name, one, newcomers) for name, one in there.items()}
    return replace(
        recommender,
        trends=replace(trends, scores=_longer(trends.scores, "trends/scores", newcomers)),
        retrievers={
            name: _retriever(one, newcomers) for name, one in recommender.retrievers.items()
        },
        sources=replace(recommender.sources, **sources),
        facts=facts and ItemFacts.from_arrays(_group("facts", facts.arrays(), newcomers)),
        lifts=lifts and ContextLifts.from_arrays(_group("lifts", lifts.arrays(), newcomers)),
    )


def padded_similar(
    similar: SimilarItems, recommender: Recommender, newcomers: Newcomers
) -> SimilarItems:
    """Give a look-up of similar items that has rows for newcomers.

    Parameters
    ----------
    similar : SimilarItems
        As trained, or with rows that are made anew.
    recommender : Recommender
        What `padded` gave.
    newcomers : Newcomers
        The new items.
    """
    return replace(
        similar,
        index=_index(similar.index, newcomers),
        category_rows=_longer(similar.category_rows, "similar/category_rows", newcomers),
        content=recommender.sources.content,
        baskets=recommender.sources.baskets,
    )


def _retriever(retriever: Retriever, newcomers: Newcomers) -> Retriever:
    if isinstance(retriever, NeighbourRetriever):
        return NeighbourRetriever(_neighbours(retriever.model, newcomers))
    if not isinstance(retriever, EmbeddingRetriever):
        return retriever
    index, encoder = _index(retriever.index, newcomers), retriever.model.encoder
    arrays = _group("encoder", encoder.arrays(), newcomers)
    return EmbeddingRetriever(EmbeddingModel(index.vectors, ENCODERS[encoder.kind](arrays)), index)


def _index(index: ItemIndex, newcomers: Newcomers) -> ItemIndex:
    return replace(index, vectors=_longer(index.vectors, "index/vectors", newcomers))


def _source(name: str, source: Any, newcomers: Newcomers) -> Any:  # noqa: ANN401 -- of any kind
    if isinstance(source, Neighbours):
        return _neighbours(source, newcomers)
    if isinstance(source, Arrivals):
        trained = source.item_rows[source.item_rows < newcomers.n_trained]
        return Arrivals(trained).joined(newcomers.arrivals)
    return type(source).from_arrays(_group(name, source.arrays(), newcomers))


def _neighbours(neighbours: Neighbours, newcomers: Newcomers) -> Neighbours:
    """Add items without neighbours: real ones would cost a copy of the whole table."""
    known = neighbours.similarity
    indptr = known.indptr[: newcomers.n_trained + 1]
    n_items = newcomers.n_trained + len(newcomers)
    longer = np.append(indptr, np.full(len(newcomers), indptr[-1], dtype=indptr.dtype))
    return Neighbours(sp.csr_array((known.data, known.indices, longer), shape=(n_items, n_items)))


def _group(group: str, arrays: Mapping[str, Array], newcomers: Newcomers) -> dict[str, Array]:
    return {name: _longer(one, f"{group}/{name}", newcomers) for name, one in arrays.items()}


def _longer(array: Array, name: str, newcomers: Newcomers) -> Array:
    if name not in _PADDING:
        return array
    axis, fill = _PADDING[name]
    trained = np.moveaxis(array, axis, 0)[: newcomers.n_trained]
    new = fill(trained, newcomers).astype(array.dtype)
    return np.concatenate((np.moveaxis(trained, 0, axis), np.moveaxis(new, 0, axis)), axis)


def _nought(trained: Array, newcomers: Newcomers) -> Array:
    return np.zeros((len(newcomers), *trained.shape[1:]))


def _means(trained: Array, newcomers: Newcomers) -> Array:
    return newcomers.means(trained.astype(np.float32, copy=False))


def _medians(trained: Array, newcomers: Newcomers) -> Array:
    # Most items are bought by few, and have about what the whole shop has.
    return np.full(len(newcomers), np.median(trained) if len(trained) else 0)


def _usual(trained: Array, newcomers: Newcomers) -> Array:
    return newcomers.usual(trained)


def _numbered(trained: Array, newcomers: Newcomers) -> Array:
    return newcomers.numbered(trained)


def _log_prices(trained: Array, newcomers: Newcomers) -> Array:  # noqa: ARG001 -- a Fill
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(newcomers.prices > 0, np.log(newcomers.prices), np.nan)


_PADDING: Final[Mapping[str, tuple[int, Fill]]] = {
    "trends/scores": (0, _nought),
    "index/vectors": (0, _means),
    "encoder/item_factors": (0, _means),
    "encoder/inputs": (0, _means),
    "similar/category_rows": (0, _numbered),
    "categories/category_rows": (0, _usual),
    "repurchase/log_intervals": (0, _medians),
    "repurchase/spreads": (0, _medians),
    "repurchase/repeat_probabilities": (0, _medians),
    "facts/trend_short": (0, _nought),
    "facts/trend_long": (0, _nought),
    "facts/trend_ever": (0, _nought),
    "facts/season": (0, _nought),
    "facts/age_days": (0, _nought),
    "facts/log_price": (0, _log_prices),
    "facts/category_rows": (0, _usual),
    "facts/local": (1, _nought),
    # What is new in a category of winter goods is for the winter as well.
    "lifts/season": (1, _means),
    "lifts/daypart": (1, _means),
    "lifts/weekday": (1, _means),
    "lifts/device": (1, _means),
}
"""The arrays that have an axis of items: which one, and what a newcomer has there."""
