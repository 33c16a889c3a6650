"""Confidence weights: how strongly an event says "this person wants this item"."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.errors import FutureEventError, InvalidSettings
from features.events import EventType
from features.history import Histories
from features.sparse_rows import kept_entries, summed

DEFAULT_TYPE_WEIGHTS: Final = {
    EventType.VIEW: 0.1,
    EventType.CLICK: 0.1,
    EventType.CART: 0.4,
    EventType.REMOVE_FROM_CART: -0.3,
    EventType.WISHLIST: 0.4,
    EventType.PURCHASE: 1.0,
    # A return has cancelled its purchase already; an impression is the shop's own act.
    EventType.RETURN: 0.0,
    EventType.IMPRESSION: 0.0,
}


@dataclass(frozen=True, slots=True)
class ConfidenceWeights:
    """How events add up to the confidence that a person wants an item.

    Parameters
    ----------
    half_life_days : float
        Days after which an event counts half; greater than 0, `inf` for no decay.
    scale : float
        What the logarithm is multiplied by (alpha of Hu, Koren, Volinsky 2008, eq. 6).
    by_type : dict of EventType to float
        What one event of each type counts; a missing type counts nothing.
    """

    half_life_days: float = 30.0
    scale: float = 10.0
    by_type: dict[EventType, float] = field(default_factory=lambda: dict(DEFAULT_TYPE_WEIGHTS))

    def __post_init__(self) -> None:
        if not (self.half_life_days > 0 and self.scale > 0):
            raise InvalidSettings(
                "half_life_days and scale must be greater than 0;"
                f" got {self.half_life_days} and {self.scale}"
            )

    @property
    def by_code(self) -> NDArray[np.float32]:
        """The types' weights by `EventType.code`, shape (n_types,)."""
        return np.array([self.by_type.get(one, 0.0) for one in EventType], dtype=np.float32)


def decay(age_days: NDArray[np.number], *, half_life_days: float) -> NDArray[np.float32]:
    """Weight an event by its age: 1 now, 0.5 after one half-life.

    Parameters
    ----------
    age_days : ndarray, shape (n_events,)
        Days from the event to `as_of`; never negative.
    half_life_days : float
        Days after which an event counts half; greater than 0.

    Returns
    -------
    ndarray of float32, shape (n_events,)
        Weights in (0, 1].

    Raises
    ------
    FutureEventError
        An age is negative: the event is later than `as_of` and would leak into training.

    Examples
    --------
    >>> decay(np.array([0.0, 30.0, 60.0]), half_life_days=30.0)
    array([1.  , 0.5 , 0.25], dtype=float32)
    """
    if len(age_days) and age_days.min() < 0:
        raise FutureEventError(
            f"an event is {-age_days.min():.1f} days after as_of; filter it or move as_of"
        )
    halved: NDArray[np.float32] = np.exp2(-age_days / np.float32(half_life_days)).astype(np.float32)
    return halved


def repetition(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weight several events of one day: more than one event, less than as many days.

    This is where steadiness counts: n purchases on n days weigh n, n on one day 1 + ln n.

    Examples
    --------
    >>> repetition(np.array([1, 3], dtype=np.float32)).round(2)
    array([1. , 2.1], dtype=float32)
    """
    return np.float32(1) + np.log(counts)


def confidence(
    histories: Histories, *, n_items: int, weights: ConfidenceWeights, as_of_s: int
) -> sp.csr_array:
    """Add up each person's events with each item, decayed, and dampen the sum.

    ``c_ui = scale * ln(1 + max(0, sum over days of w_type * (1 + ln n_day) * decay(age)))``

    Parameters
    ----------
    histories : Histories
        n people; entries of a later date than `as_of` are an error.
    n_items : int
        Size of the catalogue.
    weights : ConfidenceWeights
        What the types count, the half-life and the scale.
    as_of_s : int
        The moment that ages are counted to, in seconds since 1970 UTC.

    Returns
    -------
    csr_array of float32, shape (n, n_items)
        Positive confidences only, columns sorted in each row.

    Raises
    ------
    FutureEventError
        An entry is of a later date than `as_of`.
    """
    entries = (
        weights.by_code[histories.event_types]
        * repetition(histories.counts)
        * decay(histories.age_days(as_of_s), half_life_days=weights.half_life_days)
    )
    shape = len(histories), n_items
    wanted = summed(entries, histories.item_rows, histories.person_of_entry, shape)
    # A cart emptied again must not count against an item, only not for it.
    wanted.data = np.float32(weights.scale) * np.log1p(np.maximum(wanted.data, 0))
    return kept_entries(wanted, wanted.data > 0)
