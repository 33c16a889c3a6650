"""Alike: which items the catalogue describes in the same words, whether anybody bought them."""

from typing import Final

import numpy as np
import scipy.sparse as sp

from features.content import FeatureMatrix
from features.neighbours import Neighbours
from features.row_blocks import strongest

_MOST_PAIRS: Final = 100_000_000
_FEWEST_SHARED: Final = 1_000
"""A feature costs a product for each pair of items that have it. In a large catalogue those that
more items have than the pairs allow are left out, but never one of so few items as this."""


def alike(features: FeatureMatrix, *, most: int = 50) -> Neighbours:
    """Find each item's nearest by what the catalogue says of them.

    The cosine between rows weighted by inverse document frequency, ``ln(n_items / n_with_it)``
    (Sparck Jones 1972): "stand" weighs more than "red", and what every item has weighs nothing.
    An item that nobody bought yet is placed like any other.

    Parameters
    ----------
    features : FeatureMatrix
        Of all items of the catalogue.
    most : int
        How many neighbours an item may have; at least 1.

    Returns
    -------
    Neighbours
        Cosines, above 0 to 1; none for an item of which the catalogue says nothing.

    Examples
    --------
    >>> titles = sp.csr_array(np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1]], np.float32))
    >>> words = FeatureMatrix(titles, ("title=cake", "title=red", "title=stand"))
    >>> alike(words, most=1).similarity.indices.tolist()
    [2, 3, 0, 1]
    """
    unit = _unit_rows(features.matrix)
    others = sp.csr_array(unit.T)
    return strongest(lambda rows: unit[rows] @ others, n_items=unit.shape[0], most=most)


def _unit_rows(matrix: sp.csr_array) -> sp.csr_array:
    """Weigh features by how few items have them, and scale each item's row to length 1."""
    n_items, n_features = matrix.shape
    n_with = np.bincount(matrix.indices, minlength=n_features)
    telling = (n_with > 0) & (n_with <= max(_FEWEST_SHARED, _MOST_PAIRS // max(n_items, 1)))
    weights = np.where(telling, np.log(n_items / np.maximum(n_with, 1)), 0)
    weighted = sp.csr_array(matrix @ sp.diags_array(weights))
    weighted.eliminate_zeros()
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    scaled = sp.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ weighted
    return sp.csr_array(scaled, dtype=np.float32)
