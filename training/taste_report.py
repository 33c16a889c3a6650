"""A taste report: which tastes a shop's people have, and how steadily they buy in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.catalog import Catalogue
from features.segments.steadiness import steadiness
from features.segments.typical import interest, most_typical, typicality
from training.bundle import Bundle
from training.tastes import learn_tastes

TYPICAL: Final = 3
"""How many typical items a group is shown with."""

_SEED: Final = 0


@dataclass(frozen=True, slots=True)
class TasteGroup:
    """The people of one taste.

    Parameters
    ----------
    name : str
        In words of the shop.
    n_people : int
        How many.
    spent : float
        What they spent in the last 365 days, in the shop's currency.
    steadiness : float
        In how many of the months after the first purchase they buy in it again, from 0 to 1; NaN
        where that cannot be told yet.
    typical : tuple of str
        Titles of what they go for more than everybody does, the most typical first.
    """

    name: str
    n_people: int
    spent: float
    steadiness: float
    typical: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TasteReport:
    """The tastes of the people in a bundle, the largest first.

    Parameters
    ----------
    bundle_id : str
        Whose vectors they are.
    as_of : datetime
        What that bundle knows up to.
    tastes : tuple of TasteGroup
        Everybody with a history is in one.
    """

    bundle_id: str
    as_of: datetime
    tastes: tuple[TasteGroup, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON values; a steadiness that cannot be told is null."""
        return {
            "bundle_id": self.bundle_id,
            "as_of": self.as_of.isoformat(),
            "tastes": [
                {
                    "name": one.name,
                    "n_people": one.n_people,
                    "spent": one.spent,
                    "steadiness": None if np.isnan(one.steadiness) else one.steadiness,
                    "typical": list(one.typical),
                }
                for one in self.tastes
            ],
        }


def taste_report(bundle: Bundle, spent: NDArray[np.floating]) -> TasteReport:
    """Learn the tastes of a bundle's people and describe them.

    Parameters
    ----------
    bundle : Bundle
        With a model: its `user_vectors` are not None.
    spent : ndarray of float, shape (n_users,)
        What each of its users spent.
    """
    histories, items = bundle.histories, bundle.catalogue
    interested = interest(histories, n_items=len(bundle.items))
    vectors = np.asarray(bundle.user_vectors)
    tastes = learn_tastes(vectors, interested, items.table, seed=_SEED)
    of_person = tastes.of(vectors)
    scores = typicality(interested, of_person, n_groups=len(tastes))
    best = most_typical(scores, k=2 * TYPICAL)
    steady = steadiness(
        histories,
        taste_of_person=of_person,
        taste_of_item=np.where(scores.max(axis=0) > 0, scores.argmax(axis=0), -1),
        n_tastes=len(tastes),
        as_of_s=int(bundle.manifest.as_of.timestamp()),
    )
    groups = tuple(
        TasteGroup(
            name=name,
            n_people=int((of_person == taste).sum()),
            spent=float(spent[of_person == taste].sum(dtype=np.float64)),
            steadiness=float(steady[taste]),
            typical=titles(best[taste], items),
        )
        for taste, name in enumerate(tastes.names)
    )
    return TasteReport(bundle.manifest.bundle_id, bundle.manifest.as_of, groups)


def titles(item_rows: NDArray[np.integer], catalogue: Catalogue) -> tuple[str, ...]:
    """Name the first few items; a row of -1 names none, and the same title is named once."""
    named = [catalogue.title(row) for row in item_rows.tolist() if row >= 0]
    return tuple(dict.fromkeys(named))[:TYPICAL]
