"""Tastes: where items and people lie in one hidden space of themes, styles and price."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.simulated_shop.catalogue import Catalogue
from features.simulated_shop.display import Display
from features.simulated_shop.truth import Floats
from features.simulated_shop.vocabulary import Vocabulary

THEMES: Final = 20
STYLES: Final = 9
"""Dimensions that tell shelves apart, and dimensions that tell a shelf's items apart."""

DEPARTMENT_WEIGHT: Final = 0.7
"""How much a shelf is like its neighbours in the department, against 1 for itself."""

WORD_NOISE: Final = 0.5
"""How far an item is from what its words say, against 1 for each word."""

FAVOURITES: Final = np.array([2.0, 1.7, 1.3])
"""Each person has three favourite shelves, maybe one of them twice, and this much pull to them."""

STYLE_PULL: Final = 1.1
PRICE_PULL: Final = 0.5
PROMINENCE_APPEAL: Final = 0.4
OWN_APPEAL: Final = 0.35


@dataclass(frozen=True, slots=True)
class ItemTraits:
    """What the items are: `Truth.item_vectors`, `Truth.item_appeal`, and the shelves' themes.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_items, THEMES + STYLES + 1)
        The shelf's theme, the item's style, its log price within the shelf (standardised).
    appeal : ndarray of float32, shape (n_items,)
        What everybody likes; what is displayed more has more of it.
    themes : ndarray of float32, shape (n_shelves, THEMES)
        Unit vectors.
    """

    vectors: Floats
    appeal: Floats
    themes: Floats


def draw_item_traits(
    catalogue: Catalogue, display: Display, words: Vocabulary, rng: np.random.Generator
) -> ItemTraits:
    """Place the items by their shelf, their words and their price.

    Parameters
    ----------
    catalogue : Catalogue
        The items; the same word gives the same style in every shelf.
    display : Display
        Which items are prominent.
    words : Vocabulary
        The shelves.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    ItemTraits
    """
    themes = _themes(words, rng)
    n_items = len(catalogue.shelf)
    style = WORD_NOISE * _directions(n_items, STYLES, rng)
    for column in (catalogue.product, catalogue.style, catalogue.variant, catalogue.brand):
        distinct, word = np.unique(column, return_inverse=True)
        style = style + _directions(len(distinct), STYLES, rng)[word]
    price = _within_shelf(np.log(catalogue.price), catalogue.shelf)
    return ItemTraits(
        vectors=np.hstack([themes[catalogue.shelf], style / 2, price[:, None]]).astype(np.float32),
        appeal=np.asarray(
            PROMINENCE_APPEAL * display.prominence + OWN_APPEAL * rng.standard_normal(n_items),
            dtype=np.float32,
        ),
        themes=themes.astype(np.float32),
    )


def draw_tastes(
    n_people: int, themes: Floats, words: Vocabulary, rng: np.random.Generator
) -> Floats:
    """Draw what people like: three favourite shelves, a style, and how much price matters.

    Parameters
    ----------
    n_people : int
        Users and visitors.
    themes : ndarray of float32, shape (n_shelves, THEMES)
        The shelves' themes.
    words : Vocabulary
        How much each shelf is in demand.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    ndarray of float32, shape (n_people, THEMES + STYLES + 1)
    """
    demand = np.array([shelf.demand for shelf in words.shelves])
    favourites = rng.choice(len(demand), size=(n_people, len(FAVOURITES)), p=demand / demand.sum())
    weights = FAVOURITES * rng.uniform(0.7, 1.3, size=favourites.shape)
    theme = np.einsum("pf,pft->pt", weights, themes[favourites])
    style = STYLE_PULL * rng.standard_normal((n_people, STYLES))
    price = PRICE_PULL * rng.standard_normal((n_people, 1)) - PRICE_PULL / 3
    return np.hstack([theme, style, price]).astype(np.float32)


def _themes(words: Vocabulary, rng: np.random.Generator) -> NDArray[np.float64]:
    departments = [shelf.department for shelf in words.shelves]
    distinct, department = np.unique(departments, return_inverse=True)
    own = _directions(len(departments), THEMES, rng)
    shared = _directions(len(distinct), THEMES, rng)[department]
    themes = own + DEPARTMENT_WEIGHT * shared
    return np.asarray(themes / np.linalg.norm(themes, axis=1, keepdims=True))


def _directions(n: int, d: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw vectors whose length is about 1."""
    return np.asarray(rng.standard_normal((n, d)) / np.sqrt(d))


def _within_shelf(values: NDArray[np.float64], shelf: NDArray[Any]) -> NDArray[np.float64]:
    """Standardise values against the other items of the shelf."""
    counts = np.bincount(shelf)
    centred = values - (np.bincount(shelf, weights=values) / counts)[shelf]
    spread = np.sqrt(np.bincount(shelf, weights=centred**2) / counts)[shelf]
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0))
