"""Feature importance: what a ranker goes by."""

from collections.abc import Mapping
from typing import Final

from features.errors import InvalidInput
from training.plots.canvas import BLUE, Figure, canvas, percent

_INCHES_PER_BAR: Final = 0.26


def feature_importance(shares: Mapping[str, float], *, kind: str, most: int = 20) -> Figure:
    """Draw the share of the gain that each feature brought.

    Parameters
    ----------
    shares : mapping of str to float
        By feature, the largest first (`Fitted.importance`).
    kind : str
        The kind of list, for the title.
    most : int
        How many features are drawn; at least 1.

    Raises
    ------
    InvalidInput
        There is no feature.
    """
    if not shares:
        raise InvalidInput("there is no feature to draw; give at least one")
    drawn = dict(list(shares.items())[:most])
    figure, (axes,) = canvas(7, 1.2 + _INCHES_PER_BAR * len(drawn))
    axes.barh(list(drawn), list(drawn.values()), color=BLUE)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(percent())
    axes.set_xlabel("Share of the gain in all trees")
    axes.set_title(f"What orders the lists of {kind}: {len(drawn)} of {len(shares)} features")
    axes.grid(axis="x", alpha=0.3)
    return figure
