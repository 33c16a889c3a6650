"""What an evaluation looks like: the pictures that belong to a training run."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from features.errors import InvalidInput
from training.intervals import Interval

# `Figure` without pyplot: no window, no global state, the Agg canvas when it is saved.
__all__ = ["Figure", "events_by_month", "popularity_against_catalogue", "recall_by_segment"]

_INCHES_PER_BAR: Final = 0.36
_BLUE: Final = "#2f6f9f"
_ORANGE: Final = "#d1662b"
_GREY: Final = "#888888"


def recall_by_segment(segments: Mapping[str, Interval], *, k: int) -> Figure:
    """Draw for whom the lists are good: one bar for each segment, with its interval.

    Parameters
    ----------
    segments : mapping of str to Interval
        Recall by the segment's name, drawn from top to bottom in this order.
    k : int
        How many items of a list counted.

    Raises
    ------
    InvalidInput
        There is no segment.
    """
    if not segments:
        raise InvalidInput("there is no segment to draw; give at least one")
    figure = Figure(figsize=(8, 1.4 + _INCHES_PER_BAR * len(segments)), layout="constrained")
    axes = figure.subplots()
    means = np.array([one.mean for one in segments.values()])
    # The bootstrap's ends need not enclose the mean; a bar's whisker cannot be negative.
    below = np.maximum(means - [one.low for one in segments.values()], 0)
    above = np.maximum([one.high for one in segments.values()] - means, 0)
    axes.barh(np.arange(len(means)), means, xerr=(below, above), color=_BLUE, ecolor=_ORANGE)
    names = [f"{name} ({one.n:,} users)" for name, one in segments.items()]
    axes.set_yticks(np.arange(len(means)), names)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel(f"Recall@{k}, with 95 % interval")
    axes.set_title("For whom the lists are good")
    axes.grid(axis="x", alpha=0.3)
    return figure


def popularity_against_catalogue(shown: NDArray[np.number], bought: NDArray[np.number]) -> Figure:
    """Draw how much of the lists, and of the sales, the best-selling part of the catalogue takes.

    Parameters
    ----------
    shown : ndarray, shape (n_items,)
        How often each item was in a list; at least 0.
    bought : ndarray, shape (n_items,)
        How often each item was bought; at least 0.

    Raises
    ------
    InvalidInput
        The two do not belong to the same items, or nothing was shown or bought.
    """
    if shown.shape != bought.shape or shown.ndim != 1:
        raise InvalidInput(
            "shown and bought must be one count for each item;"
            f" got shapes {shown.shape} and {bought.shape}"
        )
    if not shown.sum() > 0 or not bought.sum() > 0:
        raise InvalidInput("nothing was shown or nothing was bought; there is nothing to draw")
    best_sellers = np.argsort(-bought, kind="stable")
    share = np.arange(len(bought) + 1) / len(bought)
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot(share, _running_share(shown[best_sellers]), color=_BLUE, label="places in the lists")
    axes.plot(share, _running_share(bought[best_sellers]), color=_ORANGE, label="purchases")
    axes.plot((0, 1), (0, 1), color=_GREY, linestyle=":", label="every item alike")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("Share of the catalogue, best sellers first")
    axes.set_ylabel("Share of all places or purchases")
    axes.set_title(f"{np.count_nonzero(shown):,} of {len(shown):,} items are in somebody's list")
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
    return figure


def _running_share(counts: NDArray[np.number]) -> NDArray[np.float64]:
    return np.concatenate(([0.0], np.cumsum(counts) / counts.sum()))


def events_by_month(months: pa.Table) -> Figure:
    """Draw how many events of each type each month had.

    Parameters
    ----------
    months : pyarrow.Table
        The columns `event_type`, `month` (a timestamp) and `n`, sorted by month.
    """
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for event_type in sorted(pc.unique(months["event_type"]).to_pylist()):
        one = months.filter(pc.equal(months["event_type"], event_type))
        axes.plot(one["month"].to_pylist(), one["n"].to_pylist(), marker=".", label=event_type)
    axes.set_yscale("log")
    axes.set_ylabel("Events a month (logarithmic)")
    axes.set_title("What was recorded")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    axes.grid(alpha=0.3)
    return figure
