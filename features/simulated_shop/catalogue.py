"""The simulated catalogue: believable items, their prices, and when they are on sale."""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.catalog import ITEM_SCHEMA
from features.simulated_shop.seasons import DAY_S
from features.simulated_shop.settings import SimulationSettings
from features.simulated_shop.truth import NEVER_S
from features.simulated_shop.vocabulary import Shelf, Vocabulary

PRICE_SPREAD: Final = 0.15
"""How far equal products' prices lie apart, as a log."""

NEW_SHARE: Final = 0.25
OLDEST_DAYS: Final = 1_500
"""A quarter of the items arrive during the period, the others in the four years before."""

RETIRED_SHARE: Final = 0.08
HIDDEN_SHARE: Final = 0.25
"""Some items sell out for good; a quarter of those are taken out of the shop altogether."""

UNBRANDED_SHARE: Final = 0.04

WHOLE_PRICES_FROM: Final = 50.0

_EXTRA_COLUMNS: Final = ("product", "style", "variant")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The items as arrays of shape (n_items,), in the order of `items.parquet`.

    Parameters
    ----------
    shelf : ndarray of int16
        Row of the item's shelf in the vocabulary.
    product, style, variant, brand : ndarray of str
        The words that the title is made of, and who makes it.
    price : ndarray of float64
        In the shop's currency, with a shop's endings.
    released_s, retired_s : ndarray of int64
        From when until when it can be bought, in seconds since 1970.
    """

    shelf: NDArray[np.int16]
    product: NDArray[np.str_]
    style: NDArray[np.str_]
    variant: NDArray[np.str_]
    brand: NDArray[np.str_]
    price: NDArray[np.float64]
    released_s: NDArray[np.int64]
    retired_s: NDArray[np.int64]

    @property
    def item_ids(self) -> NDArray[np.str_]:
        """The shop's ids, shape (n_items,)."""
        return np.array([f"i{row:06d}" for row in range(1, len(self.shelf) + 1)])


def make_catalogue(
    settings: SimulationSettings, words: Vocabulary, rng: np.random.Generator
) -> Catalogue:
    """Fill every shelf, the ones in demand with more items.

    Parameters
    ----------
    settings : SimulationSettings
        How many items, and the period.
    words : Vocabulary
        What they can be.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    Catalogue
        In random order, so that an item's row says nothing about it.
    """
    demand = np.array([shelf.demand for shelf in words.shelves])
    spare = settings.n_items - len(demand)
    counts = 1 + rng.multinomial(spare, demand / demand.sum())
    filled = [
        _fill(row, shelf, words.brands[shelf.department], count=int(count), rng=rng)
        for row, (shelf, count) in enumerate(zip(words.shelves, counts, strict=True))
    ]
    released_s, retired_s = _dates(settings, rng)
    order = rng.permutation(settings.n_items)
    drawn = {name: np.concatenate([part[name] for part in filled])[order] for name in filled[0]}
    return Catalogue(**drawn, released_s=released_s, retired_s=retired_s)


def _fill(
    row: int, shelf: Shelf, brands: dict[str, float], *, count: int, rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """Draw a shelf's items; no two are alike before every combination is taken."""
    shape = (len(shelf.nouns), len(shelf.styles), len(shelf.variants), len(brands))
    combinations = np.resize(rng.permutation(np.prod(shape)), count)
    noun, style, variant, brand = np.unravel_index(combinations, shape)
    price = (
        shelf.price
        * np.array(list(shelf.nouns.values()))[noun]
        * np.array(list(brands.values()))[brand]
        * shelf.variant_step**variant
        * rng.lognormal(0.0, PRICE_SPREAD, size=count)
    )
    return {
        "shelf": np.full(count, row, dtype=np.int16),
        "product": np.array(list(shelf.nouns))[noun],
        "style": np.array(shelf.styles)[style],
        "variant": np.array(shelf.variants)[variant],
        "brand": np.array(list(brands))[brand],
        "price": shop_price(price),
    }


def shop_price(price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give prices the endings that shops use.

    Parameters
    ----------
    price : ndarray of float64
        Any positive prices.

    Returns
    -------
    ndarray of float64, the same shape
        Ending in .49 or .99 below 50, whole above.

    Examples
    --------
    >>> shop_price(np.array([3.2, 17.7, 131.8]))
    array([  3.49,  17.99, 132.  ])
    """
    below = np.round(np.floor(price * 2) / 2 + 0.49, 2)
    return np.where(price < WHOLE_PRICES_FROM, below, np.round(price))


def _dates(
    settings: SimulationSettings, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw when items come and go; what goes has been there before."""
    n_items, period_s = settings.n_items, settings.end_s - settings.start_s
    new = rng.random(n_items) < NEW_SHARE
    since_start_s = np.where(
        new,
        rng.random(n_items) * period_s,
        -rng.random(n_items) * OLDEST_DAYS * DAY_S,
    )
    released_s = settings.start_s + since_start_s.astype(np.int64)
    on_sale_from_s = np.maximum(released_s, settings.start_s)
    left_s = (settings.end_s - on_sale_from_s) * rng.uniform(0.3, 1.0, size=n_items)
    retired = rng.random(n_items) < RETIRED_SHARE
    return released_s, np.where(retired, on_sale_from_s + left_s.astype(np.int64), NEVER_S)


def item_table(catalogue: Catalogue, words: Vocabulary, rng: np.random.Generator) -> pa.Table:
    """Write the catalogue as the shop would export it at the end of the period.

    Parameters
    ----------
    catalogue : Catalogue
        The items.
    words : Vocabulary
        The shelves' category paths.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    pyarrow.Table
        `ITEM_SCHEMA` with the columns `product`, `style` and `variant` behind it.
    """
    ids = catalogue.item_ids.tolist()
    titles = [
        f"{style} {product}, {variant}"
        for style, product, variant in zip(
            catalogue.style, catalogue.product, catalogue.variant, strict=True
        )
    ]
    retired = catalogue.retired_s < NEVER_S
    hidden = retired & (rng.random(len(ids)) < HIDDEN_SHARE)
    columns = {
        "item_id": ids,
        "title": titles,
        "category": [words.shelves[row].path for row in catalogue.shelf],
        "brand": pa.array(catalogue.brand, mask=rng.random(len(ids)) < UNBRANDED_SHARE),
        "price": catalogue.price,
        "available": ~retired | hidden,
        "hidden": hidden,
        "released_at": catalogue.released_s.astype("datetime64[s]"),
        "url": [
            f"https://shop.example/{item_id}/{_slug(title)}"
            for item_id, title in zip(ids, titles, strict=True)
        ],
        "image_url": [f"https://shop.example/images/{item_id}.jpg" for item_id in ids],
        **{name: getattr(catalogue, name) for name in _EXTRA_COLUMNS},
    }
    extra = [pa.field(name, pa.string()) for name in _EXTRA_COLUMNS]
    return pa.table(columns, schema=pa.schema([*ITEM_SCHEMA, *extra]))


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
