"""Seasons: how the time of year and the hour change what people want and when they come."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

DAY_S: Final = 86_400
YEAR_DAYS: Final = 365.2425

CHRISTMAS_SHOPPING_DAY: Final = 342.0
"""Around the 8th of December shops are fullest."""

_WEEKDAY_HOURS: Final = "1 1 1 1 1 2 4 6 7 7 7 7 9 8 7 7 7 8 10 12 13 12 8 4"
_WEEKEND_HOURS: Final = "2 1 1 1 1 1 2 3 6 9 11 11 10 9 9 9 9 9 9 10 10 9 7 4"
_SATURDAY: Final = 5
_WEEKDAY_OF_1970: Final = 3  # the 1st of January 1970 was a Thursday; Monday is 0


def day_of_year(at_s: NDArray[np.int64]) -> NDArray[np.float32]:
    """Say where in the year a moment lies.

    Parameters
    ----------
    at_s : ndarray of int64
        Seconds since 1970.

    Returns
    -------
    ndarray of float32, the same shape
        Days since the 1st of January, in [0, 365.2425); exact to a day.

    Examples
    --------
    >>> day_of_year(np.array([0, 45 * 86_400]))
    array([ 0., 45.], dtype=float32)
    """
    return np.asarray(at_s / DAY_S % YEAR_DAYS, dtype=np.float32)


def season_effect(
    day: NDArray[np.float32],
    *,
    amplitude: NDArray[np.float32] | float,
    peak_day: NDArray[np.float32] | float,
    sharpness: NDArray[np.float32] | float,
) -> NDArray[np.float32]:
    """Say how much more, as a log, something is wanted on a day of the year.

    Parameters
    ----------
    day : ndarray of float32
        Day of the year, shifted by half a year where the season is the other hemisphere's.
    amplitude, peak_day, sharpness : ndarray of float32 or float
        As in `vocabulary.Season`; broadcast against `day`.

    Returns
    -------
    ndarray of float32
        `amplitude` on the peak day, `-amplitude` half a year later.
    """
    turn = np.float32(2 * np.pi / YEAR_DAYS)
    height = (1 + np.cos((day - peak_day) * turn)) / 2
    return np.asarray(amplitude * (2 * height**sharpness - 1), dtype=np.float32)


def footfall(at_s: NDArray[np.int64]) -> NDArray[np.float32]:
    """Say how full the shop is, against the fullest week of the year.

    Parameters
    ----------
    at_s : ndarray of int64
        Seconds since 1970.

    Returns
    -------
    ndarray of float32, the same shape
        In (0, 1]: 1 before Christmas, 0.6 in the quiet of the year.
    """
    peak = season_effect(
        day_of_year(at_s),
        amplitude=0.2,
        peak_day=CHRISTMAS_SHOPPING_DAY,
        sharpness=8.0,
    )
    return np.float32(0.8) + peak


def local_seconds(local_day: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the time of day at which people shop, on their own clock.

    Parameters
    ----------
    local_day : ndarray of int64, shape (n,)
        Days since 1970 on the person's calendar.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    ndarray of int64, shape (n,)
        Seconds since local midnight: evenings on weekdays, all day at weekends.
    """
    weekend = (local_day + _WEEKDAY_OF_1970) % 7 >= _SATURDAY
    draw = rng.random(len(local_day))
    hour = np.where(
        weekend,
        np.searchsorted(_cumulative(_WEEKEND_HOURS), draw, side="right"),
        np.searchsorted(_cumulative(_WEEKDAY_HOURS), draw, side="right"),
    )
    return hour * 3_600 + rng.integers(0, 3_600, size=len(local_day))


def _cumulative(hours: str) -> NDArray[np.float64]:
    weights = np.array(hours.split(), dtype=np.float64)
    return np.asarray(np.cumsum(weights)[:-1] / weights.sum())
