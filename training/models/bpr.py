"""BPR: factors that put an item a person chose before one the person did not choose."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import scipy.sparse as sp

from features.encoders import HistoryMeanEncoder
from features.fitted_model import EmbeddingModel
from features.interactions import Interactions
from training.models.pairs import drawn_pairs
from training.models.protocol import check_settings, learnable

_EVEN_PER_POPULAR: Final = 3


@dataclass(frozen=True, slots=True)
class Bpr:
    """Bayesian personalised ranking (Rendle et al. 2009), by `implicit`.

    Parameters
    ----------
    factors : int
        Dimensions of the vectors, without the item's bias.
    learning_rate : float
        Size of a step.
    regularization : float
        How strongly the factors are held small.
    iterations : int
        Rounds; each draws as many pairs as people have with items.
    """

    embeds: ClassVar[bool] = True

    factors: int = 64
    learning_rate: float = 0.05
    regularization: float = 0.02
    iterations: int = 30

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, interactions: Interactions, *, seed: int) -> EmbeddingModel:
        """Learn from drawn pairs; see `Trainer.fit`."""
        from implicit.bpr import BayesianPersonalizedRanking

        matrix = learnable(interactions)
        drawn = drawn_pairs(matrix)
        model = BayesianPersonalizedRanking(
            factors=self.factors,
            learning_rate=self.learning_rate,
            regularization=self.regularization,
            iterations=self.iterations,
            num_threads=1,  # more of them race, and the seed would no longer decide the result
            random_state=seed,
            use_gpu=False,
        )
        model.fit(_with_even_negatives(drawn), show_progress=False)
        # The last factor of an item is its bias, that of a person is 1.
        taught = np.flatnonzero(np.diff(drawn.indptr))
        encoder = HistoryMeanEncoder.fitted(
            model.item_factors, user_vectors=model.user_factors[taught], confidence=matrix[taught]
        )
        return EmbeddingModel(model.item_factors, encoder)


def _with_even_negatives(drawn: sp.csr_matrix) -> sp.csr_matrix:
    """Add a visitor who chose everything, so that negatives come from the whole catalogue.

    `implicit` draws the item that was not chosen from all entries, hence by popularity. A model
    learns from that what is *unusually* wanted by a person, and that an item nobody buys is as
    good as any. The visitor's own draws teach nothing: there is no item the visitor did not choose.
    """
    n_items = drawn.shape[1]
    times = -(-_EVEN_PER_POPULAR * drawn.nnz // n_items)
    everything = np.repeat(np.arange(n_items, dtype=np.int32), times)
    visitor = sp.csr_matrix(
        (
            np.ones(len(everything), dtype=np.float32),
            everything,
            np.array([0, len(everything)], dtype=np.int32),
        ),
        shape=(1, n_items),
    )
    return sp.vstack([drawn, visitor], format="csr")
