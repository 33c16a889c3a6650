"""A report in words: the tables that a person reads before trusting a model."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from training.intervals import Interval
from training.report import COMPARED, SERVED, Report, Result, Target

TARGETS: Final[tuple[Target, ...]] = ("all", "new")
FEW_USERS: Final = 30
"""Below this an interval is too narrow to be believed (see `bootstrap_mean`)."""

_MEASURES: Final = {
    "coverage": "cover",
    "novelty": "novel",
    "diversity": "divers",
    "popularity_lift": "lift",
    "price_calibration": "price",
}
_TITLES: Final[dict[Target, str]] = {"all": "everything bought", "new": "bought for the first time"}
_WIDTH: Final = 120
_NAME: Final = 14
_SEGMENT: Final = 27
_DIFFERENCE: Final = 25
_MEASURE: Final = 8
_NOTHING: Final = "-"


def as_text(report: Report, *, brief: bool = False) -> str:
    """Write the tables, at most 120 characters wide.

    Parameters
    ----------
    report : Report
        What was measured.
    brief : bool
        True for the table of the models alone.
    """
    tables = [_models(report)]
    if not brief:
        tables += [_differences(report)]
        tables += [_segments(report, target) for target in report.results[SERVED]]
        tables += [_lists(report)]
    return "\n\n".join("\n".join(line.rstrip() for line in table) for table in tables)


def _models(report: Report) -> Iterator[str]:
    yield (
        f"as of {report.as_of:%Y-%m-%d %H:%M}, {report.horizon_days} days, k = {report.k};"
        " recall / NDCG [95 %]"
    )
    yield f"{'model':<{_NAME}} {'all':^46} {'new':^46}"
    for name, targets in report.results.items():
        cells = (_accuracy(targets.get(target)) for target in TARGETS)
        yield f"{name:<{_NAME}} {' '.join(f'{cell:^46}' for cell in cells)}"
    n_users = [len(one.user_rows) for one in report.results[SERVED].values()]
    yield f"users: {' and '.join(map(str, n_users))}"


def _accuracy(result: Result | None) -> str:
    if result is None:
        return _NOTHING
    return " / ".join(_value(result.interval(metric)) for metric in COMPARED)


def _value(one: Interval) -> str:
    return f"{one.mean:.4f} [{one.low:.3f} {one.high:.3f}]"


def _differences(report: Report) -> Iterator[str]:
    yield "what is served minus each model, on the same users; + better, - worse, beyond noise"
    columns = [f"{metric} {target}" for target in TARGETS for metric in ("recall", "NDCG")]
    yield f"{'minus':<{_NAME}} {' '.join(f'{column:<{_DIFFERENCE}}' for column in columns)}"
    for name, targets in report.differences().items():
        cells = [
            _difference(targets[target][metric]) if target in targets else _NOTHING
            for target in TARGETS
            for metric in COMPARED
        ]
        yield f"{name:<{_NAME}} {' '.join(f'{cell:<{_DIFFERENCE}}' for cell in cells)}"


def _difference(one: Interval) -> str:
    """Give a difference, its interval and what to make of it.

    Examples
    --------
    >>> _difference(Interval(mean=0.02, low=0.01, high=0.03, n=2_000))
    '+0.020 [+0.010 +0.030] +'
    >>> _difference(Interval(mean=0.02, low=0.01, high=0.03, n=5))
    '+0.020 [+0.010 +0.030] few'
    """
    if one.low == one.high == 0:
        return "the same"
    return f"{one.mean:+.3f} [{one.low:+.3f} {one.high:+.3f}] {_mark(one)}".rstrip()


def _mark(one: Interval) -> str:
    if one.n < FEW_USERS:
        return "few"
    if not one.excludes_zero:
        return ""
    return "-" if one.worse_beyond_noise else "+"


def _segments(report: Report, target: Target) -> Iterator[str]:
    baseline = report.strongest_baseline(target)
    served = report.results[SERVED][target]
    recalls, ndcgs = (served.by_segment(metric, report.segments) for metric in COMPARED)
    against = {} if baseline is None else report.segment_differences(baseline, target)
    minus = "" if baseline is None else f", and minus the strongest baseline, {baseline}"
    yield f"for whom, {target} ({_TITLES[target]}): what is served{minus}"
    yield (
        f"{'segment':<{_SEGMENT}} {'users':>6}  {'recall':<20} {'NDCG':<20}"
        f" {'recall minus' if against else '':<13} {'NDCG minus' if against else ''}"
    )
    for name, recall in recalls.items():
        line = (
            f"{name:<{_SEGMENT}.{_SEGMENT}} {recall.n:>6,}  {_value(recall)} {_value(ndcgs[name])}"
        )
        yield f"{line} {_against(against[name])}" if against else line
    yield from _left_out([name for name in report.segments if name not in recalls])


def _against(differences: dict[str, Interval]) -> str:
    recall, ndcg = (differences[metric] for metric in COMPARED)
    # One interval fits beside the others: that of NDCG, which the gate goes by.
    return f"{recall.mean:+.3f} {_mark(recall):<6} {_difference(ndcg)}"


def _left_out(names: Sequence[str]) -> Iterator[str]:
    if names:
        yield from wrap(f"fewer than two test users: {', '.join(names)}", _WIDTH)
    yield (
        f"few: fewer than {FEW_USERS} users, too few to tell; of 20 segments without a"
        " difference one gets a mark by chance"
    )


def _lists(report: Report) -> Iterator[str]:
    yield "beyond accuracy: what the lists are like"
    header = "".join(f"{short:>{_MEASURE}}" for short in _MEASURES.values())
    yield f"{'':<{_NAME}} {'all':^40}  {'new':^40}"
    yield f"{'model':<{_NAME}} {header}  {header}"
    for name, targets in report.results.items():
        cells = "  ".join(_measures(targets.get(target)) for target in TARGETS)
        yield f"{name:<{_NAME}} {cells}"
    yield "cover: share of the catalogue in somebody's list; novel: in bits, more is less known;"
    yield "divers: 0 alike, 1 unrelated; lift: popularity shown / bought, 1 is like the purchases;"
    yield "price: how far from what people usually pay, 0 the same, 0.69 twice or half"


def _measures(result: Result | None) -> str:
    measured = {} if result is None else result.of_lists
    return "".join(
        f"{f'{measured[name]:.3f}' if name in measured else _NOTHING:>{_MEASURE}}"
        for name in _MEASURES
    )
