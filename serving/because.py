"""Because: what is told about why an item is in one person's list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from features.candidates import Source
from serving.explain import VERBS, Reasons
from serving.road import Road

DueDates = Mapping[int, date]
"""When a person is expected to buy which item row again."""

_FACTS: Final = {
    Source.TRENDING: "trending",
    Source.TRENDING_NOW: "trending_now",
    Source.TRENDING_IN_COUNTRY: "trending_in_country",
    Source.TRENDING_IN_CATEGORY: "trending_in_category",
    Source.POPULAR: "popular",
    Source.NEW_ARRIVAL: "new",
    Source.PINNED: "pinned",
    Source.DUE_AGAIN: "due_again",
}
"""What speaks for an item beside the person's history, by where it came from."""

_OF_A_PLACE: Final = (Source.TRENDING_NOW, Source.TRENDING_IN_COUNTRY)


@dataclass(frozen=True, slots=True, eq=False)
class Because:
    """Why the items of one list are in it.

    Parameters
    ----------
    shares : Reasons
        Of several lists: what history items contributed.
    place : int
        Which of the lists.
    country : str or None
        Where what is trending was looked up; None for the whole shop.
    """

    shares: Reasons
    place: int
    country: str | None = None

    def reasons(self, road: Road, rank: int, source: Source) -> list[dict[str, Any]]:
        """Tell why one item is in the list: the fact of its source, then the history's shares."""
        told: list[dict[str, Any]] = []
        if source in _FACTS:
            where = {"country": self.country} if source in _OF_A_PLACE and self.country else {}
            told.append({"type": _FACTS[source], **where})
        found = zip(
            self.shares.item_rows[self.place, rank].tolist(),
            self.shares.shares[self.place, rank].tolist(),
            self.shares.verbs[self.place, rank].tolist(),
            strict=True,
        )
        told += [
            {"type": VERBS[verb], "item_id": road.shown(row)[0], "share": share}
            for row, share, verb in found
            if row >= 0
        ]
        return told
