"""A segment report: how many are in which stage and taste, what they are worth, who moved."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.errors import NotEnoughData
from features.event_log import EventLog
from features.home import Home
from features.segments.activity import Activity, activity
from features.segments.lifecycle import Stage, StageRules, lifecycle, usual_gap_days
from features.segments.rfm import Rfm, rfm
from features.segments.spend import spend
from features.segments.typical import interest, most_typical, typicality
from features.snapshot import Snapshot, take_snapshot
from training.bundle import CURRENT, Bundle, current
from training.taste_report import TYPICAL, TasteReport, taste_report, titles

VALUE_DAYS: Final = 365
"""The days whose spend is a person's value."""


@dataclass(frozen=True, slots=True)
class StageGroup:
    """The people of one stage.

    Parameters
    ----------
    stage : Stage
        Which one.
    n_people : int
        How many.
    spent : float
        What they spent in the last `VALUE_DAYS`, in the shop's currency.
    n_orders : int
        What they ordered up to `as_of`: dates with a purchase, added up.
    typical : tuple of str
        Titles of what they go for more than everybody does, the most typical first.
    """

    stage: Stage
    n_people: int
    spent: float
    n_orders: int
    typical: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentReport:
    """A shop's people at `as_of`, without the accounts that never did anything.

    Parameters
    ----------
    as_of : datetime
        The moment.
    period_days : float
        How far back the flows begin.
    gap_days : float
        How long buyers usually take to buy again; the stages are judged by it.
    n_silent : int
        Accounts without any event; they are in none of the tables.
    stages : tuple of StageGroup
        One for each stage, in their order.
    known : Activity
        Of all n people.
    scores : Rfm
        Of all n people.
    spent_ever, spent : ndarray of float32, shape (n,)
        What each person spent up to `as_of`, and in the last `VALUE_DAYS`.
    tastes : TasteReport, optional
        None where no bundle with a model has been promoted.
    flows : ndarray of int64, shape (n_stages + 1, n_stages), or None
        How many went from a stage before (row) to a stage now (column), by `Stage.code`; the last
        row counts those who were not here before. None where nobody was here before.
    """

    as_of: datetime
    period_days: float
    gap_days: float
    n_silent: int
    stages: tuple[StageGroup, ...]
    known: Activity
    scores: Rfm
    spent_ever: NDArray[np.float32]
    spent: NDArray[np.float32]
    tastes: TasteReport | None
    flows: NDArray[np.int64] | None

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON values."""
        return {
            "as_of": self.as_of.isoformat(),
            "period_days": self.period_days,
            "usual_gap_days": self.gap_days,
            "value_days": VALUE_DAYS,
            "n_silent": self.n_silent,
            "lifecycle": {
                one.stage.value: {
                    "n_people": one.n_people,
                    "spent": one.spent,
                    "n_orders": one.n_orders,
                    "typical": list(one.typical),
                }
                for one in self.stages
            },
            "rfm": {
                name: np.bincount(getattr(self.scores, name), minlength=6)[1:].tolist()
                for name in ("recency", "frequency", "monetary")
            },
            "tastes": None if self.tastes is None else self.tastes.as_dict(),
            "flows": None if self.flows is None else _named(self.flows),
        }


def segment_report(home: Home, *, as_of: datetime | None, period_days: float) -> SegmentReport:
    """Look at a shop's people.

    Parameters
    ----------
    home : Home
        The shop.
    as_of : datetime, optional
        Aware; by default the moment of the last event.
    period_days : float
        How far back the flows begin; above 0.

    Raises
    ------
    NotEnoughData
        The log holds no event up to `as_of`.
    """
    moment = as_of or EventLog(home.lake).latest()
    if moment is None:
        raise NotEnoughData(f"the event log in {home.lake} is empty; run vitrine ingest first")
    snapshot = take_snapshot(home.lake, as_of=moment)
    everybody = activity(snapshot.histories, as_of_s=snapshot.as_of_s)
    rules = StageRules(gap_days=usual_gap_days(everybody))
    stages = _stages(everybody, rules)
    since = moment - timedelta(days=VALUE_DAYS)
    spent = spend(home.lake, as_of=moment, users=snapshot.users, since=since)
    spent_ever = spend(home.lake, as_of=moment, users=snapshot.users)
    return SegmentReport(
        as_of=moment,
        period_days=period_days,
        gap_days=rules.gap_days,
        n_silent=int((stages < 0).sum()),
        stages=_groups(snapshot, everybody, stages, spent),
        known=everybody,
        scores=rfm(everybody, spent_ever),
        spent_ever=spent_ever,
        spent=spent,
        tastes=_tastes(home, snapshot, spent),
        flows=_flows(home, snapshot, stages, rules, period_days),
    )


def flow_matrix(before: NDArray[np.integer], now: NDArray[np.integer]) -> NDArray[np.int64]:
    """Count who went from which stage to which.

    Parameters
    ----------
    before, now : ndarray of int, shape (n,)
        Each person's `Stage.code`; -1 for somebody who was, or is, not here.

    Returns
    -------
    ndarray of int64, shape (n_stages + 1, n_stages)
        Rows are the stages before, the last row those who were not here.

    Examples
    --------
    >>> new, active = Stage.NEW_VISITOR.code, Stage.ACTIVE.code
    >>> moved = flow_matrix(np.array([-1, new, new]), np.array([new, active, new]))
    >>> int(moved[new, active]), int(moved[-1, new]), int(moved.sum())
    (1, 1, 3)
    """
    n_stages = len(Stage)
    here = now >= 0
    origin = np.where(before[here] >= 0, before[here], n_stages)
    counted = np.bincount(origin * n_stages + now[here], minlength=(n_stages + 1) * n_stages)
    return counted.reshape(n_stages + 1, n_stages)


def _stages(known: Activity, rules: StageRules) -> NDArray[np.int64]:
    """Give each person's stage; -1 for an account that never did anything."""
    stages = lifecycle(known, rules).astype(np.int64)
    return np.where(np.isfinite(known.known_days), stages, -1)


def _groups(
    snapshot: Snapshot, known: Activity, stages: NDArray[np.int64], spent: NDArray[np.float32]
) -> tuple[StageGroup, ...]:
    interested = interest(snapshot.histories, n_items=len(snapshot.items))
    best = most_typical(typicality(interested, stages, n_groups=len(Stage)), k=2 * TYPICAL)
    return tuple(
        StageGroup(
            stage=stage,
            n_people=int((stages == stage.code).sum()),
            spent=float(spent[stages == stage.code].sum(dtype=np.float64)),
            n_orders=int(known.orders[stages == stage.code].sum()),
            typical=titles(best[stage.code], snapshot.catalogue),
        )
        for stage in Stage
    )


def _tastes(home: Home, snapshot: Snapshot, spent: NDArray[np.float32]) -> TasteReport | None:
    if not (home.bundles / CURRENT).exists():
        return None
    bundle = Bundle.open(current(home.bundles))
    if bundle.user_vectors is None:
        return None
    rows = snapshot.users.rows(bundle.users.ids(np.arange(len(bundle.users))))
    return taste_report(bundle, np.where(rows >= 0, spent[rows], 0))


def _flows(
    home: Home,
    snapshot: Snapshot,
    now: NDArray[np.int64],
    rules: StageRules,
    period_days: float,
) -> NDArray[np.int64] | None:
    try:
        past = take_snapshot(home.lake, as_of=snapshot.as_of - timedelta(days=period_days))
    except NotEnoughData:
        return None
    # By today's rules: what moves is the people, not the yardstick.
    known = activity(past.histories, as_of_s=past.as_of_s)
    stages = _stages(known, rules)
    rows = past.users.rows(snapshot.users.ids(np.arange(len(snapshot.users))))
    return flow_matrix(np.where(rows >= 0, stages[rows], -1), now)


def _named(flows: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    origins = [*(stage.value for stage in Stage), "not here"]
    return {
        origin: {stage.value: int(row[stage.code]) for stage in Stage}
        for origin, row in zip(origins, flows, strict=True)
    }
