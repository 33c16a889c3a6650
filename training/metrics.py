"""How good each person's list is, judged by what that person bought afterwards.

Every metric gives one value per user, so that a report can average any segment and put an
interval around it. ``find_hits`` does the checking and the looking up once for all of them.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.errors import InvalidInput


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Where each user's list met that user's targets.

    Parameters
    ----------
    at : ndarray of bool, shape (n_users, k)
        True where the item at this place of the list is a target.
    n_targets : ndarray of int64, shape (n_users,)
        How many items the user wanted; at least 1.
    """

    at: NDArray[np.bool_]
    n_targets: NDArray[np.int64]

    @property
    def n_findable(self) -> NDArray[np.int64]:
        """How many hits a perfect list of this length has, shape (n_users,)."""
        return np.minimum(self.n_targets, self.at.shape[1])


def find_hits(recommended: NDArray[np.integer], targets: sp.csr_array) -> Hits:
    """Look up which places of each list hold a target.

    Parameters
    ----------
    recommended : ndarray of int32, shape (n_users, k)
        Item rows, best first; -1 where a place stayed empty.
    targets : csr_array, shape (n_users, n_items)
        Greater than 0 where the user wanted the item; the users in the same order.

    Returns
    -------
    Hits
        What the metrics below take.

    Raises
    ------
    InvalidInput
        The shapes do not fit, an item row does not exist, a list holds an item twice, or a user
        has no target.

    Examples
    --------
    >>> wanted = sp.csr_array([[0, 1, 0, 1], [1, 0, 0, 0]])
    >>> hits = find_hits(np.array([[3, 2, 1], [2, 0, -1]]), wanted)
    >>> hits.at.astype(int).tolist(), recall(hits).tolist()
    ([[1, 0, 1], [0, 1, 0]], [1.0, 1.0])
    """
    wanted = wanted_items(targets)
    n_users, n_items = wanted.shape
    check_lists(recommended, n_items=n_items)
    if len(recommended) != n_users:
        raise InvalidInput(
            f"{len(recommended)} lists cannot be judged by the targets of {n_users} users;"
            " give one list for each user"
        )
    n_targets = np.diff(wanted.indptr).astype(np.int64)
    # One number for each (user, item): a sorted table of them answers "is it a target?".
    first_keys = np.arange(n_users, dtype=np.int64) * n_items
    wanted_keys = np.repeat(first_keys, n_targets) + wanted.indices
    shown_keys = first_keys[:, np.newaxis] + recommended
    nearest = np.take(wanted_keys, np.searchsorted(wanted_keys, shown_keys), mode="clip")
    # An empty place's -1 would read as the last item of the user before.
    return Hits(at=(nearest == shown_keys) & (recommended >= 0), n_targets=n_targets)


def recall(hits: Hits) -> NDArray[np.float64]:
    """Measure which share of a user's targets the list found.

    ``recall_u = hits_u / n_targets_u``

    Examples
    --------
    >>> recall(Hits(at=np.array([[True, False, True]]), n_targets=np.array([4])))
    array([0.5])
    """
    shares: NDArray[np.float64] = hits.at.sum(axis=1) / hits.n_targets
    return shares


def hit_rate(hits: Hits) -> NDArray[np.float64]:
    """Tell whether a list found anything: 1 if at least one place is a hit, else 0.

    Examples
    --------
    >>> hit_rate(Hits(at=np.array([[True, True], [False, False]]), n_targets=np.array([2, 1])))
    array([1., 0.])
    """
    return np.where(hits.at.any(axis=1), 1.0, 0.0)


def ndcg(hits: Hits) -> NDArray[np.float64]:
    """Measure how many hits a list has and how far up, against the best list of its length.

    ``ndcg_u = sum over hits of 1 / log2(1 + place)  /  the same sum over places 1 to
    min(k, n_targets_u)`` (Järvelin and Kekäläinen 2002, with binary gains).

    Examples
    --------
    >>> ndcg(Hits(at=np.array([[True, False], [False, True]]), n_targets=np.array([1, 1]))).round(2)
    array([1.  , 0.63])
    """
    discounts = 1 / np.log2(np.arange(2, hits.at.shape[1] + 2))
    # Running sums on both sides add in the same order, so that a perfect list is exactly 1.
    gains = np.cumsum(np.where(hits.at, discounts, 0.0), axis=1)[:, -1]
    return gains / np.cumsum(discounts)[hits.n_findable - 1]


def average_precision(hits: Hits) -> NDArray[np.float64]:
    """Measure how pure a list is from its top down to each hit; its mean over users is MAP@k.

    ``ap_u = sum over hits of (hits up to this place / place)  /  min(k, n_targets_u)``
    (Manning, Raghavan and Schütze 2008, chapter 8.4, cut at k).

    Examples
    --------
    >>> average_precision(Hits(at=np.array([[True, False, False, True]]), n_targets=np.array([2])))
    array([0.75])
    """
    precisions = np.cumsum(hits.at, axis=1) / np.arange(1, hits.at.shape[1] + 1)
    averages: NDArray[np.float64] = np.where(hits.at, precisions, 0.0).sum(axis=1) / hits.n_findable
    return averages


def wanted_items(targets: sp.csr_array) -> sp.csr_array:
    """Reduce targets to which items each user wanted, once each.

    Parameters
    ----------
    targets : csr_array, shape (n_users, n_items)
        Greater than 0 where the user wanted the item.

    Returns
    -------
    csr_array of float64, shape (n_users, n_items)
        1 where wanted and nothing else stored, columns sorted in each row.

    Raises
    ------
    InvalidInput
        A user has no target, so that no metric is defined for them.
    """
    wanted = targets.copy()
    wanted.sum_duplicates()
    wanted.data = (wanted.data > 0).astype(np.float64)
    wanted.eliminate_zeros()
    without = np.flatnonzero(np.diff(wanted.indptr) == 0)
    if len(without):
        raise InvalidInput(
            f"{len(without)} of {wanted.shape[0]} users have no target, the first in row"
            f" {without[0]}; leave them out before measuring"
        )
    return wanted


def check_lists(recommended: NDArray[np.integer], *, n_items: int) -> None:
    """Refuse lists that no shop could show.

    Parameters
    ----------
    recommended : ndarray of int32, shape (n_users, k)
        Item rows; -1 where a place stayed empty.
    n_items : int
        Size of the catalogue.

    Raises
    ------
    InvalidInput
        Not whole numbers of shape (n_users, k) with k at least 1, an item row that does not
        exist, or an item twice in one list.
    """
    is_whole = np.issubdtype(recommended.dtype, np.integer)
    is_table = recommended.ndim == 2 and recommended.shape[1] > 0  # noqa: PLR2004 -- users x places
    if not (is_whole and is_table):
        raise InvalidInput(
            "lists must be whole numbers of shape (n_users, k) with k at least 1;"
            f" got {recommended.dtype} of shape {recommended.shape}"
        )
    unknown = recommended[(recommended < -1) | (recommended >= n_items)]
    if len(unknown):
        raise InvalidInput(
            f"item row {unknown[0]} does not exist; give rows from 0 to {n_items - 1},"
            " or -1 for an empty place"
        )
    ordered = np.sort(recommended, axis=1)
    repeated = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    if repeated.any():
        user_row, place = np.argwhere(repeated)[0]
        raise InvalidInput(
            f"the list in row {user_row} holds item row {ordered[user_row, place]} twice;"
            " remove duplicates before measuring"
        )
