"""What every history encoder promises: confidences in, vectors out, and the score split up."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
"""Stored arrays by name."""


class Encoder(Protocol):
    """A pure function from confidences to vectors, which can be stored as arrays."""

    kind: ClassVar[str]

    def encode(self, confidence: sp.csr_array) -> NDArray[np.float32]:
        """Give each person's vector, shape (n, d), for confidences of shape (n, n_items)."""
        ...

    def contributions(
        self,
        item_rows: NDArray[np.integer],
        confidence: NDArray[np.float32],
        targets: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Split scores by history item: shape (..., n_history, n_targets).

        Histories of shape (..., n_history) are one person's or those of several people; where one
        is filled up to the length of the longest, its confidence is 0. Targets are vectors of
        shape (..., n_targets, d).
        """
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays that `from_arrays` needs."""
        ...

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build the encoder from its stored arrays."""
        ...
