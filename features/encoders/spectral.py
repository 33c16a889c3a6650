"""The spectral encoder: a person is where the items of the history point, one sparse product."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.encoders.protocol import Arrays


@dataclass(frozen=True, slots=True, eq=False)
class SpectralEncoder:
    """Add up what each history item says, and scale by how much the person has shown in all.

    ``x_u = sum_i c_ui inputs_i / sqrt(sum_i c_ui)``

    Each row is computed from that row alone: nobody's vector depends on who else is asked about.

    Parameters
    ----------
    inputs : ndarray of float32, shape (n_items, d)
        What a confidence of 1 in an item brings; zeros for an item that nothing is known of.

    Examples
    --------
    >>> encoder = SpectralEncoder(np.array([[1, 0], [0, 2]], dtype=np.float32))
    >>> encoder.encode(sp.csr_array(np.array([[4, 0], [8, 8]], dtype=np.float32)))
    array([[2., 0.],
           [2., 4.]], dtype=float32)
    """

    kind: ClassVar[str] = "spectral"
    inputs: NDArray[np.float32]

    def encode(self, confidence: sp.csr_array) -> NDArray[np.float32]:
        """Give each person's vector; zeros for somebody without history."""
        totals = np.asarray(confidence.sum(axis=1), dtype=np.float32).reshape(-1, 1)
        vectors: NDArray[np.float32] = confidence @ self.inputs
        vectors /= np.sqrt(np.where(totals > 0, totals, np.float32(1)))
        return vectors

    def contributions(
        self,
        item_rows: NDArray[np.integer],
        confidence: NDArray[np.float32],
        targets: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Split the scores by history item; the parts add up to the score."""
        weights = confidence / np.sqrt(confidence.sum(axis=-1, keepdims=True))
        shares: NDArray[np.float32] = weights[..., None] * (
            self.inputs[item_rows] @ np.swapaxes(targets, -1, -2)
        )
        return shares

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give `inputs`."""
        return {"inputs": self.inputs}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build from `inputs`."""
        return cls(arrays["inputs"])
