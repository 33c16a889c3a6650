"""A result: how one model did for each user of a fold, and how sure the means are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput
from training.intervals import Interval, bootstrap_mean, paired_difference

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

    def minus(
        self, other: "Result", metric: str, among: NDArray[np.bool_] | None = None
    ) -> Interval:
        """Average how much better each user fared than with another model, with its 95 % interval.

        Parameters
        ----------
        other : Result
            Of the same users on the same target.
        metric : str
            One of `METRICS`.
        among : ndarray of bool, shape (n,), optional
            Marks the users that count.

        Raises
        ------
        InvalidInput
            The two were measured on different users.
        """
        if not np.array_equal(self.user_rows, other.user_rows):
            raise InvalidInput(
                f"results of {len(self.user_rows)} and {len(other.user_rows)} users cannot be"
                " paired; measure both models on the same fold and target"
            )
        ours, theirs = self.per_user[metric], other.per_user[metric]
        chosen = slice(None) if among is None else among
        return paired_difference(ours[chosen], theirs[chosen], seed=0)

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
        marked = self.marked(segments)
        return {name: self.interval(metric, among) for name, among in marked.items()}

    def marked(self, segments: Mapping[str, NDArray[np.bool_]]) -> dict[str, NDArray[np.bool_]]:
        """Mark each segment's test users, shape (n,); segments with fewer than two go."""
        marked = {name: marks[self.user_rows] for name, marks in segments.items()}
        return {name: among for name, among in marked.items() if among.sum() >= FEWEST_USERS}


def _segment(recall: Interval, ndcg: Interval) -> dict[str, Any]:
    return {
        "n_users": recall.n,
        "recall": recall.mean,
        "ndcg": ndcg.mean,
        "ci": {"recall": [recall.low, recall.high], "ndcg": [ndcg.low, ndcg.high]},
    }
