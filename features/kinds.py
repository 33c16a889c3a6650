"""Kinds of similar items: what somebody may want instead of an item, and what along with it."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["any", "alternatives", "complements"]
"""`any` leaves open which of the two an item is."""

SAME_USE: Final = 0.3
"""From this content cosine on, an item is of the same use: another lamp, not a bulb for it."""
_NOT_KNOWN: Final = 0.3
"""The taste of an item that nobody knows: less than that of a proven alternative, not nothing."""


def as_alternatives(
    content: NDArray[np.float32],
    baskets: NDArray[np.float32],
    *,
    taste: NDArray[np.float32],
    known: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Score items that may be wanted instead.

    ``content * sqrt(taste) * (1 - baskets)``: described alike, wanted by the same people, and
    not bought along. Content leads and taste has the root, because people who want a cake stand
    also want cups; where little is known of an item, its taste is drawn towards 0.3. What is
    not of the same use scores 0, so that no item is both an alternative and a complement.

    Parameters
    ----------
    content, baskets : ndarray of float32
        Cosine of the descriptions and strength of the shared baskets, from 0 to 1.
    taste : ndarray of float32, same shape
        Cosine of the vectors, from -1 to 1.
    known : ndarray of float32, same shape
        How much evidence there is for the taste, from 0 to 1.

    Returns
    -------
    ndarray of float32, same shape
        From 0 to about 1; 0 for no alternative.

    Examples
    --------
    >>> lamp, bulb = np.float32([0.8, 0.1]), np.float32([0.0, 0.3])
    >>> as_alternatives(lamp, bulb, taste=np.float32([0.25, 0.9]), known=np.float32([1, 1]))
    array([0.4, 0. ], dtype=float32)
    """
    shown = np.maximum(taste, 0) + (1 - known) * np.float32(_NOT_KNOWN)
    scores = content * np.sqrt(shown) * (1 - baskets)
    return np.where(content >= SAME_USE, scores, 0).astype(np.float32)


def as_complements(
    content: NDArray[np.float32], baskets: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Score items that may be wanted as well.

    ``baskets * (1 - content)``: bought along and described otherwise. What is of the same use
    scores 0, also where people buy both: who buys two lamps does not need the third.

    Parameters
    ----------
    content, baskets : ndarray of float32
        Cosine of the descriptions and strength of the shared baskets, from 0 to 1.

    Returns
    -------
    ndarray of float32, same shape
        From 0 to 1; 0 for no complement.

    Examples
    --------
    >>> as_complements(np.float32([0.8, 0.0]), np.float32([0.4, 0.25]))
    array([0.  , 0.25], dtype=float32)
    """
    scores = baskets * (1 - content)
    return np.where(content < SAME_USE, scores, 0).astype(np.float32)
