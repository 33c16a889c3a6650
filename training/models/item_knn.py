"""Item-kNN: a person wants what others had together with what this person has had."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np
import scipy.sparse as sp

from features.interactions import Interactions
from features.neighbours import Neighbours
from training.models.protocol import check_settings, learnable

Weighting = Literal["cosine", "tfidf", "bm25"]

# As implicit's BM25Recommender has them. Its bm25_weight has others, with which items that hardly
# anybody wants speak loudest.
_BM25: Final = {"K1": 1.2, "B": 0.75}


@dataclass(frozen=True, slots=True)
class ItemKnn:
    """Nearest neighbours of items by who wanted both (Sarwar et al. 2001), with `implicit`.

    Parameters
    ----------
    weighting : {"cosine", "tfidf", "bm25"}
        What confidences count when two items are compared: as much as they are, and an item is
        worth the less the more others speak for it; less for people who want everything; like
        that, and with less for what is wanted again and again.
    neighbours : int
        How many others an item may speak for.
    """

    embeds: ClassVar[bool] = False

    weighting: Weighting = "bm25"
    neighbours: int = 50

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, interactions: Interactions, *, seed: int) -> Neighbours:  # noqa: ARG002 -- nothing is random
        """Compare every two items; see `Trainer.fit`."""
        from implicit.nearest_neighbours import all_pairs_knn

        weighted = _weighted(learnable(interactions), self.weighting)
        # An item's nearest may be itself, which takes up one place.
        similarity = all_pairs_knn(weighted, self.neighbours + 1, show_progress=False)
        found = Neighbours.of(sp.csr_array(similarity), most=self.neighbours)
        return _spread(found) if self.weighting == "cosine" else found


def _weighted(matrix: sp.csr_matrix, weighting: Weighting) -> sp.csr_matrix:
    """Weigh confidences so that the product of two columns is what their items have in common."""
    from implicit.nearest_neighbours import bm25_weight, tfidf_weight

    by_item = matrix.T.astype(np.float64)  # the only type that implicit compares
    if weighting == "bm25":
        return sp.csr_matrix(bm25_weight(by_item, **_BM25).T)
    weighed = sp.csr_matrix(tfidf_weight(by_item) if weighting == "tfidf" else by_item)
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    # implicit's own cosine divides by the length also where it is 0.
    return sp.csr_matrix((sp.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ weighed).T)


def _spread(found: Neighbours) -> Neighbours:
    """Make items worth less that many others speak for: else they are in every list."""
    similarity = found.similarity
    spoken_for = np.asarray(similarity.sum(axis=0)).ravel()
    weights = similarity.data / np.sqrt(spoken_for[similarity.indices])
    parts = (weights.astype(np.float32), similarity.indices, similarity.indptr)
    return Neighbours(sp.csr_array(parts, shape=similarity.shape))
