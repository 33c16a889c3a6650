"""Implicit ALS: factors of people and items that explain who wants what, and how surely."""

from dataclasses import dataclass
from typing import ClassVar

from threadpoolctl import threadpool_limits

from features.encoders import FoldInEncoder
from features.fitted_model import EmbeddingModel
from features.interactions import Interactions
from training.models.protocol import check_settings, learnable


@dataclass(frozen=True, slots=True)
class Als:
    """Alternating least squares for implicit feedback (Hu, Koren, Volinsky 2008), by `implicit`.

    Parameters
    ----------
    factors : int
        Dimensions of the vectors.
    regularization : float
        How strongly the factors are held small.
    iterations : int
        Rounds of solving for the people and for the items.
    """

    embeds: ClassVar[bool] = True

    factors: int = 64
    regularization: float = 1.0
    iterations: int = 15

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, interactions: Interactions, *, seed: int) -> EmbeddingModel:
        """Factorise; see `Trainer.fit`."""
        from implicit.als import AlternatingLeastSquares

        matrix = learnable(interactions)
        # implicit spreads people over its own threads; BLAS threads inside them only fight.
        with threadpool_limits(1, user_api="blas"):
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularization,
                iterations=self.iterations,
                alpha=1.0,  # the matrix already holds the confidences
                random_state=seed,
                use_gpu=False,
            )
            model.fit(matrix, show_progress=False)
        encoder = FoldInEncoder.of(model.item_factors, regularization=self.regularization)
        return EmbeddingModel(model.item_factors, encoder)
