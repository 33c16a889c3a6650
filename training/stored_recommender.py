"""How a recommender lies in a bundle: its models, sources, item facts and ranker, as arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from numpy.typing import NDArray

from features.candidates import Budgets
from features.catalog import Catalogue
from features.context_lifts import ContextLifts
from features.demand import Trends
from features.encoders import ENCODERS
from features.fitted_model import EmbeddingModel
from features.item_facts import ItemFacts
from features.item_index import IndexChoice, ItemIndex
from features.neighbours import Neighbours
from features.pair_features import Blend
from features.ranker import Ranker
from features.recommender import Recommender
from features.retrievers import EmbeddingRetriever, NeighbourRetriever, Retriever
from features.sources import Sources
from features.trees import TreeEnsemble
from features.weights import ConfidenceWeights
from training.manifest import Manifest
from training.storage import StoredArrays

Groups = dict[str, Mapping[str, NDArray[Any]]]

# The first model has lain under these names since the first bundles.
_INDEX: Final = "near"
_ENCODER: Final = "encoder"
_NEIGHBOURS: Final = "neighbours"
_TREES: Final = ("everything", "new")


def groups_of(recommender: Recommender) -> Groups:
    """Give all arrays by group and name."""
    trends, sources = recommender.trends, recommender.sources
    groups: Groups = {"trends": {"scores": trends.scores, "top": trends.top, "order": trends.order}}
    for name, retriever, suffix in _suffixed(recommender):
        if isinstance(retriever, EmbeddingRetriever):
            groups[f"{_INDEX}{suffix}"] = {"vectors": retriever.index.vectors}
            groups[f"{_ENCODER}{suffix}"] = retriever.model.encoder.arrays()
        elif isinstance(retriever, NeighbourRetriever):
            groups[f"{_NEIGHBOURS}_{name}"] = retriever.model.arrays()
    groups |= {f"source_{name}": arrays for name, arrays in sources.arrays().items()}
    if recommender.facts is not None:
        groups["facts"] = recommender.facts.arrays()
    if recommender.ranker is not None:
        groups |= {f"ranker_{one}": getattr(recommender.ranker, one).arrays() for one in _TREES}
    if recommender.lifts is not None:
        groups["context_lifts"] = recommender.lifts.arrays()
    return groups


def indexes_of(recommender: Recommender) -> dict[str, ItemIndex]:
    """Give the item indexes by the name of their file."""
    return {
        f"{_INDEX}{suffix}": retriever.index
        for _, retriever, suffix in _suffixed(recommender)
        if isinstance(retriever, EmbeddingRetriever)
    }


def parts_of(recommender: Recommender) -> dict[str, Any]:
    """Give what the arrays need beside themselves, for the manifest."""
    first, ranker = recommender.first, recommender.ranker
    parts: dict[str, Any] = {
        "weights": asdict(recommender.weights),
        "blend": asdict(recommender.blend),
        "trend_countries": recommender.trends.countries,
        "encoder": None if first is None else first.model.encoder.kind,
        "beside": [_about(name, one) for name, one, suffix in _suffixed(recommender) if suffix],
        "budgets": asdict(recommender.sources.budgets),
    }
    if ranker is not None:
        parts["ranker"] = {one: getattr(ranker, one).features for one in _TREES}
    return parts


def open_recommender(manifest: Manifest, arrays: StoredArrays, catalogue: Catalogue) -> Recommender:
    """Map a recommender into memory."""
    parts = manifest.parts
    return Recommender(
        as_of_s=int(manifest.as_of.timestamp()),
        weights=ConfidenceWeights(**parts["weights"]),
        recommendable=catalogue.recommendable,
        trends=Trends(**arrays.group("trends"), countries=tuple(parts["trend_countries"])),
        blend=Blend(**parts["blend"]),
        retrievers=dict(_open_retrievers(manifest, arrays)),
        sources=Sources.from_arrays(
            {name: arrays.group(f"source_{name}") for name in Sources.stored()},
            budgets=Budgets(**parts.get("budgets", {})),
        ),
        facts=ItemFacts.from_arrays(facts) if (facts := arrays.group("facts")) else None,
        ranker=_open_ranker(parts.get("ranker"), arrays),
        lifts=ContextLifts.from_arrays(lifts) if (lifts := arrays.group("context_lifts")) else None,
    )


def open_index(manifest: Manifest, arrays: StoredArrays, name: str) -> ItemIndex:
    """Map an item index into memory."""
    choice = IndexChoice(**manifest.parts["indexes"][name])
    return ItemIndex.open(arrays.folder / f"{name}.faiss", arrays.one(f"{name}/vectors"), choice)


def _suffixed(recommender: Recommender) -> Iterator[tuple[str, Retriever, str]]:
    """Name what each model's arrays are told apart by; those of the first have no suffix."""
    for name, retriever in recommender.retrievers.items():
        yield name, retriever, "" if retriever is recommender.first else f"_{name}"


def _about(name: str, retriever: Retriever) -> dict[str, Any]:
    encoder = None
    if isinstance(retriever, EmbeddingRetriever):
        encoder = retriever.model.encoder.kind
    return {"name": name, "kind": retriever.kind, "encoder": encoder}


def _open_retrievers(manifest: Manifest, arrays: StoredArrays) -> Iterator[tuple[str, Retriever]]:
    parts = manifest.parts
    if manifest.model is not None:
        yield manifest.model, _open_embedding(manifest, arrays, parts["encoder"], "")
    for one in parts.get("beside", ()):
        name = one["name"]
        if one["kind"] == EmbeddingRetriever.kind:
            yield name, _open_embedding(manifest, arrays, one["encoder"], f"_{name}")
        else:
            stored = Neighbours.from_arrays(arrays.group(f"{_NEIGHBOURS}_{name}"))
            yield name, NeighbourRetriever(stored)


def _open_embedding(
    manifest: Manifest, arrays: StoredArrays, kind: str, suffix: str
) -> EmbeddingRetriever:
    index = open_index(manifest, arrays, f"{_INDEX}{suffix}")
    encoder = ENCODERS[kind](arrays.group(f"{_ENCODER}{suffix}"))
    return EmbeddingRetriever(EmbeddingModel(index.vectors, encoder), index)


def _open_ranker(features: dict[str, list[str]] | None, arrays: StoredArrays) -> Ranker | None:
    if features is None:
        return None
    trees = {
        one: TreeEnsemble.from_arrays(tuple(features[one]), arrays.group(f"ranker_{one}"))
        for one in _TREES
    }
    return Ranker(**trees)
