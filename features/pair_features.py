"""Features of (person, item) pairs, and how the plainest of them add up to a score."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PairFeatures:
    """What is known about each of some candidate pairs.

    Parameters
    ----------
    names : tuple of str
        What each row means.
    rows : ndarray of float32, shape (n_features, n_pairs)
        Finite numbers.
    """

    names: tuple[str, ...]
    rows: NDArray[np.float32]

    @classmethod
    def of(cls, features: Mapping[str, NDArray[np.floating]]) -> Self:
        """Stack features by name, each of shape (n_pairs,)."""
        return cls(tuple(features), np.array(list(features.values()), dtype=np.float32))

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self.rows[self.names.index(name)]
        return found


@dataclass(frozen=True, slots=True)
class Blend:
    """A weighted sum of the plain features.

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

    def score(
        self,
        *,
        affinity: NDArray[np.float32],
        own: NDArray[np.float32],
        trend: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Score pairs.

        Parameters
        ----------
        affinity : ndarray of float32, shape (n_pairs,)
            How near the person and the item are to each other; 0 without a model.
        own : ndarray of float32, shape (n_pairs,)
            The person's own confidence in the item; 0 where they never touched it.
        trend : ndarray of float32, shape (n_pairs,)
            The item's decayed demand as a share of the most wanted item's.

        Returns
        -------
        ndarray of float32, shape (n_pairs,)
            Higher is wanted more.
        """
        share = own / (own + np.float32(self.own_half))
        return (
            np.float32(self.affinity) * affinity
            + np.float32(self.own) * share
            + np.float32(self.trend) * trend
        )
