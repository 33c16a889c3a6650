"""Features of (person, item) pairs, and how they add up to a score."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PairFeatures:
    """What is known about each candidate of each of n people; all float32, shape (n, m).

    Parameters
    ----------
    affinity : ndarray
        Inner product of the person's and the item's vector; 0 without a model.
    own : ndarray
        The person's own confidence in the item; 0 where they never touched it.
    trend : ndarray
        The item's decayed demand as a share of the most wanted item's.
    """

    affinity: NDArray[np.float32]
    own: NDArray[np.float32]
    trend: NDArray[np.float32]


def pair_features(
    item_rows: NDArray[np.int32],
    *,
    confidence: sp.csr_array,
    vectors: NDArray[np.float32] | None,
    item_vectors: NDArray[np.float32] | None,
    trend_scores: NDArray[np.float32],
) -> PairFeatures:
    """Compute the features of n people's m candidates each.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (n, m)
        The candidates; a row of -1 gets the features of some item and is not to be used.
    confidence : csr_array of float32, shape (n, n_items)
        What each person has shown.
    vectors, item_vectors : ndarray of float32, shapes (n, d) and (n_items, d), or None
        The embedding model's, where there is one.
    trend_scores : ndarray of float32, shape (n_items,)
        `Trends.scores`.
    """
    n = item_rows.shape[0]
    affinity = np.zeros(item_rows.shape, dtype=np.float32)
    if vectors is not None and item_vectors is not None:
        # One product for each person: its rounding does not depend on who else is in the batch.
        affinity = np.matmul(item_vectors[item_rows], vectors[:, :, None])[:, :, 0]
    own = np.zeros(confidence.shape, dtype=np.float32)
    own[np.repeat(np.arange(n), np.diff(confidence.indptr)), confidence.indices] = confidence.data
    return PairFeatures(
        affinity=affinity,
        own=np.take_along_axis(own, item_rows.astype(np.int64), axis=1),
        trend=trend_scores[item_rows],
    )


@dataclass(frozen=True, slots=True)
class Blend:
    """A weighted sum of the pair features.

    Parameters
    ----------
    affinity, own, trend : float
        What each feature is multiplied by. `own` enters as ``own / (own + half)``.
    own_half : float
        The confidence at which a person's own history counts half of all it can; above 0.
    """

    affinity: float = 1.0
    own: float = 2.0
    own_half: float = 5.0
    trend: float = 0.0

    def score(self, features: PairFeatures) -> NDArray[np.float32]:
        """Score the pairs, shape (n, m) float32."""
        own = features.own / (features.own + np.float32(self.own_half))
        return (
            np.float32(self.affinity) * features.affinity
            + np.float32(self.own) * own
            + np.float32(self.trend) * features.trend
        )
