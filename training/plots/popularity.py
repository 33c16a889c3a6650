"""Popularity: how much of what is shown, and of what is bought, are best sellers."""

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput
from training.plots.canvas import BLUE, GREY, ORANGE, Figure, canvas, percent


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
    figure, (axes,) = canvas(7, 5)
    axes.plot(share, _running_share(shown[best_sellers]), color=BLUE, label="places in the lists")
    axes.plot(share, _running_share(bought[best_sellers]), color=ORANGE, label="purchases")
    axes.plot((0, 1), (0, 1), color=GREY, linestyle=":", label="every item alike")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.xaxis.set_major_formatter(percent())
    axes.yaxis.set_major_formatter(percent())
    axes.set_xlabel("Share of the catalogue, best sellers first")
    axes.set_ylabel("Share of all places or purchases")
    axes.set_title(f"{np.count_nonzero(shown):,} of {len(shown):,} items are in somebody's list")
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
    return figure


def _running_share(counts: NDArray[np.number]) -> NDArray[np.float64]:
    return np.concatenate(([0.0], np.cumsum(counts) / counts.sum()))
