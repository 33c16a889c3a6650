"""Lifecycles: where each of a bundle's users stands, worked out some at a time and kept."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from features.history import Histories
from features.segments.activity import activity
from features.segments.lifecycle import Stage, StageRules, lifecycle
from training.bundle import Bundle

_USERS_AT_ONCE: Final = 512
"""One user takes a third of a millisecond, and with them these few more take hardly longer."""

_UNKNOWN: Final = 255


@dataclass(frozen=True, eq=False)
class Lifecycles:
    """Stages and numbers of orders at the bundle's `as_of`.

    Parameters
    ----------
    bundle : Bundle
        Whose users.
    """

    bundle: Bundle
    _stages: np.ndarray = field(init=False, repr=False)
    _orders: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n_users = len(self.bundle.users)
        object.__setattr__(self, "_stages", np.full(n_users, _UNKNOWN, dtype=np.uint8))
        object.__setattr__(self, "_orders", np.zeros(n_users, dtype=np.int32))

    def of_user(self, user_row: int) -> tuple[Stage, int]:
        """Give a user's stage and number of orders, from what the bundle knows."""
        if self._stages[user_row] == _UNKNOWN:
            start = user_row - user_row % _USERS_AT_ONCE
            rows = np.arange(start, min(start + _USERS_AT_ONCE, len(self._stages)))
            stages, orders = self._worked_out(self.bundle.histories.take(rows))
            self._orders[rows] = orders
            # Whoever finds a stage finds the orders, too: threads may share this.
            self._stages[rows] = stages
        return Stage.of_code(int(self._stages[user_row])), int(self._orders[user_row])

    def of(self, histories: Histories) -> tuple[Stage, int]:
        """Give one person's stage and number of orders; what is later counts as of that day."""
        stages, orders = self._worked_out(histories)
        return Stage.of_code(int(stages[0])), int(orders[0])

    def _worked_out(self, histories: Histories) -> tuple[np.ndarray, np.ndarray]:
        facts, as_of_s = self.bundle.recommender.facts, self.bundle.recommender.as_of_s
        rhythm = activity(histories.up_to(as_of_s), as_of_s=as_of_s)
        rules = StageRules() if facts is None else StageRules(gap_days=facts.usual_gap_days)
        return lifecycle(rhythm, rules), rhythm.orders.astype(np.int32)
