"""Bins of history: people by how much is known of them, each bin twice as wide as the last."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.segments.activity import activity
from features.snapshot import Snapshot
from training.intervals import Interval
from training.result import Result

_METRICS: Final = {"recall": "Recall", "ndcg": "NDCG"}


def history_bins(snapshot: Snapshot) -> dict[str, dict[str, NDArray[np.bool_]]]:
    """Mark everybody by how many orders and how many events they have.

    Returns
    -------
    dict of str to dict of str to ndarray of bool, shape (n_users,)
        Under "orders" (dates with a purchase) and "events", marks by bin; see `doubling`.
    """
    histories = snapshot.histories
    n_events = np.bincount(
        histories.person_of_entry, weights=histories.counts, minlength=len(histories)
    )
    known = activity(histories, as_of_s=snapshot.as_of_s)
    return {"orders": doubling(known.orders), "events": doubling(n_events)}


def doubling(amounts: NDArray[np.number]) -> dict[str, NDArray[np.bool_]]:
    """Part people into bins that double: 0, 1, 2-3, 4-7, 8-15 and so on; empty ones go.

    Parameters
    ----------
    amounts : ndarray, shape (n,)
        Whole numbers, at least 0.

    Returns
    -------
    dict of str to ndarray of bool, shape (n,)
        Marks by the bin's name, the smallest first; everybody is in one.

    Examples
    --------
    >>> {name: marks.tolist() for name, marks in doubling(np.array([0.0, 1.0, 5.0, 4.0])).items()}
    {'0': [True, False, False, False], '1': [False, True, False, False],
     '4-7': [False, False, True, True]}
    """
    # 2 ** (exponent - 1) <= amount < 2 ** exponent; 0 has the exponent 0.
    exponents = np.frexp(amounts)[1]
    return {_named(exponent): exponents == exponent for exponent in np.unique(exponents).tolist()}


def curves(
    results: Mapping[str, Result], bins: Mapping[str, NDArray[np.bool_]]
) -> dict[str, dict[str, dict[str, Interval]]]:
    """Average metrics over the test users of each bin; bins with fewer than two go.

    Parameters
    ----------
    results : mapping of str to Result
        By model, all of the same users.
    bins : mapping of str to ndarray of bool, shape (n_all_users,)
        Marks users by their row.

    Returns
    -------
    dict
        "Recall" and "NDCG" by model and bin, for `training.plots.learning_curve`.
    """
    return {
        title: {name: one.by_segment(metric, bins) for name, one in results.items()}
        for metric, title in _METRICS.items()
    }


def _named(exponent: int) -> str:
    if exponent <= 1:
        return str(exponent)
    return f"{2 ** (exponent - 1):,}-{2**exponent - 1:,}"
