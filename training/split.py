"""Where in time learning ends and measuring begins, and that nothing leaks across."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from features.errors import FutureEventError, InvalidInput
from features.history import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Fold:
    """One split in time: learn from what is before, measure on what comes after.

    History is everything up to and including `as_of`. Targets fall into the window
    `(as_of + gap, as_of + gap + horizon]`. What happens in the gap is neither, as in a shop
    where a list is made days before it is read. Times are compared by the whole second.

    Parameters
    ----------
    as_of : datetime
        The last moment that a model may know; with a time zone.
    horizon_days : int
        Length of the targets' window; at least 1.
    gap_days : int
        Days between `as_of` and the window; at least 0.

    Raises
    ------
    InvalidInput
        `as_of` has no time zone, or a number of days is too small.

    Examples
    --------
    >>> fold = Fold(datetime(2011, 10, 10, tzinfo=UTC), horizon_days=60, gap_days=1)
    >>> f"{fold.opens:%d %b} to {fold.closes:%d %b}"
    '11 Oct to 10 Dec'
    """

    as_of: datetime
    horizon_days: int
    gap_days: int = 0

    def __post_init__(self) -> None:
        _require_time_zone(self.as_of, name="as_of")
        if self.horizon_days < 1 or self.gap_days < 0:
            raise InvalidInput(
                "horizon_days must be at least 1 and gap_days at least 0;"
                f" got {self.horizon_days} and {self.gap_days}"
            )

    @property
    def opens(self) -> datetime:
        """The moment after which targets count, in UTC."""
        return self.as_of.astimezone(UTC) + timedelta(days=self.gap_days)

    @property
    def closes(self) -> datetime:
        """The last moment at which targets count, in UTC."""
        return self.opens + timedelta(days=self.horizon_days)

    def in_history(self, timestamps: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark the events that a model may learn from.

        Parameters
        ----------
        timestamps : ndarray of int64, shape (n_events,)
            Seconds since 1970 UTC.
        """
        return timestamps <= _seconds(self.as_of)

    def in_targets(self, timestamps: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark the events that a model is measured on.

        Parameters
        ----------
        timestamps : ndarray of int64, shape (n_events,)
            Seconds since 1970 UTC.
        """
        return (timestamps > _seconds(self.opens)) & (timestamps <= _seconds(self.closes))


def time_folds(
    last_event: datetime, *, horizon_days: int, n_folds: int, gap_days: int = 0
) -> tuple[Fold, ...]:
    """Cut the end of a log into folds whose target windows follow each other without overlap.

    Parameters
    ----------
    last_event : datetime
        The log's last moment, with a time zone: the last fold's window closes there.
    horizon_days : int
        Length of each window; `as_of` moves back by it from fold to fold.
    n_folds : int
        How many; at least 1.
    gap_days : int
        Days between each fold's `as_of` and its window.

    Returns
    -------
    tuple of Fold
        Oldest first: report on the last one, tune on the others.

    Raises
    ------
    InvalidInput
        `last_event` has no time zone, or a number is too small.

    Examples
    --------
    >>> last_event = datetime(2011, 12, 9, 12, 50, tzinfo=UTC)
    >>> for fold in time_folds(last_event, horizon_days=10, n_folds=3, gap_days=2):
    ...     print(f"know all to {fold.as_of:%d %b}, foresee {fold.opens:%d %b}-{fold.closes:%d %b}")
    know all to 07 Nov, foresee 09 Nov-19 Nov
    know all to 17 Nov, foresee 19 Nov-29 Nov
    know all to 27 Nov, foresee 29 Nov-09 Dec
    """
    _require_time_zone(last_event, name="last_event")
    if n_folds < 1:
        raise InvalidInput(f"n_folds must be at least 1; got {n_folds}")
    days_back = (gap_days + horizon_days * folds_later for folds_later in range(n_folds, 0, -1))
    return tuple(
        Fold(last_event.astimezone(UTC) - timedelta(days=days), horizon_days, gap_days)
        for days in days_back
    )


def check_no_leak(
    history_timestamps: NDArray[np.int64], target_timestamps: NDArray[np.int64], fold: Fold
) -> None:
    """Prove that history and targets are on their own sides of a fold.

    Parameters
    ----------
    history_timestamps : ndarray of int64, shape (n_history,)
        What the model learns from, in seconds since 1970 UTC.
    target_timestamps : ndarray of int64, shape (n_targets,)
        What it is measured on, in seconds since 1970 UTC.
    fold : Fold
        The split that both must keep to.

    Raises
    ------
    FutureEventError
        An event of the history is after `as_of`, or a target is not after the window's opening.
    InvalidInput
        A target is after the window's close: it belongs to a later fold.

    Examples
    --------
    >>> fold = Fold(datetime(1970, 1, 2, tzinfo=UTC), horizon_days=1)
    >>> check_no_leak(np.array([86_400]), np.array([86_401, 172_800]), fold)
    >>> check_no_leak(np.array([3 * 86_400]), np.array([86_401]), fold)
    Traceback (most recent call last):
    features.errors.FutureEventError: event is 2.0 days after as_of; filter it or move as_of
    """
    if not fold.in_history(history_timestamps).all():
        late = _span(int(history_timestamps.max()) - _seconds(fold.as_of))
        raise FutureEventError(f"event is {late} after as_of; filter it or move as_of")
    if fold.in_targets(target_timestamps).all():
        return
    early_s = _seconds(fold.opens) - int(target_timestamps.min())
    if early_s >= 0:
        raise FutureEventError(
            f"target is {_span(early_s)} before its window opens, so that the model may have seen"
            " it; filter it or move as_of"
        )
    late = _span(int(target_timestamps.max()) - _seconds(fold.closes))
    raise InvalidInput(f"target is {late} after its window closes; filter it or lengthen the fold")


def _require_time_zone(moment: datetime, *, name: str) -> None:
    if moment.utcoffset() is None:
        raise InvalidInput(f"{name} has no time zone; got {moment}, give it one such as UTC")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _span(seconds: int) -> str:
    # A leak of one second must not read as "0.0 days".
    return f"{seconds / SECONDS_PER_DAY:.1f} days" if seconds >= SECONDS_PER_DAY else f"{seconds} s"
