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
    """

    personal: ClassVar[bool] = True

    factors: int = 64
    learning_rate: float = 0.05
    epochs: int = 20
    max_sampled: int = 30

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, interactions: Interactions, *, seed: int) -> EmbeddingModel:
        """Learn from weighted pairs and from features; see `Trainer.fit`."""
        from lightfm import LightFM

        matrix = learnable(interactions)
        wanted = np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1]))
        items = _described(wanted, matrix.shape[1], interactions.item_features)
        people = _described(np.arange(matrix.shape[0]), matrix.shape[0], interactions.user_features)
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
