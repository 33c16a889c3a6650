"""The canvas: an empty picture in the house's colours. The door to matplotlib."""

from collections.abc import Iterable
from io import BytesIO
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from training.intervals import Interval

__all__ = ["Axes", "Figure", "canvas", "percent", "whiskers"]

BLUE: Final = "#2f6f9f"
ORANGE: Final = "#d1662b"
GREY: Final = "#888888"
DARK: Final = "#333333"
# What is served comes first and is blue everywhere; told apart in grey print too.
COLOURS: Final = (BLUE, ORANGE, "#8fb339", GREY, "#7b4b94", "#c9a227")


class Picture(Figure):
    """A figure that shows itself in a notebook, which otherwise takes pyplot."""

    def _repr_png_(self) -> bytes:
        content = BytesIO()
        self.savefig(content, format="png")
        return content.getvalue()


def canvas(width: float, height: float, *, n_axes: int = 1) -> tuple[Figure, list[Axes]]:
    """Open a picture with axes side by side.

    Parameters
    ----------
    width, height : float
        In inches.
    n_axes : int
        How many.
    """
    # Without pyplot: no window, no global state, the Agg canvas when it is saved.
    figure = Picture(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, n_axes, squeeze=False)[0]
    return figure, list(axes)


def percent() -> PercentFormatter:
    """Write shares as percentages."""
    return PercentFormatter(1)


def whiskers(intervals: Iterable[Interval]) -> NDArray[np.float64]:
    """Give how far each interval reaches below and above its mean, shape (2, n)."""
    # The bootstrap's ends need not enclose the mean; a whisker cannot be negative.
    ends = np.array([(one.mean - one.low, one.high - one.mean) for one in intervals])
    lengths: NDArray[np.float64] = np.maximum(ends.T, 0)
    return lengths
