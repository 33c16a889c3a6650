"""Folding in: the vector that implicit ALS would learn for a person with this history."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar, Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.encoders.protocol import Arrays

_SOLVED_AT_ONCE: Final = 512


@dataclass(frozen=True, slots=True, eq=False)
class FoldInEncoder:
    """Solve the normal equations of implicit ALS for people, with the items held fixed.

    ``x_u = (Y'Y + Y'(C_u - I)Y + reg I)^-1 Y'c_u`` (Hu, Koren, Volinsky 2008, eq. 4), where the
    preference of every item with a confidence is 1. It gives what `implicit` would learn for a
    person with this history.

    Parameters
    ----------
    item_factors : ndarray of float32, shape (n_items, d)
        Y.
    base : ndarray of float32, shape (d, d)
        ``Y'Y + reg I``, the part that all people share.
    """

    kind: ClassVar[str] = "fold_in"
    item_factors: NDArray[np.float32]
    base: NDArray[np.float32]
    _base_inverse: NDArray[np.float32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_base_inverse", np.linalg.inv(self.base))

    @classmethod
    def of(cls, item_factors: NDArray[np.float32], *, regularization: float) -> Self:
        """Prepare the shared part for these factors."""
        shared = item_factors.T @ item_factors
        eye = np.eye(item_factors.shape[1], dtype=np.float32)
        return cls(item_factors, (shared + np.float32(regularization) * eye).astype(np.float32))

    def encode(self, confidence: sp.csr_array) -> NDArray[np.float32]:
        """Give each person's vector; zeros for somebody without history."""
        n, d = confidence.shape[0], self.base.shape[0]
        vectors = np.zeros((n, d), dtype=np.float32)
        for start in range(0, n, _SOLVED_AT_ONCE):
            stop = min(start + _SOLVED_AT_ONCE, n)
            left = np.empty((stop - start, d, d), dtype=np.float32)
            right = np.empty((stop - start, d, 1), dtype=np.float32)
            for place, (columns, values) in enumerate(_csr_rows(confidence, start, stop)):
                left[place], right[place, :, 0] = self._equations(columns, values)
            vectors[start:stop] = np.linalg.solve(left, right)[:, :, 0]
        return vectors

    def contributions(
        self,
        item_rows: NDArray[np.integer],
        confidence: NDArray[np.float32],
        targets: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Split ``t'x_u = sum_i c_i t'A_u^-1 y_i`` into its terms; they add up to the score.

        A history F shorter than d is cheaper by ``F A_u^-1 = (I + F B^-1 F' D)^-1 F B^-1``, where
        B is `base` and ``A_u = B + F'DF`` (the push-through identity).
        """
        factors = self.item_factors[item_rows]
        weights = np.where(confidence > 0, confidence - np.float32(1), np.float32(0))
        n_history, d = factors.shape[-2:]
        columns = np.swapaxes(factors, -1, -2)
        if n_history < d:
            known = factors @ self._base_inverse
            left = known @ columns
            left *= weights[..., None, :]
            left[..., np.arange(n_history), np.arange(n_history)] += np.float32(1)
            parts = np.linalg.solve(left, known @ np.swapaxes(targets, -1, -2))
        else:
            left = self.base + (columns * weights[..., None, :]) @ factors
            parts = factors @ np.linalg.solve(left, np.swapaxes(targets, -1, -2))
        split: NDArray[np.float32] = confidence[..., None] * parts
        return split

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give `item_factors` and `base`."""
        return {"item_factors": self.item_factors, "base": self.base}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build from `item_factors` and `base`."""
        return cls(arrays["item_factors"], arrays["base"])

    def _equations(
        self, item_rows: NDArray[np.integer], confidence: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        factors = self.item_factors[item_rows]
        left = self.base + (factors.T * (confidence - np.float32(1))) @ factors
        return left, confidence @ factors


def _csr_rows(
    matrix: sp.csr_array, start: int, stop: int
) -> Iterator[tuple[NDArray[np.integer], NDArray[np.float32]]]:
    bounds = matrix.indptr[start : stop + 1].tolist()
    for low, high in pairwise(bounds):
        yield matrix.indices[low:high], matrix.data[low:high]
