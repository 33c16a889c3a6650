"""How sure we are of a mean over users, and of a difference between two models."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput, NotEnoughData

_DRAWS_AT_ONCE: Final = 1_000_000
"""How many drawn users are in memory together, about 12 MB."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the range that it could as well have had with other users of the same kind.

    Parameters
    ----------
    mean : float
        The mean over the users there were.
    low, high : float
        The range's ends.
    n : int
        How many users.

    Examples
    --------
    >>> Interval(mean=-0.02, low=-0.03, high=-0.01, n=2_000).worse_beyond_noise
    True
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def excludes_zero(self) -> bool:
        """Whether a difference is more than noise, in either direction."""
        return self.low > 0 or self.high < 0

    @property
    def worse_beyond_noise(self) -> bool:
        """Whether a difference, candidate minus champion, is a loss and more than noise."""
        return self.high < 0


def bootstrap_mean(
    values: NDArray[np.floating], *, n_resamples: int = 1000, level: float = 0.95, seed: int
) -> Interval:
    """Put an interval around a mean over users, by drawing the users again and again.

    The percentile bootstrap (Efron and Tibshirani 1993, chapter 13): of the means of
    `n_resamples` samples drawn with replacement, the middle `level`. It is honest from some
    dozens of users on; with a handful it is too narrow.

    Parameters
    ----------
    values : ndarray of float, shape (n_users,)
        One value of a metric for each user.
    n_resamples : int
        How many samples are drawn; at least 1.
    level : float
        Which share of the samples' means lies in the interval; between 0 and 1.
    seed : int
        The same seed and values give the same interval.

    Returns
    -------
    Interval
        The mean and its range.

    Raises
    ------
    NotEnoughData
        There are fewer than two users.
    InvalidInput
        A value is not finite, or an option is outside its range.

    Examples
    --------
    >>> found = np.repeat([0.0, 1.0], 50)
    >>> interval = bootstrap_mean(found, seed=1)
    >>> interval.mean, round(interval.low, 1), round(interval.high, 1)
    (0.5, 0.4, 0.6)
    """
    _check(values, n_resamples=n_resamples, level=level)
    rng = np.random.default_rng(seed)
    n_users = len(values)
    per_batch = max(1, _DRAWS_AT_ONCE // n_users)
    means = np.empty(n_resamples)
    for start in range(0, n_resamples, per_batch):
        batch = means[start : start + per_batch]
        drawn = rng.integers(0, n_users, size=(len(batch), n_users), dtype=np.int32)
        batch[:] = values[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean=float(values.mean()), low=float(low), high=float(high), n=n_users)


def paired_difference(
    candidate: NDArray[np.floating],
    champion: NDArray[np.floating],
    *,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int,
) -> Interval:
    """Put an interval around the mean of ``candidate - champion`` over the same users.

    Users differ far more than models do. Differences within each user leave that noise out,
    so that a small gain shows which two separate intervals would hide.

    Parameters
    ----------
    candidate, champion : ndarray of float, shape (n_users,)
        One value of a metric for each user, the same users in the same order.
    n_resamples, level, seed
        See `bootstrap_mean`.

    Returns
    -------
    Interval
        Above 0 where the candidate is better.

    Raises
    ------
    NotEnoughData
        There are fewer than two users.
    InvalidInput
        The two do not have the same shape, a value is not finite, or an option is outside its
        range.

    Examples
    --------
    >>> recall = np.array([0.2, 0.9, 0.4])
    >>> paired_difference(recall, recall, seed=1)
    Interval(mean=0.0, low=0.0, high=0.0, n=3)
    """
    if candidate.shape != champion.shape:
        raise InvalidInput(
            f"values of shapes {candidate.shape} and {champion.shape} cannot be paired;"
            " measure both models on the same users in the same order"
        )
    return bootstrap_mean(candidate - champion, n_resamples=n_resamples, level=level, seed=seed)


def _check(values: NDArray[np.floating], *, n_resamples: int, level: float) -> None:
    if n_resamples < 1 or not 0 < level < 1:
        raise InvalidInput(
            "n_resamples must be at least 1 and level between 0 and 1;"
            f" got {n_resamples} and {level}"
        )
    if values.ndim != 1:
        raise InvalidInput(f"values must be one for each user; got shape {values.shape}")
    if len(values) <= 1:
        raise NotEnoughData(f"an interval needs at least 2 users; got {len(values)}")
    if not np.isfinite(values).all():
        raise InvalidInput(
            f"{(~np.isfinite(values)).sum()} of {len(values)} values are not finite;"
            " leave out users without targets before measuring"
        )
