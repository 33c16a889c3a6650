"""Spectral: the strongest directions in which people and items go together, in closed form."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.encoders import SpectralEncoder
from features.fitted_model import EmbeddingModel
from features.interactions import Interactions
from training.models.protocol import check_settings, learnable

_POWER_ITERATIONS: Final = 3
_OVERSAMPLED: Final = 32
# Squared singular values below this share of the largest are noise in float32.
_WEAKEST: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Spectral:
    """Truncated SVD of the degree-normalised confidences (as in GF-CF, Shen et al. 2021).

    ``N = D_u^-1/2 R D_i^-1/2``, ``N ~ U S V'``; a person is at ``N_u V``, an item at
    ``V S^1/2 D_i^1/2``. D_u and D_i hold what people have shown and items have got in all.

    Parameters
    ----------
    factors : int
        Dimensions of the vectors; a matrix with fewer directions gives fewer.
    shrinkage : float
        Added to every item's entry of D_i, as a share of their mean, so that an item hardly
        anybody wants does not turn people its way.
    """

    embeds: ClassVar[bool] = True

    factors: int = 128
    shrinkage: float = 2.0

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, interactions: Interactions, *, seed: int) -> EmbeddingModel:
        """Find the directions; see `Trainer.fit`."""
        matrix = learnable(interactions)
        shown, got = (np.asarray(matrix.sum(axis=axis)).ravel() for axis in (1, 0))
        root = np.sqrt(got + np.float32(self.shrinkage) * got.mean())
        scale = sp.diags_array(1 / np.sqrt(np.where(shown > 0, shown, 1)))
        normalised = sp.csr_array(scale @ matrix @ sp.diags_array(1 / root), dtype=np.float32)
        values, directions = _right_singular(normalised, self.factors, seed=seed)
        item_vectors = directions * np.sqrt(values) * root[:, None]
        return EmbeddingModel(item_vectors, SpectralEncoder(directions / root[:, None]))


def _right_singular(
    matrix: sp.csr_array, rank: int, *, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Approximate the largest singular values and their right vectors, as columns.

    Randomised subspace iteration (Halko, Martinsson, Tropp 2011, algorithm 4.4).
    """
    turned = sp.csr_array(matrix.T)
    width = min(rank + _OVERSAMPLED, *matrix.shape)
    basis = np.random.default_rng(seed).standard_normal((matrix.shape[1], width), dtype=np.float32)
    for _ in range(1 + _POWER_ITERATIONS):
        basis = _orthonormal(turned @ _orthonormal(matrix @ basis))
    image = matrix @ basis
    squares, turns = np.linalg.eigh(image.T @ image)
    strongest = np.arange(len(squares))[::-1][:rank]
    return np.sqrt(np.maximum(squares[strongest], 0)), basis @ turns[:, strongest]


def _orthonormal(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give an orthonormal basis of what the columns span, but for its weakest directions.

    By the Gram matrix: a Householder QR of tall matrices takes far longer.
    """
    squares, turns = np.linalg.eigh(columns.T @ columns)
    kept = squares > _WEAKEST * squares[-1]
    basis: NDArray[np.float32] = columns @ (turns[:, kept] / np.sqrt(squares[kept]))
    return basis
