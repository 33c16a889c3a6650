"""Outcomes for a terminal: a line for each placement and scenario, and where in the lists."""

from features.events import EventType
from serving.outcome_report import BranchOutcome, OutcomeReport
from serving.text_table import text_table

_COUNTS = ("lists", "items", "looks", "carts", "purchases", "old enough", "rate", "95 %")
_MOST_POSITIONS = 10


def as_text(report: OutcomeReport, *, width: int | None) -> str:
    """Lay a report out.

    Parameters
    ----------
    report : OutcomeReport
        What came of lists.
    width : int or None
        Characters in a line; None for no limit.
    """
    if not report.branches:
        table = "No list was given in this time."
    else:
        header = ["placement", "scenario", *_COUNTS[:5], "meant to move", *_COUNTS[5:]]
        rows = [_row(one) for one in report.branches]
        table = text_table(header, rows, width=width, numbers=_COUNTS)
    where = [_positions(one) for one in report.branches if one.positions]
    parts = [table]
    if where:
        title = "Where the items stood that something was done with:"
        parts += ["", title, *where]
    n_beside = sum(one.n_beside for one in report.branches)
    counted = {
        "named a list and an item that was not in it": n_beside,
        "followed lists given earlier": report.n_older,
        "named a list that is not logged": report.n_unknown,
    }
    return "\n".join([*parts, "", *(f"{n:,} events {what}." for what, n in counted.items())])


def _row(branch: BranchOutcome) -> list[str]:
    carts, purchases = (branch.events.get(one, 0) for one in (EventType.CART, EventType.PURCHASE))
    counts = (branch.n_lists, branch.n_items, branch.n_looks, carts, purchases)
    named = [branch.placement, branch.scenario or "usual", *(f"{count:,}" for count in counts)]
    return [*named, *_rate(branch)]


def _rate(branch: BranchOutcome) -> list[str]:
    aim, rate = branch.aim, branch.rate
    if aim is None or rate is None:
        return ["", "", "", ""]
    told = f"{aim.event_type.value} within {aim.within_days:g} d"
    if not rate.n_lists:
        return [told, "0", "", ""]
    low, high = rate.interval
    return [told, f"{rate.n_lists:,}", f"{rate.share:.1%}", f"{low:.1%} to {high:.1%}"]


def _positions(branch: BranchOutcome) -> str:
    first = [f"{place}: {branch.positions.get(place, 0):,}" for place in _shown(branch)]
    later = sum(n for place, n in branch.positions.items() if place > _MOST_POSITIONS)
    rest = f", later: {later:,}" if later else ""
    return f"- {branch.placement}.{branch.scenario or 'usual'}: {', '.join(first)}{rest}"


def _shown(branch: BranchOutcome) -> range:
    return range(1, min(max(branch.positions), _MOST_POSITIONS) + 1)
