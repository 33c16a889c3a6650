"""Baselines: the simple answers that every model must beat to earn its place."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.demand import Trends
from features.fitted_model import PopularityModel, ScoringModel
from features.snapshot import Snapshot
from features.weights import ConfidenceWeights

_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class OwnHistoryModel:
    """What a person has done before, the surest first, then what is trending.

    Parameters
    ----------
    trend_scores : ndarray of float32, shape (n_items,)
        In [0, 1].
    """

    trend_scores: NDArray[np.float32]

    def score(
        self, confidence: sp.csr_array, item_rows: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Score items for people, shape (n, m) float32: own items above 1, others below."""
        own = confidence[:, item_rows].toarray()
        scores: NDArray[np.float32] = np.where(
            own > 0, np.float32(1) + own, self.trend_scores[item_rows]
        )
        return scores


def baselines(
    snapshot: Snapshot, trends: Trends, weights: ConfidenceWeights
) -> dict[str, ScoringModel]:
    """Give the baselines of every report by name.

    Parameters
    ----------
    snapshot : Snapshot
        What was known.
    trends : Trends
        What was trending then.
    weights : ConfidenceWeights
        What the event types count; most popular forgets nothing.
    """
    lasting = ConfidenceWeights(_NEVER, weights.scale, weights.by_type)
    popular = snapshot.demand.decayed(
        n_items=len(snapshot.items), weights=lasting, as_of_s=snapshot.as_of_s
    )[-1]
    return {
        "most_popular": PopularityModel(popular),
        "trending": PopularityModel(trends.scores),
        "own_history": OwnHistoryModel(trends.scores),
    }
