"""Row blocks: neighbours from a product of sparse matrices that would not fit in memory whole."""

from collections.abc import Callable
from typing import Final

import scipy.sparse as sp

from features.neighbours import Neighbours
from features.sparse_rows import only_largest

_CELLS_AT_ONCE: Final = 25_000_000
"""Entries of a block where every item is similar to every other, about 200 MB."""


def strongest(
    similarity_of: Callable[[slice], sp.csr_array], *, n_items: int, most: int
) -> Neighbours:
    """Keep each item's strongest neighbours of a similarity that is computed block by block.

    Parameters
    ----------
    similarity_of : callable
        Takes a slice of item rows and gives their similarities to all items, a csr_array of
        shape (n_rows, n_items).
    n_items : int
        How many items there are.
    most : int
        How many neighbours an item may have; at least 1.
    """
    at_once = max(1, _CELLS_AT_ONCE // max(n_items, 1))
    starts = range(0, n_items, at_once)
    # One more than wanted, because an item may be among its own.
    blocks = [
        only_largest(_positive(similarity_of(slice(start, start + at_once))), most + 1)
        for start in starts
    ]
    whole = sp.vstack(blocks, format="csr") if blocks else sp.csr_array((0, 0))
    return Neighbours.of(sp.csr_array(whole), most=most)


def _positive(similarity: sp.csr_array) -> sp.csr_array:
    positive = sp.csr_array(similarity, dtype="float32", copy=True)
    positive.data[positive.data < 0] = 0
    positive.eliminate_zeros()
    positive.sort_indices()
    return positive
