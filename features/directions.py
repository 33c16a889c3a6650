"""Directions: where an item's vector points, and how far that can be trusted."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_WELL_KNOWN: Final = 0.9
"""The quantile of the vectors' lengths that stands for an item with evidence enough."""
_SHRINKAGE: Final = 0.1
_NOTHING: Final = 0.01


def directions(item_vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale item vectors towards length 1, the less the less is known of an item.

    An item's vector is as long as there is evidence for it. The mere angle lets an item that one
    person bought be the nearest to everything that person bought; shrinking the short ones takes
    that away, as shrinking correlations by their support does (Koren 2008, section 2.2).

    Parameters
    ----------
    item_vectors : ndarray of float32, shape (n_items, d)
        As a model learnt them.

    Returns
    -------
    ndarray of float32, shape (n_items, d)
        Lengths below 1; zeros where next to nothing is known.

    Examples
    --------
    >>> directions(np.array([[9, 0], [0, 1], [0, 0.01]], dtype=np.float32)).round(2).tolist()
    [[0.9200000166893005, 0.0], [0.0, 0.5699999928474426], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(item_vectors, axis=1, keepdims=True)
    usual = float(np.quantile(lengths, _WELL_KNOWN)) if len(lengths) else 0.0
    known = lengths > _NOTHING * usual
    scaled = item_vectors / np.where(known, lengths + _SHRINKAGE * usual, 1)
    return np.where(known, scaled, 0).astype(np.float32)
