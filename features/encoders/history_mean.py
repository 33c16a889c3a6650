"""The history mean: a learnt mapping from the mean of a person's items to that person's vector."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.encoders.protocol import Arrays
from features.errors import InvalidInput


@dataclass(frozen=True, slots=True, eq=False)
class HistoryMeanEncoder:
    """Map the mean of a person's items to the vector the model would have learnt for them.

    For models without a fold-in of their own (BPR, LightFM): `mapping` is the ridge regression of
    the learnt user vectors on the confidence-weighted means of the users' item vectors. It serves
    a new visitor by the same function as a known customer, and it is linear in the history.

    Parameters
    ----------
    inputs : ndarray of float32, shape (n_items, m)
        What an item brings into the mean.
    mapping : ndarray of float32, shape (m, d)
        From the mean to the person's vector.
    intercept : ndarray of float32, shape (d,)
        What is added for everybody.
    """

    kind: ClassVar[str] = "history_mean"
    inputs: NDArray[np.float32]
    mapping: NDArray[np.float32]
    intercept: NDArray[np.float32]

    @classmethod
    def fitted(
        cls,
        inputs: NDArray[np.float32],
        *,
        user_vectors: NDArray[np.float32],
        confidence: sp.csr_array,
        ridge: float = 1.0,
    ) -> Self:
        """Learn the mapping from people whose vectors a model has learnt.

        Parameters
        ----------
        inputs : ndarray of float32, shape (n_items, m)
            What an item brings into the mean.
        user_vectors : ndarray of float32, shape (n_users, d)
            What the model learnt.
        confidence : csr_array of float32, shape (n_users, n_items)
            What it learnt from.
        ridge : float
            How strongly the mapping is held small; greater than 0.

        Raises
        ------
        InvalidInput
            Nobody has any history.
        """
        active = np.flatnonzero(np.diff(confidence.indptr))
        if not len(active):
            raise InvalidInput("nobody has any history; give at least one interaction")
        means = _weighted_means(confidence[active], inputs)
        wanted = user_vectors[active]
        centre, level = means.mean(axis=0), wanted.mean(axis=0)
        gram = (means - centre).T @ (means - centre)
        gram += np.float32(ridge) * np.eye(inputs.shape[1], dtype=np.float32)
        mapping = np.linalg.solve(gram, (means - centre).T @ (wanted - level))
        return cls(
            inputs, mapping.astype(np.float32), (level - centre @ mapping).astype(np.float32)
        )

    def encode(self, confidence: sp.csr_array) -> NDArray[np.float32]:
        """Give each person's vector; zeros for somebody without history."""
        means = _weighted_means(confidence, self.inputs)
        # One product for each person: its rounding does not depend on who else is in the batch.
        vectors = (means[:, None] @ self.mapping)[:, 0] + self.intercept
        vectors[np.diff(confidence.indptr) == 0] = 0
        return vectors.astype(np.float32)

    def contributions(
        self,
        item_rows: NDArray[np.integer],
        confidence: NDArray[np.float32],
        targets: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Split the scores, less what everybody gets, by history item."""
        weights = confidence / confidence.sum(axis=-1, keepdims=True)
        brought = self.inputs[item_rows] @ self.mapping
        shares: NDArray[np.float32] = weights[..., None] * (brought @ np.swapaxes(targets, -1, -2))
        return shares

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give `inputs`, `mapping` and `intercept`."""
        return {"inputs": self.inputs, "mapping": self.mapping, "intercept": self.intercept}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build from `inputs`, `mapping` and `intercept`."""
        return cls(arrays["inputs"], arrays["mapping"], arrays["intercept"])


def _weighted_means(confidence: sp.csr_array, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    totals = np.asarray(confidence.sum(axis=1), dtype=np.float32).reshape(-1, 1)
    means: NDArray[np.float32] = (confidence @ inputs) / np.where(totals > 0, totals, 1)
    return means
