"""Learning curve: how the lists improve with what is known of a person."""

from collections.abc import Mapping

import numpy as np

from features.errors import InvalidInput
from training.intervals import Interval
from training.plots.canvas import COLOURS, Axes, Figure, canvas, whiskers

Curves = Mapping[str, Mapping[str, Interval]]
"""A metric by model and bin of history."""


def learning_curve(metrics: Mapping[str, Curves], *, unit: str) -> Figure:
    """Draw a metric against the amount of history, a line with intervals for each model.

    Parameters
    ----------
    metrics : mapping of str to mapping of str to mapping of str to Interval
        By metric, model and bin, the bins in order; all models have the bins of the first.
    unit : str
        What the bins count, such as "orders".

    Raises
    ------
    InvalidInput
        There is no metric, model or bin.
    """
    if not metrics or not all(any(curves.values()) for curves in metrics.values()):
        raise InvalidInput("there is no bin to draw; give at least one metric, model and bin")
    figure, several = canvas(6.5 * len(metrics), 4.5, n_axes=len(metrics))
    for axes, (metric, curves) in zip(several, metrics.items(), strict=True):
        _draw(axes, curves)
        axes.set_xlabel(f"{unit} of a person before the window (users)")
        axes.set_ylabel(f"{metric}, with 95 % interval")
        axes.set_title(f"{metric} by the amount of history")
    several[0].legend(loc="best")
    return figure


def _draw(axes: Axes, curves: Curves) -> None:
    bins = next(iter(curves.values()))
    places = np.arange(len(bins))
    # Side by side: intervals on top of each other cannot be read.
    steps = np.linspace(-0.1, 0.1, len(curves)) if len(curves) > 1 else [0.0]
    for number, ((name, intervals), step) in enumerate(zip(curves.items(), steps, strict=True)):
        drawn = [intervals[one] for one in bins]
        axes.errorbar(
            places + step,
            [one.mean for one in drawn],
            yerr=whiskers(drawn),
            color=COLOURS[number % len(COLOURS)],
            marker="o",
            capsize=2,
            label=name,
        )
    axes.set_xticks(places, [f"{name}\n({one.n:,})" for name, one in bins.items()])
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
