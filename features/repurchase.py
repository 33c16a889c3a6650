"""Repurchases: what a person buys again and again, and when the next time is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from features.credibility import LEAST, MOST, shrunk, worth_of_mean, worth_of_share
from features.due import Due
from features.history import SECONDS_PER_DAY, Histories
from features.purchase_days import PurchaseDays

# An interval that nobody has ever waited for: the first guess of a shop without repurchases.
_FIRST_GUESS_DAYS: Final = 60.0
_FIRST_GUESS_SPREAD: Final = 1.0
_LEAST_SPREAD: Final = 0.1  # people come by day, not by hour
_SPREAD_WORTH: Final = 4.0
"""How many intervals of an item the whole shop's spread is worth."""

_SUREST: Final = 0.98
"""No item is bought again by everybody: who stays away long enough has left."""


@dataclass(frozen=True, slots=True, eq=False)
class RepurchaseModel:
    """How often each item is bought again, and after how long.

    The logarithm of the days between two purchases of an item by a person is taken as normal:
    around the item's mean, and around the person's own mean once that is known. An item's mean
    is drawn towards the shop's, a person's towards the item's, each by how alike they are
    (`features.credibility`).

    Parameters
    ----------
    log_intervals : ndarray of float32, shape (n_items,)
        Mean natural logarithm of the days between two purchases.
    spreads : ndarray of float32, shape (n_items,)
        Standard deviation of it, over people and times.
    repeat_probabilities : ndarray of float32, shape (n_items,)
        Share of the first buyers who ever buy it again, in [0, 0.98].
    interval_worth : float
        How many intervals of one's own the item's mean is worth.
    repeat_worth : float
        How many repurchases of one's own the item's repeat probability is worth.
    """

    log_intervals: NDArray[np.float32]
    spreads: NDArray[np.float32]
    repeat_probabilities: NDArray[np.float32]
    interval_worth: float
    repeat_worth: float

    @classmethod
    def of(cls, histories: Histories, *, n_items: int, as_of_s: int) -> Self:
        """Learn from everybody's purchases up to `as_of`.

        A buyer who has not come back is evidence against the item only as far as there was
        time: one first purchase counts as `F(days since)` trials, F being the distribution of
        the item's intervals. So an item that went on sale last week is not called a one-off.

        Raises
        ------
        FutureEventError
            A purchase is of a later date than `as_of`.
        """
        bought = PurchaseDays.of(histories, as_of_s=as_of_s)
        logs, pairs = np.log(bought.interval_days), bought.interval_pairs
        items = bought.item_rows[pairs]
        counts = np.bincount(items, minlength=n_items)
        shop = float(logs.mean()) if len(logs) else float(np.log(_FIRST_GUESS_DAYS))
        means = shrunk(
            np.bincount(items, logs, n_items), counts, pool=shop, worth=worth_of_mean(logs, items)
        )
        squares = (logs - means[items]) ** 2
        variance = float(squares.mean()) if len(logs) else _FIRST_GUESS_SPREAD**2
        variances = shrunk(
            np.bincount(items, squares, n_items), counts, pool=variance, worth=_SPREAD_WORTH
        )
        spreads = np.maximum(np.sqrt(variances), _LEAST_SPREAD)
        today = as_of_s // SECONDS_PER_DAY
        # From here on by pair: how much of the time that a second purchase takes has passed.
        item = bought.item_rows
        tried = _passed(today - bought.first_days, means[item], spreads[item])
        repeat = _repeat_probabilities(bought, tried, n_items)
        return cls(
            log_intervals=means.astype(np.float32),
            spreads=spreads.astype(np.float32),
            repeat_probabilities=repeat.astype(np.float32),
            interval_worth=worth_of_mean(logs, pairs, items),
            repeat_worth=_repeat_worth(bought, today, means, spreads, repeat),
        )

    def due(self, histories: Histories, *, as_of_s: int, window_days: float = 14.0) -> Due:
        """Expect when people buy again what they have bought.

        With r own intervals, item mean m, and k = `interval_worth`, the expected log-interval is
        `(sum of own + k m) / (r + k)`. With repeat probability p (after r repurchases
        `(r + w p_item) / (r + w)`, w = `repeat_worth`), F the distribution of the interval and t
        the days since the last purchase, who has stayed away for so long comes back

            at all               p (1 - F(t)) / (1 - p F(t))
            within the window    p (F(t + window) - F(t)) / (1 - p F(t))

        Parameters
        ----------
        histories : Histories
            n people.
        as_of_s : int
            The moment, in seconds since 1970 UTC.
        window_days : float
            How far ahead `Due.soon` looks, in days.

        Raises
        ------
        FutureEventError
            A purchase is of a later date than `as_of`.
        """
        bought = PurchaseDays.of(histories, as_of_s=as_of_s)
        item, n_again, k = bought.item_rows, bought.n_again, self.interval_worth
        own = bought.summed(np.log(bought.interval_days))
        mean = shrunk(own, n_again, pool=self.log_intervals[item], worth=k)
        # What is left of the spread once the person's own mean is as good as r intervals tell.
        spread = self.spreads[item] * np.sqrt(k / (1 + k) * (1 + 1 / (n_again + k)))
        again = shrunk(
            n_again, n_again, pool=self.repeat_probabilities[item], worth=self.repeat_worth
        )
        idle_days = as_of_s // SECONDS_PER_DAY - bought.last_days
        passed = _passed(idle_days, mean, spread)
        by_then = _passed(idle_days + window_days, mean, spread)
        still_silent = 1 - again * passed
        interval = np.exp(mean)
        return Due(
            people=bought.people,
            item_rows=item,
            due_days=(bought.last_days + interval).astype(np.float32),
            days_until_due=(interval - idle_days).astype(np.float32),
            confidence=(again * (1 - passed) / still_silent).astype(np.float32),
            soon=(again * (by_then - passed) / still_silent).astype(np.float32),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays that `from_arrays` needs, for storage."""
        return {
            "log_intervals": self.log_intervals,
            "spreads": self.spreads,
            "repeat_probabilities": self.repeat_probabilities,
            "worth": np.array([self.interval_worth, self.repeat_worth]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from what `arrays` gave."""
        interval_worth, repeat_worth = arrays["worth"].tolist()
        return cls(
            log_intervals=arrays["log_intervals"],
            spreads=arrays["spreads"],
            repeat_probabilities=arrays["repeat_probabilities"],
            interval_worth=interval_worth,
            repeat_worth=repeat_worth,
        )


def _passed(
    days: NDArray[np.number], mean: NDArray[np.floating], spread: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Give the probability that an interval is over after so many days; F above."""
    # Whoever bought today had at most half a day.
    over: NDArray[np.float64] = ndtr((np.log(np.maximum(days, 0.5)) - mean) / spread)
    return over


def _repeat_probabilities(
    bought: PurchaseDays, tried: NDArray[np.float64], n_items: int
) -> NDArray[np.float64]:
    """Share of each item's first buyers who buy it again, drawn towards the shop's share."""
    trials = np.bincount(bought.item_rows, tried, minlength=n_items)
    successes = np.bincount(bought.item_rows, bought.n_again > 0, minlength=n_items)
    shop = min(successes.sum() / max(trials.sum(), 1.0), _SUREST)
    worth = worth_of_share(successes, trials)
    return np.clip(shrunk(successes, trials, pool=shop, worth=worth), 0.0, _SUREST)


def _repeat_worth(
    bought: PurchaseDays,
    today: int,
    means: NDArray[np.float64],
    spreads: NDArray[np.float64],
    repeat: NDArray[np.float64],
) -> float:
    """Tell how much surer a repurchase is after a first one, as a number of repurchases.

    If the first buyers come back with probability p and those who did with probability q, then
    `q = (1 + w p) / (1 + w)` gives `w = (1 - q) / (q - p)`.
    """
    pairs, first = np.unique(bought.interval_pairs, return_index=True)
    item = bought.item_rows[pairs]
    second_days = bought.first_days[pairs] + bought.interval_days[first]
    trials = _passed(today - second_days, means[item], spreads[item])
    total = max(float(trials.sum()), 1.0)
    after_one = min(float((bought.n_again[pairs] > 1).sum()) / total, 1.0)
    before = float((trials * repeat[item]).sum()) / total
    return float(np.clip((1 - after_one) / max(after_one - before, 1e-9), LEAST, MOST))
