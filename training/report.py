"""An evaluation's report: how well each model did, for whom, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from training.intervals import Interval, bootstrap_mean

Target = Literal["all", "new"]
METRICS: Final = ("recall", "ndcg", "hit_rate", "average_precision")
FEWEST_USERS: Final = 2
"""Whom it takes to put an interval around a mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """How one model did on one target.

    Parameters
    ----------
    user_rows : ndarray of int64, shape (n,)
        The users who had such a target.
    per_user : dict of str to ndarray of float64, shape (n,)
        Each of `METRICS` for each user.
    item_rows : ndarray of int32, shape (n, k)
        The lists themselves.
    of_lists : dict of str to float
        What is measured on the whole set of lists: coverage, novelty, diversity, and so on.
    """

    user_rows: NDArray[np.int64]
    per_user: dict[str, NDArray[np.float64]]
    item_rows: NDArray[np.int32]
    of_lists: dict[str, float]

    def interval(self, metric: str, among: NDArray[np.bool_] | None = None) -> Interval:
        """Average a metric over all users, or over the marked ones, with its 95 % interval."""
        values = self.per_user[metric] if among is None else self.per_user[metric][among]
        return bootstrap_mean(values, seed=0)

    def as_dict(self, segments: Mapping[str, NDArray[np.bool_]]) -> dict[str, Any]:
        """Give means, intervals and segments as JSON values.

        Parameters
        ----------
        segments : mapping of str to ndarray of bool, shape (n_all_users,)
            Marks users by their row; those with fewer than two test users are left out.
        """
        intervals = {metric: self.interval(metric) for metric in METRICS}
        recalls = self.by_segment("recall", segments)
        ndcgs = self.by_segment("ndcg", segments)
        return {
            **{metric: one.mean for metric, one in intervals.items()},
            "ci": {metric: [one.low, one.high] for metric, one in intervals.items()},
            "n_users": len(self.user_rows),
            "lists": self.of_lists,
            "segments": {name: _segment(recalls[name], ndcgs[name]) for name in recalls},
        }

    def by_segment(
        self, metric: str, segments: Mapping[str, NDArray[np.bool_]]
    ) -> dict[str, Interval]:
        """Average a metric over each segment's test users; segments with fewer than two go."""
        marked = {name: marks[self.user_rows] for name, marks in segments.items()}
        return {
            name: self.interval(metric, among)
            for name, among in marked.items()
            if among.sum() >= FEWEST_USERS
        }


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All models on one fold.

    Parameters
    ----------
    as_of : datetime
        What the models could know.
    horizon_days, k : int
        The window of the targets, and how many items of a list count.
    results : dict of str to dict of {"all", "new"} to Result
        By model; the pipeline as it is served has the name "served".
    segments : dict of str to ndarray of bool, shape (n_all_users,)
        Marks users by their row.
    timings_s : dict of str to float
        Seconds that each step took.
    """

    as_of: datetime
    horizon_days: int
    k: int
    results: dict[str, dict[Target, Result]]
    segments: dict[str, NDArray[np.bool_]]
    timings_s: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON values."""
        return {
            "as_of": self.as_of.isoformat(),
            "horizon_days": self.horizon_days,
            "k": self.k,
            "models": {
                name: {
                    **{target: one.as_dict(self.segments) for target, one in targets.items()},
                    "n_users": len(targets["all"].user_rows),
                }
                for name, targets in self.results.items()
            },
        }

    def metrics(self) -> dict[str, float]:
        """Give the means as flat names, such as `served.new.recall`."""
        return {
            f"{name}.{target}.{metric}": float(values.mean())
            for name, targets in self.results.items()
            for target, result in targets.items()
            for metric, values in result.per_user.items()
        }

    def as_text(self) -> str:
        """Print the table that a person reads: recall and NDCG with their intervals."""
        lines = [
            f"as of {self.as_of:%Y-%m-%d %H:%M}, {self.horizon_days} days, k = {self.k};"
            " recall / NDCG [95 %]",
            f"{'model':<14} {'all':^46} {'new':^46}",
        ]
        for name, targets in self.results.items():
            everything, new = (_cell(targets.get(target)) for target in ("all", "new"))
            lines.append(f"{name:<14} {everything:^46} {new:^46}")
        n_users = [len(one.user_rows) for one in next(iter(self.results.values())).values()]
        return "\n".join([*lines, f"users: {' and '.join(map(str, n_users))}"])


def _segment(recall: Interval, ndcg: Interval) -> dict[str, Any]:
    return {
        "n_users": recall.n,
        "recall": recall.mean,
        "ndcg": ndcg.mean,
        "ci": {"recall": [recall.low, recall.high], "ndcg": [ndcg.low, ndcg.high]},
    }


def _cell(result: Result | None) -> str:
    if result is None:
        return "-"
    recall, ndcg = result.interval("recall"), result.interval("ndcg")
    return (
        f"{recall.mean:.4f} [{recall.low:.3f} {recall.high:.3f}] /"
        f" {ndcg.mean:.4f} [{ndcg.low:.3f} {ndcg.high:.3f}]"
    )
