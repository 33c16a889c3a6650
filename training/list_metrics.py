"""What the lists are like all together: how wide, how novel, how popular, how varied.

These have no right answer to be compared with. They are read beside the metrics per user, to
see what a gain in accuracy was paid with. In all of them every list that shows anything counts
the same, however long it is.
"""

from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.errors import InvalidInput, NotEnoughData
from training.metrics import check_lists, wanted_items

_NUMBERS_AT_ONCE: Final = 1_000_000
"""How many numbers of the lists' item vectors are in memory together: 8 MB."""


def catalogue_coverage(recommended: NDArray[np.integer], *, n_items: int) -> float:
    """Measure which share of the catalogue is shown to anybody.

    ``coverage = different items shown / n_items`` (catalogue coverage of Ge,
    Delgado-Battenfeld and Jannach 2010).

    Parameters
    ----------
    recommended : ndarray of int32, shape (n_users, k)
        Item rows; -1 where a place stayed empty.
    n_items : int
        How many items could have been shown, such as those alive at `as_of`.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    InvalidInput
        More different items are shown than could have been.

    Examples
    --------
    >>> catalogue_coverage(np.array([[0, 1], [1, -1]]), n_items=4)
    0.5
    """
    n_shown = len(np.unique(recommended[recommended >= 0]))
    if n_shown > n_items or n_items < 1:
        raise InvalidInput(
            f"{n_shown} different items are shown out of {n_items};"
            " n_items must count all that could have been shown, and be at least 1"
        )
    return n_shown / n_items


def novelty(recommended: NDArray[np.integer], popularity: NDArray[np.floating]) -> float:
    """Measure how little known the shown items are, in bits.

    ``novelty = mean over lists of mean over items of -log2 p_i``, where
    ``p_i = (popularity_i + 1) / (sum of popularity + n_items)`` (self-information, Zhou et al.
    2010; the ones keep an item that nobody bought finite).

    Parameters
    ----------
    recommended : ndarray of int32, shape (n_users, k)
        Item rows; -1 where a place stayed empty.
    popularity : ndarray of float, shape (n_items,)
        How often each item was bought before `as_of`; never negative.

    Returns
    -------
    float
        In bits; log2(n_items) when all items are equally popular.

    Raises
    ------
    InvalidInput
        The lists are not valid (see `check_lists`).
    NotEnoughData
        Every list is empty.

    Examples
    --------
    >>> novelty(np.array([[0, 1], [2, 3]]), np.array([9.0, 9.0, 9.0, 9.0]))
    2.0
    """
    shown = _shown(recommended, n_items=len(popularity))
    shares = (popularity + 1.0) / (popularity.sum() + len(popularity))
    return _mean_over_lists(-np.log2(shares)[recommended], shown)


def popularity_lift(
    recommended: NDArray[np.integer], targets: sp.csr_array, popularity: NDArray[np.floating]
) -> float:
    """Compare the popularity of what is shown with the popularity of what is bought.

    ``lift = mean over lists of mean popularity shown / mean over users of mean popularity
    bought`` (the two group averages of Abdollahpouri et al. 2020, as their ratio).

    Parameters
    ----------
    recommended : ndarray of int32, shape (n_users, k)
        Item rows; -1 where a place stayed empty.
    targets : csr_array, shape (n_users, n_items)
        Greater than 0 where the user bought the item.
    popularity : ndarray of float, shape (n_items,)
        How often each item was bought before `as_of`; never negative.

    Returns
    -------
    float
        1 when lists are as popular as purchases, more when they lean to bestsellers.

    Raises
    ------
    InvalidInput
        The lists are not valid (see `check_lists`), or a user has no target.
    NotEnoughData
        Every list is empty, or nothing that was bought had been bought before.

    Examples
    --------
    >>> bought = sp.csr_array([[0, 1, 0], [0, 0, 1]])
    >>> popularity_lift(np.array([[0, 1], [0, 2]]), bought, np.array([30.0, 10.0, 10.0]))
    2.0
    """
    shown = _shown(recommended, n_items=len(popularity))
    wanted = wanted_items(targets)
    bought = float(((wanted @ popularity) / np.diff(wanted.indptr)).mean())
    if bought == 0:
        raise NotEnoughData(
            "nothing that was bought had any popularity before; count it over a longer time"
        )
    return _mean_over_lists(popularity[recommended], shown) / bought


def intra_list_diversity(
    recommended: NDArray[np.integer], item_vectors: NDArray[np.floating]
) -> float:
    """Measure how unlike each other the items of one list are.

    ``diversity = mean over lists of mean over pairs of 1 - cosine(i, j)`` (Smyth and McClave
    2001; Ziegler et al. 2005). Lists with fewer than two items have no pair and are left out.

    Parameters
    ----------
    recommended : ndarray of int32, shape (n_users, k)
        Item rows; -1 where a place stayed empty.
    item_vectors : ndarray of float, shape (n_items, d)
        Where each item lies; a vector of zeros is like no other, at distance 1.

    Returns
    -------
    float
        In [0, 2]: 0 for lists of one direction, 1 for unrelated items.

    Raises
    ------
    InvalidInput
        The lists are not valid (see `check_lists`).
    NotEnoughData
        No list has two items.

    Examples
    --------
    >>> intra_list_diversity(np.array([[0, 1], [0, 2]]), np.array([[1, 0], [0, 1], [2, 0]]))
    0.5
    """
    shown = _shown(recommended, n_items=len(item_vectors))
    lists = recommended[shown.sum(axis=1) > 1]
    if not len(lists):
        raise NotEnoughData("no list has two items to compare; ask for longer lists")
    per_batch = max(1, _NUMBERS_AT_ONCE // (lists.shape[1] * item_vectors.shape[1]))
    batches = (lists[at : at + per_batch] for at in range(0, len(lists), per_batch))
    distances = [_mean_distances(batch, item_vectors) for batch in batches]
    return float(np.concatenate(distances).mean())


def _shown(recommended: NDArray[np.integer], *, n_items: int) -> NDArray[np.bool_]:
    check_lists(recommended, n_items=n_items)
    shown = recommended >= 0
    if not shown.any():
        raise NotEnoughData("every list is empty; there is nothing to measure")
    return shown


def _mean_over_lists(values: NDArray[np.floating], shown: NDArray[np.bool_]) -> float:
    lengths = shown.sum(axis=1)
    sums = np.where(shown, values, 0.0).sum(axis=1)
    return float((sums[lengths > 0] / lengths[lengths > 0]).mean())


def _mean_distances(
    lists: NDArray[np.integer], item_vectors: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Average 1 - cosine over the pairs of each list.

    With unit vectors u and s their sum, the cosines of all ordered pairs add up to
    ``|s|^2 - sum of |u_i|^2``: no pair has to be formed.
    """
    shown = lists >= 0
    vectors = item_vectors[lists].astype(np.float64)
    norms = np.linalg.norm(vectors, axis=2)
    has_direction = shown & (norms > 0)
    scales = np.divide(1.0, norms, out=np.zeros_like(norms), where=has_direction)
    sums = np.einsum("lid,li->ld", vectors, scales)
    cosines = np.einsum("ld,ld->l", sums, sums) - has_direction.sum(axis=1)
    lengths = shown.sum(axis=1)
    distances: NDArray[np.float64] = 1.0 - cosines / (lengths * (lengths - 1))
    return distances
