"""Lifecycle: where somebody stands between the first visit and the last purchase."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidSettings
from features.segments.activity import Activity

_DEFAULT_GAP_DAYS: Final = 60.0


class Stage(StrEnum):
    """A stage of the lifecycle; everybody is in exactly one.

    Examples
    --------
    >>> Stage("loyal").code, Stage.of_code(5)
    (4, <Stage.SLIPPING: 'slipping'>)
    """

    NEW_VISITOR = "new visitor"
    BROWSER = "browser"
    FIRST_TIME_BUYER = "first-time buyer"
    ACTIVE = "active"
    LOYAL = "loyal"
    SLIPPING = "slipping"
    LAPSED = "lapsed"
    RETURNED = "returned"

    @property
    def code(self) -> int:
        """The stage's number in arrays; it never changes."""
        return _CODES[self]

    @classmethod
    def of_code(cls, code: int) -> "Stage":
        """Name the stage that has this number."""
        return _STAGES[code]


_STAGES: Final = tuple(Stage)
_CODES: Final = {stage: code for code, stage in enumerate(_STAGES)}


@dataclass(frozen=True, slots=True)
class StageRules:
    """Where one stage ends and the next begins.

    Parameters
    ----------
    gap_days : float
        How long the shop's buyers usually take to buy again (`usual_gap_days`); above 0.
    new_days : float
        How long somebody who has not bought is a new visitor.
    loyal_orders : int
        Orders from which somebody who keeps the rhythm is loyal; at least 2.
    slipping_after, lapsed_after : float
        How many usual gaps without an order make somebody slip and lapse; the second is larger.
    """

    gap_days: float = _DEFAULT_GAP_DAYS
    new_days: float = 30.0
    loyal_orders: int = 5
    slipping_after: float = 2.0
    lapsed_after: float = 4.0

    def __post_init__(self) -> None:
        in_order = 0 < self.slipping_after < self.lapsed_after
        if not (in_order and self.gap_days > 0 and self.loyal_orders > 1):
            raise InvalidSettings(
                "the stages need gap_days > 0, loyal_orders > 1 and"
                f" 0 < slipping_after < lapsed_after; got {self}"
            )


def usual_gap_days(known: Activity) -> float:
    """Find how long buyers take to buy again: the median of the mean gaps of those who did.

    Parameters
    ----------
    known : Activity
        All people of the shop.

    Returns
    -------
    float
        At least 1 day; 60 where nobody has bought twice.
    """
    gaps = known.mean_gap_days[np.isfinite(known.mean_gap_days)]
    return max(float(np.median(gaps)), 1.0) if len(gaps) else _DEFAULT_GAP_DAYS


def lifecycle(known: Activity, rules: StageRules) -> NDArray[np.uint8]:
    """Say in which stage each person is.

    Everybody has a usual gap between orders: the mean of the own gaps and, as if it were one more
    of them, the shop's. Who ordered once has the shop's, who ordered often has their own.

    ========================  ======================================================================
    bought and kept nothing   *new visitor* in the first 30 days, then *browser*
    idle over 4 usual gaps    *lapsed*
    idle over 2 usual gaps    *slipping*
    bought again after a      *returned*: the pause before the last order was over 4 usual gaps long
    lapse
    otherwise, by orders      *first-time buyer* with 1, *active* with 2 to 4, *loyal* from 5
    ========================  ======================================================================

    Idle counts from the last order. The pause of somebody who returned is left out of the usual
    gap: it was no rhythm. The next order in rhythm makes them active or loyal.

    Parameters
    ----------
    known : Activity
        n people.
    rules : StageRules
        The numbers of the table.

    Returns
    -------
    ndarray of uint8, shape (n,)
        `Stage.code`.

    Examples
    --------
    >>> from features.history import Histories
    >>> from features.segments.activity import activity
    >>> lifecycle(activity(Histories.empty(1), as_of_s=0), StageRules()).tolist()
    [0]
    """
    gap = np.float32(rules.gap_days)
    orders = np.maximum(known.orders, 1)
    own = _known(known.mean_gap_days) * (orders - 1)
    pause = _known(known.last_gap_days)
    usual_before = (own - pause + gap) / np.maximum(orders - 1, 1)
    came_back = pause > np.float32(rules.lapsed_after) * usual_before
    usual = np.where(came_back, usual_before, (own + gap) / orders)
    idle = _known(known.since_order_days) / usual
    stages = np.full(len(known), Stage.FIRST_TIME_BUYER.code, dtype=np.uint8)
    # The last that holds decides.
    holds = {
        Stage.ACTIVE: known.orders > 1,
        Stage.LOYAL: known.orders >= rules.loyal_orders,
        Stage.RETURNED: came_back,
        Stage.SLIPPING: idle > rules.slipping_after,
        Stage.LAPSED: idle > rules.lapsed_after,
        Stage.NEW_VISITOR: known.orders == 0,
        Stage.BROWSER: (known.orders == 0) & (known.known_days > rules.new_days),
    }
    for stage, marks in holds.items():
        stages[marks] = stage.code
    return stages


def _known(days: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(np.isnan(days), np.float32(0), days)
