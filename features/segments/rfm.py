"""RFM: how recently, how often and for how much each person bought, in fifths of the buyers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.segments.activity import Activity

HIGHEST: Final = 5
"""The best score; the lowest of a buyer is 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Rfm:
    """Scores of n people; uint8, shape (n,), 1 to 5, and 0 for those who never bought.

    Parameters
    ----------
    recency : ndarray
        5 for those who bought last.
    frequency : ndarray
        5 for those with the most orders.
    monetary : ndarray
        5 for those who spent the most.
    """

    recency: NDArray[np.uint8]
    frequency: NDArray[np.uint8]
    monetary: NDArray[np.uint8]


def rfm(known: Activity, spent: NDArray[np.float32]) -> Rfm:
    """Score the buyers among n people against each other.

    Parameters
    ----------
    known : Activity
        n people.
    spent : ndarray of float32, shape (n,)
        What each has spent (`features.segments.spend.spend`).
    """
    buyers = known.orders > 0
    values = (-known.since_order_days, known.orders, spent)
    recency, frequency, monetary = (_scored(one, buyers) for one in values)
    return Rfm(recency, frequency, monetary)


def quintiles(values: NDArray[np.number]) -> NDArray[np.uint8]:
    """Score values from 1 to 5 by what part of all of them is lower; equal ones score the same.

    Where many are equal, the scores above them have fewer people than a fifth.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Without NaN.

    Examples
    --------
    >>> quintiles(np.array([10, 20, 30, 40, 50]))
    array([1, 2, 3, 4, 5], dtype=uint8)
    >>> quintiles(np.array([1, 1, 1, 1, 9]))
    array([1, 1, 1, 1, 5], dtype=uint8)
    """
    n_lower = np.searchsorted(np.sort(values), values, side="left")
    return (1 + HIGHEST * n_lower // max(len(values), 1)).astype(np.uint8)


def _scored(values: NDArray[np.float32], buyers: NDArray[np.bool_]) -> NDArray[np.uint8]:
    scores = np.zeros(len(values), dtype=np.uint8)
    scores[buyers] = quintiles(values[buyers])
    return scores
