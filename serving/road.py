"""What an answer is made from: the bundle and the placements, swapped as one."""

from dataclasses import dataclass, field
from typing import Final

import orjson

from serving.placements import Placements
from training.bundle import Bundle

_MOST_KEPT: Final = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Road:
    """One shop as it is served at one moment; a request reads it once.

    Parameters
    ----------
    bundle : Bundle
        The current bundle.
    placements : Placements
        The shop's placements.
    """

    bundle: Bundle
    placements: Placements
    _shown: dict[int, tuple[str, orjson.Fragment]] = field(default_factory=dict, repr=False)

    def shown(self, item_row: int) -> tuple[str, orjson.Fragment]:
        """Give an item's id and, as JSON, the properties that a page shows of it."""
        if item_row not in self._shown:
            # Bounded, so that a very large catalogue cannot fill a worker's memory.
            if len(self._shown) >= _MOST_KEPT:
                self._shown.clear()
            properties = orjson.dumps(self.bundle.catalogue.properties(item_row))
            item_id = self.bundle.items.id_of(item_row)
            self._shown[item_row] = (item_id, orjson.Fragment(properties))
        return self._shown[item_row]
