"""LightFM: WARP over people and items that are the sums of their features."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.encoders import HistoryMeanEncoder
from features.fitted_model import EmbeddingModel
from features.interactions import Interactions
from training.models.pairs import strengths
from training.models.protocol import check_settings, learnable


@dataclass(frozen=True, slots=True)
class LightFm:
    """Weighted approximate-rank pairwise learning with side features (Kula 2015), by `lightfm`.

    An item that nobody wanted yet takes no part in the learning, where it would only be learnt
    that nobody wants it: its vector is what its features have taught.

    Parameters
    ----------
    factors : int
        Dimensions of the vectors, without the item's bias.
    learning_rate : float
        Size of a step, before Adagrad shrinks it.
    epochs : int
        How often every pair is learnt from.
    max_sampled : int
        How many items are tried to find one that is wrongly ranked above the chosen one.
    item_feature_weight, user_feature_weight : float
        What a row's side features weigh together, against 1 for what is its very own.
    """

    embeds: ClassVar[bool] = True

    factors: int = 64
    learning_rate: float = 0.05
    epochs: int = 20
    max_sampled: int = 30
    item_feature_weight: float = 0.3
    user_feature_weight: float = 0.1

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, interactions: Interactions, *, seed: int) -> EmbeddingModel:
        """Learn from weighted pairs and from features; see `Trainer.fit`."""
        from lightfm import LightFM

        matrix = learnable(interactions)
        n_users, n_items = matrix.shape
        wanted = np.flatnonzero(np.bincount(matrix.indices, minlength=n_items))
        items = _described(wanted, n_items, interactions.item_features, self.item_feature_weight)
        people = _described(
            np.arange(n_users), n_users, interactions.user_features, self.user_feature_weight
        )
        model = LightFM(
            loss="warp",
            no_components=self.factors,
            learning_rate=self.learning_rate,
            max_sampled=self.max_sampled,
            random_state=seed,
        )
        pairs, weights = _weighted_pairs(matrix[:, wanted])
        model.fit(
            pairs,
            sample_weight=weights,
            item_features=items[wanted],
            user_features=people,
            epochs=self.epochs,
            num_threads=1,  # more of them race, and the seed would no longer decide the result
        )
        biases, embeddings = model.get_item_representations(items)
        # Nothing is known of an item without sales and features: it gets no credit for that.
        biases[np.diff(items.indptr) == 0] = biases[wanted].min()
        item_vectors = np.column_stack([embeddings, biases])
        # A person's own bias moves all of that person's scores alike, so it is left out.
        _, likings = model.get_user_representations(people)
        user_vectors = np.column_stack([likings, np.ones(n_users, dtype=np.float32)])
        return EmbeddingModel(
            item_vectors,
            HistoryMeanEncoder.fitted(item_vectors, user_vectors=user_vectors, confidence=matrix),
        )


def _described(
    known: NDArray[np.integer], n_rows: int, features: sp.csr_array | None, weight: float
) -> sp.csr_matrix:
    """Give each known row a feature of its own, and every row its side features."""
    own = sp.csr_matrix(
        (np.ones(len(known), dtype=np.float32), (known, np.arange(len(known)))),
        shape=(n_rows, len(known)),
    )
    if features is None:
        return own
    totals = np.asarray(features.sum(axis=1), dtype=np.float32).ravel()
    side = sp.diags_array(np.float32(weight) / np.where(totals > 0, totals, 1)) @ features
    return sp.csr_matrix(sp.hstack([own, side], format="csr", dtype=np.float32))


def _weighted_pairs(matrix: sp.csr_matrix) -> tuple[sp.coo_matrix, sp.coo_matrix]:
    """Give the pairs, and what each counts, in the same order."""
    weights = matrix.tocoo()
    weights.data = strengths(weights.data)
    pairs = sp.coo_matrix((np.ones_like(weights.data), weights.coords), shape=weights.shape)
    return pairs, weights
