"""What an answer is made from: the bundle and the placements, swapped as one."""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from serving.filters import Masks
from serving.lifecycles import Lifecycles
from serving.placements import Placements
from serving.rules import Rulebook
from training.bundle import Bundle

_MOST_KEPT: Final = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Road:
    """One shop as it is served at one moment; a request reads it once.

    Parameters
    ----------
    bundle : Bundle
        The current bundle, with what the shop has changed in the catalogue since.
    placements : Placements
        The shop's placements.
    """

    bundle: Bundle
    placements: Placements
    masks: Masks = field(init=False, repr=False)
    rules: Rulebook = field(init=False, repr=False)
    lifecycles: Lifecycles = field(init=False, repr=False)
    model_version: str = field(init=False, repr=False)
    _shown: dict[int, tuple[str, orjson.Fragment]] = field(default_factory=dict, repr=False)
    _trend_rows: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rows = self.bundle.recommender.trends.rows_of(self.bundle.people.countries)
        object.__setattr__(self, "_trend_rows", rows)
        masks = Masks(self.bundle.catalogue.table)
        object.__setattr__(self, "masks", masks)
        # A digest of the whole manifest, which every answer names.
        object.__setattr__(self, "model_version", self.bundle.manifest.bundle_id)
        object.__setattr__(self, "lifecycles", Lifecycles(self.bundle))
        object.__setattr__(self, "rules", Rulebook(self.bundle, masks))

    def blended(self) -> "Road":
        """Give the same road without a second stage: lists in the order of the blend."""
        recommender = replace(self.bundle.recommender, ranker=None)
        return Road(replace(self.bundle, recommender=recommender), self.placements)

    def trend_rows(self, user_rows: NDArray[np.integer]) -> NDArray[np.int64]:
        """Find where it is told what is trending where each person lives, shape (n,).

        Parameters
        ----------
        user_rows : ndarray of int, shape (n,)
            Rows of users; -1 for somebody unknown, who gets the whole shop's trend.
        """
        known = user_rows >= 0
        countries = np.full(len(user_rows), -1)
        countries[known] = self.bundle.people.country_rows[user_rows[known]]
        rows: NDArray[np.int64] = self._trend_rows[countries]
        return rows

    def shown(self, item_row: int) -> tuple[str, orjson.Fragment]:
        """Give an item's id and, as JSON, the properties that a page shows of it."""
        # Looked up once: another thread may clear what is kept at any moment.
        kept = self._shown.get(item_row)
        if kept is not None:
            return kept
        # Bounded, so that a very large catalogue cannot fill a worker's memory.
        if len(self._shown) >= _MOST_KEPT:
            self._shown.clear()
        properties = orjson.dumps(self.bundle.catalogue.properties(item_row))
        shown = (self.bundle.items.id_of(item_row), orjson.Fragment(properties))
        self._shown[item_row] = shown
        return shown
