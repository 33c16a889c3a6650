"""Regression trees, evaluated for many rows at once without following a single branch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput

MOST_LEAVES: Final = 32
_CELLS_AT_ONCE: Final = 45_000
"""Rows by trees. With more, what is in work leaves the processor's cache, and is so large that its
memory goes back to the system after every call: new pages cost as much as the look-ups."""


@dataclass(frozen=True, slots=True, eq=False)
class TreeEnsemble:
    """A sum of trees with at most 32 leaves each, as bit masks (Lucchese et al. 2015, QuickScorer).

    A condition ``x > threshold`` that holds rules out the leaves on its left. For each feature
    the masks of all conditions are joined beforehand by the threshold that a value passes; what
    is left is one look-up per feature, one AND, and the lowest leaf that nothing has ruled out.

    Parameters
    ----------
    features : tuple of str
        The rows that are read, in this order.
    bounds : ndarray of int64, shape (n_features + 1,)
        Feature f's thresholds are `thresholds[bounds[f]:bounds[f + 1]]`, rising; its masks begin
        f rows later, because one more row stands for a value below all of them.
    thresholds : ndarray of float64, shape (n_thresholds,)
        What values are compared with.
    masks : ndarray of uint32, shape (n_thresholds + n_features, n_trees)
        Bit i is set where leaf i is still possible.
    leaves : ndarray of float64, shape (n_trees, 32)
        The leaves' values, from left to right.
    """

    features: tuple[str, ...]
    bounds: NDArray[np.int64]
    thresholds: NDArray[np.float64]
    masks: NDArray[np.uint32]
    leaves: NDArray[np.float64]
    _limits: NDArray[np.float32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # A float32 lies above a threshold where it lies above the highest float32 that does not.
        with np.errstate(over="ignore"):
            nearest = self.thresholds.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
        limits = np.where(nearest > self.thresholds, below, nearest)
        object.__setattr__(self, "_limits", limits)

    def score(self, names: tuple[str, ...], rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add up the trees.

        Parameters
        ----------
        names : tuple of str
            What each feature is called.
        rows : ndarray of float32, shape (n_features, n)
            The features; finite.

        Returns
        -------
        ndarray of float32, shape (n,)
            One sum for each column of `rows`.

        Raises
        ------
        InvalidInput
            A feature that the trees read is not given.
        """
        given = set(names)
        missing = [name for name in self.features if name not in given]
        if missing:
            raise InvalidInput(
                f"the ranker reads {missing[0]!r}, which this version does not compute;"
                " run vitrine train"
            )
        passed = self._passed(rows[[names.index(name) for name in self.features]])
        scores = np.empty(rows.shape[1], dtype=np.float32)
        n_parts = -(-len(scores) * len(self.leaves) // _CELLS_AT_ONCE)
        at_once = -(-len(scores) // max(1, n_parts))
        for start in range(0, len(scores), max(1, at_once)):
            part = slice(start, start + at_once)
            scores[part] = self._sums(passed[:, part])
        return scores

    def _passed(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Find the rows of `masks` that stand for what the features' values pass."""
        passed = np.empty(rows.shape, dtype=np.int64)
        bounds = self.bounds.tolist()
        for place, values in enumerate(rows):
            passed[place] = self._limits[bounds[place] : bounds[place + 1]].searchsorted(values)
        passed += (self.bounds[:-1] + np.arange(len(rows)))[:, None]
        return passed

    def _sums(self, passed: NDArray[np.int64]) -> NDArray[np.float64]:
        # What is the same of all, as a person's own numbers are, is joined once.
        is_same = (passed == passed[:, :1]).all(axis=1)
        possible = np.empty((passed.shape[1], len(self.leaves)), dtype=np.uint32)
        possible[:] = np.bitwise_and.reduce(self.masks[passed[is_same, 0]], axis=0)
        masks = np.empty_like(possible)
        for mask_rows in passed[~is_same]:
            # No row is out of range; with "clip" NumPy writes to `out` without a copy between.
            self.masks.take(mask_rows, axis=0, out=masks, mode="clip")
            possible &= masks
        np.negative(possible, out=masks)
        possible &= masks
        # A power of two is its exponent, wherever floats keep that; the highest bit is the sign.
        leaf = possible.view(np.int32).astype(np.float32).view(np.int32)
        leaf >>= 23
        leaf &= 255
        leaf += np.arange(len(self.leaves), dtype=np.int32) * MOST_LEAVES - 127
        sums: NDArray[np.float64] = self.leaves.take(leaf).sum(axis=1)
        return sums

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays that `from_arrays` needs."""
        return {
            "bounds": self.bounds,
            "thresholds": self.thresholds,
            "masks": self.masks,
            "leaves": self.leaves,
        }

    @classmethod
    def from_arrays(cls, features: tuple[str, ...], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from stored arrays."""
        return cls(features, **arrays)
