"""What came of lists: for each placement and scenario, who went on from what they were shown."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from features.events import EventType
from serving.clock import microseconds
from serving.placements import Placements
from serving.placements.scenario import OutcomeSettings
from serving.store import HOUR_US, GivenLists, Outcome, Store

LOOKS: Final = (EventType.VIEW, EventType.CLICK)
_SURE: Final = 1.959964
"""Standard errors on each side of 95 %."""

Branch = tuple[str, str | None]
"""A placement, and its scenario; None for the placement as it is."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many lists moved what they were meant to move, of those whose time is over.

    Parameters
    ----------
    n_moved, n_lists : int
        Lists.

    Examples
    --------
    >>> low, high = Rate(5, 100).interval
    >>> round(low, 3), round(high, 3)
    (0.022, 0.112)
    """

    n_moved: int
    n_lists: int

    @property
    def share(self) -> float:
        """The rate; NaN without lists."""
        return self.n_moved / self.n_lists if self.n_lists else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true rate lies with 95 % (Wilson 1927); everywhere without lists."""
        n, share, square = self.n_lists, self.share, _SURE**2
        if not n:
            return 0.0, 1.0
        middle = (share + square / (2 * n)) / (1 + square / n)
        spread = share * (1 - share) / n + square / (4 * n * n)
        half = _SURE / (1 + square / n) * math.sqrt(spread)
        return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, slots=True)
class BranchOutcome:
    """What came of the lists of one placement and scenario.

    Parameters
    ----------
    placement : str
        Where they stood.
    scenario : str or None
        Which scenario made them.
    n_lists, n_items : int
        Lists that were given, and items in them.
    events : mapping of EventType to int
        Events with an item of the list that they name.
    n_beside : int
        Events that name a list and an item that was not in it.
    positions : mapping of int to int
        Those events by where the item stood, 1 for the first.
    aim : OutcomeSettings or None
        What the lists are meant to move; None where the placements file does not say so (any
        more).
    rate : Rate or None
        How often they did, among the lists that are old enough to tell.
    """

    placement: str
    scenario: str | None
    n_lists: int
    n_items: int
    events: Mapping[EventType, int]
    n_beside: int
    positions: Mapping[int, int]
    aim: OutcomeSettings | None
    rate: Rate | None

    @property
    def n_looks(self) -> int:
        """Views and clicks."""
        return sum(self.events.get(kind, 0) for kind in LOOKS)


@dataclass(frozen=True, slots=True)
class OutcomeReport:
    """What came of the lists of the last days.

    Parameters
    ----------
    branches : sequence of BranchOutcome
        In the order of the placements file; then what is no longer in it.
    n_older : int
        Events that followed lists given earlier.
    n_unknown : int
        Events that name a list which is not logged.
    """

    branches: Sequence[BranchOutcome]
    n_older: int
    n_unknown: int

    @classmethod
    def read(cls, store: Store, placements: Placements, *, now: datetime, days: float) -> Self:
        """Count what the store holds.

        Parameters
        ----------
        store : Store
            The log of lists, and the events.
        placements : Placements
            Say what lists are meant to move.
        now : datetime
            Aware.
        days : float
            Only lists of the last days count.
        """
        now_us = microseconds(now)
        # Lists are counted by the hour, and so the first hour is a whole one.
        since_us = microseconds(now - timedelta(days=days)) // HOUR_US * HOUR_US
        given, outcomes = store.lists_given(since_us=since_us), store.outcomes(since_us=since_us)
        n_unknown = store.n_following(since_us=since_us) - len(outcomes)
        aims = _aims(placements)
        theirs = [one for one in outcomes if one.given_us >= since_us]
        found = {(one.placement, one.scenario) for one in given}
        branches = [one for one in aims if one in found]
        branches += sorted(found - {*aims}, key=str)
        return cls(
            [_branch(one, given, theirs, aims.get(one), now_us) for one in branches],
            len(outcomes) - len(theirs),
            n_unknown,
        )

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON-ready values."""
        return {
            "branches": [_branch_dict(one) for one in self.branches],
            "n_older": self.n_older,
            "n_unknown": self.n_unknown,
        }


def _aims(placements: Placements) -> dict[Branch, OutcomeSettings]:
    return {
        (name, chosen.scenario): chosen.placement.outcome
        for name, placement in placements.by_name.items()
        for chosen in placement.branches
    }


def _branch(
    branch: Branch,
    given: Iterable[GivenLists],
    outcomes: Iterable[Outcome],
    aim: OutcomeSettings | None,
    now_us: int,
) -> BranchOutcome:
    lists = [one for one in given if (one.placement, one.scenario) == branch]
    events = [one for one in outcomes if (one.placement, one.scenario) == branch]
    inside = [one for one in events if one.position is not None]
    return BranchOutcome(
        *branch,
        n_lists=sum(one.n_lists for one in lists),
        n_items=sum(one.n_items for one in lists),
        events=Counter(one.event_type for one in inside),
        n_beside=len(events) - len(inside),
        positions=Counter(one.position for one in inside if one.position is not None),
        aim=aim,
        rate=None if aim is None else _rate(lists, inside, aim, now_us),
    )


def _rate(
    lists: Iterable[GivenLists], inside: Iterable[Outcome], aim: OutcomeSettings, now_us: int
) -> Rate:
    within_us = round(timedelta(days=aim.within_days) / timedelta(microseconds=1))
    # Of the hour that ended so long ago even the last list has had its time.
    last_us = now_us - within_us - HOUR_US
    moved = {
        one.recommendation_id
        for one in inside
        if one.event_type is aim.event_type
        and one.given_us - one.given_us % HOUR_US <= last_us
        and one.at_us <= one.given_us + within_us
    }
    return Rate(len(moved), sum(one.n_lists for one in lists if one.hour_us <= last_us))


def _branch_dict(branch: BranchOutcome) -> dict[str, Any]:
    rate, aim = branch.rate, branch.aim
    told = asdict(branch) | {
        "events": {kind.value: count for kind, count in branch.events.items()},
        "positions": {str(place): branch.positions[place] for place in sorted(branch.positions)},
        "aim": None if aim is None else aim.model_dump(mode="json"),
    }
    if rate is not None:
        share = rate.share if rate.n_lists else None
        told["rate"] = asdict(rate) | {"share": share, "interval": rate.interval}
    return told
