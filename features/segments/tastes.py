"""Tastes: groups of people who go for the same kind of things, by their vectors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Tastes:
    """Directions in the space of an embedding model, and what they are called.

    Parameters
    ----------
    centres : ndarray of float32, shape (n_tastes, d)
        Of unit length.
    names : tuple of str, length n_tastes
        In words of the shop's titles and categories; no two are the same.
    """

    centres: NDArray[np.float32]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def of(self, vectors: NDArray[np.float32]) -> NDArray[np.int32]:
        """Find each person's taste.

        Parameters
        ----------
        vectors : ndarray of float32, shape (n, d)
            The people's vectors, of any length.

        Returns
        -------
        ndarray of int32, shape (n,)
            The taste whose centre points most in the same direction; -1 for a vector of zeros.
        """
        return nearest(vectors, self.centres)


def nearest(vectors: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int32]:
    """Find the centre in whose direction each vector points most.

    Examples
    --------
    >>> centres = np.eye(2, dtype=np.float32)
    >>> nearest(np.array([[3, 1], [0, 2], [0, 0]], dtype=np.float32), centres)
    array([ 0,  1, -1], dtype=int32)
    """
    # One product for each person: its rounding does not depend on who else is in the batch.
    closeness = np.matmul(centres, vectors[:, :, None])[:, :, 0]
    return np.where(vectors.any(axis=1), closeness.argmax(axis=1), -1).astype(np.int32)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale vectors to unit length; those of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
