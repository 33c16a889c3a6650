"""Recall by segment: for whom the lists are good, and better than what is simple."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from features.errors import InvalidInput
from training.intervals import Interval
from training.plots.canvas import COLOURS, DARK, Figure, canvas, whiskers

_INCHES_PER_BAR: Final = 0.16
_INCHES_PER_SEGMENT: Final = 0.2
_OF_A_GROUP: Final = 0.8


def recall_by_segment(models: Mapping[str, Mapping[str, Interval]], *, k: int) -> Figure:
    """Draw a group of bars for each segment, with a bar and its interval for each model.

    Parameters
    ----------
    models : mapping of str to mapping of str to Interval
        Recall by model and segment, drawn from top to bottom in this order; all models have the
        segments of the first.
    k : int
        How many items of a list counted.

    Raises
    ------
    InvalidInput
        There is no segment.
    """
    segments = next(iter(models.values()), {})
    if not segments:
        raise InvalidInput("there is no segment to draw; give at least one")
    thickness = _OF_A_GROUP / len(models)
    height = len(segments) * (_INCHES_PER_SEGMENT + _INCHES_PER_BAR * len(models))
    figure, (axes,) = canvas(8, 1.4 + height)
    places = np.arange(len(segments))
    for number, (name, intervals) in enumerate(models.items()):
        drawn = [intervals[segment] for segment in segments]
        axes.barh(
            places + (number - (len(models) - 1) / 2) * thickness,
            [one.mean for one in drawn],
            height=thickness,
            xerr=whiskers(drawn),
            color=COLOURS[number % len(COLOURS)],
            ecolor=DARK,
            label=name,
        )
    axes.set_yticks(places, [f"{name} ({one.n:,} users)" for name, one in segments.items()])
    axes.set_ylim(len(segments) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"Recall@{k}, with 95 % interval")
    axes.set_title("For whom the lists are good")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=len(models))
    return figure
