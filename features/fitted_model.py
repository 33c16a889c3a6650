"""What a trainer returns and a bundle holds: an immutable model that can only be asked."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.encoders import Encoder


class ScoringModel(Protocol):
    """Anything that can say how much each person wants each of some items."""

    def score(
        self, confidence: sp.csr_array, item_rows: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Score items for people.

        Parameters
        ----------
        confidence : csr_array of float32, shape (n, n_items)
            What each of n people has shown.
        item_rows : ndarray of int, shape (m,)
            The items in question.

        Returns
        -------
        ndarray of float32, shape (n, m)
            Higher is wanted more; comparable within one person only.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingModel:
    """A model whose score is the inner product of a person's and an item's vector.

    Parameters
    ----------
    item_vectors : ndarray of float32, shape (n_items, d)
        Ready for the inner product, biases folded in.
    encoder : Encoder
        From history to the person's vector, shape (n, d).
    """

    item_vectors: NDArray[np.float32]
    encoder: Encoder

    def encode(self, confidence: sp.csr_array) -> NDArray[np.float32]:
        """Give each person's vector, shape (n, d) float32."""
        return self.encoder.encode(confidence)

    def score(
        self, confidence: sp.csr_array, item_rows: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Score items for people, shape (n, m) float32."""
        scores: NDArray[np.float32] = self.encode(confidence) @ self.item_vectors[item_rows].T
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class PopularityModel:
    """A model that knows only the items, not the person.

    Parameters
    ----------
    item_scores : ndarray of float32, shape (n_items,)
        How much everybody wants each item.
    """

    item_scores: NDArray[np.float32]

    def score(
        self, confidence: sp.csr_array, item_rows: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Give everybody the same scores, shape (n, m) float32."""
        same = self.item_scores[item_rows]
        return np.broadcast_to(same, (confidence.shape[0], len(same)))
