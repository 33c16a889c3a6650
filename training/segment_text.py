"""What a segment report looks like in a terminal: four tables of at most 120 characters."""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.segments.lifecycle import Stage
from features.segments.rfm import HIGHEST
from training.segment_report import VALUE_DAYS, SegmentReport

_WIDTH: Final = 120
_GAP: Final = "  "
_NOTHING: Final = "-"
_HIGH: Final = 4
_LOW: Final = 2
_VISITING: Final = (Stage.NEW_VISITOR, Stage.BROWSER)
_IN_RHYTHM: Final = (Stage.FIRST_TIME_BUYER, Stage.ACTIVE, Stage.LOYAL, Stage.RETURNED)
_AWAY: Final = (Stage.SLIPPING, Stage.LAPSED)


def as_text(report: SegmentReport) -> str:
    """Print stages, scores, tastes and flows."""
    n_people = sum(one.n_people for one in report.stages)
    head = (
        f"{n_people:,} people as of {report.as_of:%Y-%m-%d %H:%M} UTC;"
        f" buyers usually buy again after {report.gap_days:.0f} days"
    )
    if report.n_silent:
        head += f"; {report.n_silent:,} accounts without any event yet are left out"
    parts = (_stages(report), _scores(report), _tastes(report), _flows(report))
    return "\n\n".join([head, *parts])


def _stages(report: SegmentReport) -> str:
    n_people = sum(one.n_people for one in report.stages)
    spent = sum(one.spent for one in report.stages)
    rows = [
        (
            one.stage.value,
            f"{one.n_people:,}",
            _percent(one.n_people, n_people),
            f"{one.spent:,.0f}",
            _percent(one.spent, spent),
            _per_head(one.spent, one.n_people, digits=0),
            _per_head(one.n_orders, one.n_people, digits=1),
            "; ".join(one.typical) or _NOTHING,
        )
        for one in report.stages
    ]
    header = ("stage", "people", "share", "spent", "share", "per head", "orders", "typical items")
    title = f"LIFECYCLE (spent in the last {VALUE_DAYS} days; orders per head, ever)"
    return f"{title}\n{_table(header, rows, left=(0, 7))}"


def _scores(report: SegmentReport) -> str:
    buyers = report.known.orders > 0
    if not buyers.any():
        return "RFM: nobody has bought yet"
    columns = (
        (report.scores.recency, report.known.since_order_days),
        (report.scores.frequency, report.known.orders),
        (report.scores.monetary, report.spent_ever),
    )
    rows = [
        (str(score), *(cell for column in columns for cell in _band(*column, score)))
        for score in range(HIGHEST, 0, -1)
    ]
    header = ("score", "days since order", "people", "orders", "people", "spent ever", "people")
    r, f, m = report.scores.recency, report.scores.frequency, report.scores.monetary
    best = (r == HIGHEST) & (f == HIGHEST) & (m == HIGHEST)
    gone = (r <= _LOW) & (r > 0) & (f >= _HIGH) & (m >= _HIGH)
    total = float(report.spent.sum(dtype=np.float64))
    lines = [
        "RFM (recency, frequency, money of the buyers, in fifths)",
        _table(header, rows, left=()),
        f"best customers, 5-5-5: {best.sum():,} people with"
        f" {_percent(float(report.spent[best].sum(dtype=np.float64)), total)} of what was spent in"
        f" the last {VALUE_DAYS} days",
        f"worth winning back, frequency and money 4-5 but recency 1-2: {gone.sum():,} people who"
        f" spent {report.spent_ever[gone].sum(dtype=np.float64):,.0f} before they stayed away",
    ]
    return "\n".join(lines)


def _tastes(report: SegmentReport) -> str:
    if report.tastes is None:
        return (
            "TASTES: NOT SHOWN, they need a trained bundle;"
            " run vitrine train and vitrine promote latest"
        )
    rows = [
        (
            one.name,
            f"{one.n_people:,}",
            f"{one.spent:,.0f}",
            _per_head(one.spent, one.n_people, digits=0),
            _NOTHING if np.isnan(one.steadiness) else f"{one.steadiness:.2f}",
            "; ".join(one.typical) or _NOTHING,
        )
        for one in report.tastes.tastes
    ]
    header = ("taste", "people", "spent", "per head", "steady", "typical items")
    title = (
        f"TASTES (bundle {report.tastes.bundle_id}, which knows up to"
        f" {report.tastes.as_of:%Y-%m-%d}; steady: in how many of the\nmonths after their first"
        " purchase in it people buy in it again, from 0 to 1)"
    )
    return f"{title}\n{_table(header, rows, left=(0, 5))}"


def _flows(report: SegmentReport) -> str:
    title = f"FLOWS in {report.period_days:g} days (from row to column)"
    if report.flows is None:
        return f"{title}: nobody was here before"
    flows = report.flows
    origins = [*(stage.value for stage in Stage), "not here yet"]
    rows = [
        (origin, *(f"{n:,}" if n else _NOTHING for n in row.tolist()), f"{row.sum():,}")
        for origin, row in zip(origins, flows, strict=True)
    ]
    rows.append(("now", *(f"{n:,}" for n in flows.sum(axis=0).tolist()), f"{flows.sum():,}"))
    header = ("", *(stage.value for stage in Stage), "before")
    first = _moved(flows, _VISITING, (*_IN_RHYTHM, *_AWAY))
    first += int(flows[-1].sum()) - int(flows[-1, [one.code for one in _VISITING]].sum())
    said = (
        f"first order: {first:,}; bought again after slipping or lapsing:"
        f" {_moved(flows, _AWAY, _IN_RHYTHM):,}; began to slip:"
        f" {_moved(flows, _IN_RHYTHM, (Stage.SLIPPING,)):,}; lapsed:"
        f" {_moved(flows, (*_IN_RHYTHM, Stage.SLIPPING), (Stage.LAPSED,)):,}"
    )
    return f"{title}\n{_table(header, rows, left=(0,))}\n{said}"


def _moved(flows: NDArray[np.int64], origins: Sequence[Stage], goals: Sequence[Stage]) -> int:
    rows, columns = ([one.code for one in stages] for stages in (origins, goals))
    return int(flows[np.ix_(rows, columns)].sum())


def _band(scores: NDArray[np.uint8], values: NDArray[np.float32], score: int) -> tuple[str, str]:
    """Give the range of the values that have a score, and how many people those are."""
    chosen = values[scores == score]
    if not len(chosen):
        return _NOTHING, _NOTHING
    low, high = f"{chosen.min():,.0f}", f"{chosen.max():,.0f}"
    return low if low == high else f"{low} to {high}", f"{len(chosen):,}"


def _percent(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else _NOTHING


def _per_head(total: float, n_people: int, *, digits: int) -> str:
    return f"{total / n_people:,.{digits}f}" if n_people else _NOTHING


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: Collection[int]) -> str:
    """Lay out columns; what stands in `left` is text, the rest numbers, the last may be cut."""
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    laid = [
        _GAP.join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join(_cut("".join(c if c.isprintable() else " " for c in one)) for one in laid)


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
