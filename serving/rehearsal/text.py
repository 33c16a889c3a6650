"""The rehearsal for a terminal: who meets what, and what came of every branch."""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby

from features.events import ANONYMOUS_PREFIX
from serving.placements import Placement
from serving.rehearsal.branch_report import BranchReport
from serving.rehearsal.meetings import Meetings, Met
from serving.text_table import text_table

_NUMBERS = ("people", "share", "orders", "h since cart", "met", "lists", "empty", "short", "broken")
_TIMES = ("overlap", "ms")


def meetings_table(
    meetings: Sequence[Meetings],
    placements: Sequence[Placement],
    *,
    devices: Sequence[str],
    width: int | None,
) -> str:
    """Show how many meet what.

    Parameters
    ----------
    meetings : sequence of n Meetings
        One for each placement.
    placements : sequence of n Placement
        These placements.
    devices : sequence of str
        Those that were tried; devices on which the same is met share their lines.
    width : int or None
        Characters in a line; None for no limit.
    """
    rows = [
        row
        for one, placement in zip(meetings, placements, strict=True)
        for row in _rows(one, placement, devices)
    ]
    header = ["placement", "device", "scenario", "people", "share", "outcome"]
    return text_table(header, rows, width=width, numbers=_NUMBERS)


def people_table(meetings: Meetings, *, devices: Sequence[str], width: int | None) -> str:
    """Show what each of the sample meets at one placement, and as whom."""
    rows = [
        [
            person.key.removeprefix(ANONYMOUS_PREFIX) if _is_new(person.key) else person.key,
            person.stage,
            str(person.n_orders),
            "" if math.isinf(person.hours_since_cart) else f"{person.hours_since_cart:,.1f}",
            *(str(person.met[device]) for device in devices),
        ]
        for person in meetings.people
    ]
    header = ["user_id", "stage", "orders", "h since cart", *devices]
    return text_table(header, rows, width=width, numbers=_NUMBERS)


def stress_table(reports: Sequence[BranchReport], *, width: int | None) -> str:
    """Show what came of every branch, and below what the shop should look at."""
    header = ["placement", "scenario", "met", "lists", "empty", "short", "mostly", "broken"]
    rows = [
        [
            report.placement,
            report.scenario or "usual",
            _met(report),
            f"{report.n_lists:,}",
            f"{report.n_empty:,}",
            f"{report.n_short:,}",
            _first(report.why_short),
            f"{sum(report.broken.values()):,}",
            "" if report.overlap is None else f"{report.overlap.share:.0%}",
            f"{report.ms:.2f}",
        ]
        for report in reports
    ]
    table = text_table([*header, *_TIMES], rows, width=width, numbers=(*_NUMBERS, *_TIMES))
    findings = [finding for report in reports for finding in report.findings]
    told = [f"- {finding}" for finding in findings] or ["No findings."]
    return "\n".join([table, "", *told])


def _rows(meetings: Meetings, placement: Placement, devices: Sequence[str]) -> list[list[str]]:
    outcomes = {Met(one.scenario): one.placement.outcome for one in placement.branches}
    order = [*outcomes]
    rows = []
    for alike, where in _alike(meetings, devices):
        for met, count in sorted(alike.items(), key=lambda one: _place(order, one[0])):
            outcome = outcomes.get(met)
            told = (
                ""
                if outcome is None
                else f"{outcome.event_type.value} within {outcome.within_days:g} d"
            )
            share = count / max(len(meetings.people), 1)
            rows.append([meetings.placement, where, str(met), f"{count:,}", f"{share:.1%}", told])
    return rows


def _place(order: Sequence[Met], met: Met) -> int:
    """Scenarios stand in the file's order, then what is usual, then refusals."""
    if met not in order:
        return len(order) + 1
    return order.index(met) or len(order)


def _alike(meetings: Meetings, devices: Sequence[str]) -> list[tuple[dict[Met, int], str]]:
    """Put devices together on which the same is met."""
    counts = [(dict(meetings.counts(device)), device) for device in devices]
    groups = [
        (alike, [one for _, one in some]) for alike, some in groupby(counts, lambda one: one[0])
    ]
    is_any = len(groups) == 1 and len(devices) > 1
    return [(alike, "any" if is_any else ", ".join(names)) for alike, names in groups]


def _is_new(key: str) -> bool:
    return key.startswith(ANONYMOUS_PREFIX)


def _met(report: BranchReport) -> str:
    more = report.n_met_prepared - report.n_met
    return f"{report.n_met:,}+{more:,}" if more > 0 else f"{report.n_met:,}"


def _first(reasons: Mapping[str, int]) -> str:
    return max(reasons, key=lambda reason: reasons[reason], default="")
