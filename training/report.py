"""An evaluation's report: how well each model did, for whom, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.intervals import Interval
from training.result import FEWEST_USERS, METRICS, Result, Target

__all__ = [
    "BASELINES",
    "BLENDED",
    "CHAMPION",
    "COMPARED",
    "FEWEST_USERS",
    "METRICS",
    "RANKED",
    "SERVED",
    "Report",
    "Result",
    "Target",
]

SERVED: Final = "served"
CHAMPION: Final = "champion"
RANKED: Final = "ranked"
BLENDED: Final = "blended"
"""Names of pipelines in a report: as it is served, as the champion is, with a ranker, without."""

BASELINES: Final = ("most_popular", "trending", "own_history")
"""What every model must beat, by the names of `training.baselines.baselines`."""

COMPARED: Final = ("recall", "ndcg")
"""The metrics that models and segments are compared by."""


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
        """Give the report as JSON values.

        Under "differences", what is served minus each other model on the same users; under
        "segments", the same by segment against the strongest baseline of each target.
        """
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
            "differences": {
                name: {target: _compared(one) for target, one in targets.items()}
                for name, targets in self.differences().items()
            },
            "segments": self._against_baselines(),
        }

    def metrics(self) -> dict[str, float]:
        """Give the means as flat names, such as `served.new.recall`."""
        return {
            f"{name}.{target}.{metric}": float(values.mean())
            for name, targets in self.results.items()
            for target, result in targets.items()
            for metric, values in result.per_user.items()
        }

    def strongest_baseline(self, target: Target) -> str | None:
        """Name the baseline with the highest mean NDCG; None where none was measured."""
        means = {
            name: float(self.results[name][target].per_user["ndcg"].mean())
            for name in BASELINES
            if target in self.results.get(name, {})
        }
        return max(means, key=lambda name: means[name], default=None)

    def compared(self, target: Target) -> dict[str, Result]:
        """Give what pictures compare: what is served, then the baselines."""
        models = (SERVED, *BASELINES)
        return {
            name: self.results[name][target]
            for name in models
            if target in self.results.get(name, {})
        }

    def differences(self) -> dict[str, dict[Target, dict[str, Interval]]]:
        """Compare what is served with every other model on the same users.

        Returns
        -------
        dict
            By model, target and metric of `COMPARED`: served minus that model.
        """
        return {
            name: {
                target: {
                    metric: self.results[SERVED][target].minus(theirs, metric)
                    for metric in COMPARED
                }
                for target, theirs in targets.items()
            }
            for name, targets in self.results.items()
            if name != SERVED
        }

    def segment_differences(self, other: str, target: Target) -> dict[str, dict[str, Interval]]:
        """Compare what is served with another model within each segment.

        Returns
        -------
        dict
            By segment and metric of `COMPARED`; segments with fewer than two test users are left
            out.
        """
        served, theirs = (self.results[name][target] for name in (SERVED, other))
        return {
            name: {metric: served.minus(theirs, metric, among) for metric in COMPARED}
            for name, among in served.marked(self.segments).items()
        }

    def _against_baselines(self) -> dict[str, Any]:
        strongest = {target: self.strongest_baseline(target) for target in self.results[SERVED]}
        return {
            target: {
                "baseline": name,
                "differences": {
                    segment: _compared(one)
                    for segment, one in self.segment_differences(name, target).items()
                },
            }
            for target, name in strongest.items()
            if name is not None
        }


def _compared(by_metric: Mapping[str, Interval]) -> dict[str, Any]:
    return {
        metric: {
            "mean": one.mean,
            "ci": [one.low, one.high],
            "n_users": one.n,
            "beyond_noise": one.excludes_zero,
        }
        for metric, one in by_metric.items()
    }
