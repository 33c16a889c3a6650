"""A look at a list in the terminal: what somebody did, what they get, and what speaks for it."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.errors import UnknownItem, UnknownUser, VitrineError
from features.events import EventType
from features.history import Histories
from features.ids import MISSING, IdMap
from features.kinds import Kind
from serving.lists import Answer
from serving.news import News
from serving.recommend import answer_recommend
from serving.road import Road
from serving.schemas import RecommendRequest, SimilarRequest
from serving.similar import answer_similar
from serving.text_table import text_table

_KINDS: Final = {
    "bought": (EventType.PURCHASE,),
    "put into the cart or on the wishlist": (EventType.CART, EventType.WISHLIST),
    "viewed": (EventType.VIEW, EventType.CLICK),
}
_HEADINGS: Final[dict[Kind, str]] = {
    "any": "similar to it",
    "alternatives": "wanted instead of it",
    "complements": "wanted as well",
}
_TOLD: Final = {"purchased": "bought", "carted": "put into the cart"}
_NUMBERS: Final = ("times", "rank", "price", "score")
_MOST_SHOWN: Final = 10
_MOST_COMPARED: Final = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How lists are shown.

    Parameters
    ----------
    road : Road
        What to answer from.
    news : News
        What the store adds about whoever is looked at.
    now : datetime
        Aware.
    titles : bool
        True to name items by their titles, too.
    width : int or None
        Characters in a line; None for no limit.
    """

    road: Road
    news: News | None
    now: datetime
    titles: bool
    width: int | None

    def at_user(self, user_id: str, *, placement: str, num_results: int) -> str:
        """Show what a user did, the latest first, and the list that they get.

        Parameters
        ----------
        user_id : str
            The user.
        placement : str
            Where the list would stand.
        num_results : int
            Items wanted in the list.

        Raises
        ------
        UnknownUser
            Nobody has this id; the nearest ids are given.
        UnknownPlacement
            There is no such placement.
        """
        users = self.road.bundle.users
        row = users.row_of(user_id)
        if row == MISSING:
            raise UnknownUser(f"no user has the id {user_id!r}{_nearest(users, user_id)}")
        asked = RecommendRequest(
            user_id=user_id, placement=placement, num_results=num_results, explain=True
        )
        answer = _answered(answer_recommend(self.road, [asked], self.news, now=self.now))
        history = self.road.bundle.histories.take(np.array([row]))
        parts = [self._person(user_id, row), *self._history(history)]
        return "\n\n".join([*parts, self._list(f"recommended for {placement}", answer)])

    def at_item(self, item_id: str, *, kind: Kind, num_results: int) -> str:
        """Show an item and the list of what is similar to it.

        Parameters
        ----------
        item_id : str
            The item.
        kind : {"any", "alternatives", "complements"}
            What the similar items are wanted for.
        num_results : int
            Items wanted in the list.

        Raises
        ------
        UnknownItem
            No item has this id; the nearest ids are given.
        """
        items = self.road.bundle.items
        row = items.row_of(item_id)
        if row == MISSING:
            raise UnknownItem(f"no item has the id {item_id!r}{_nearest(items, item_id)}")
        asked = SimilarRequest(item_id=item_id, kind=kind, num_results=num_results)
        answer = _answered(answer_similar(self.road, [asked]))
        return "\n\n".join([self._item(item_id, row), self._list(_HEADINGS[kind], answer)])

    def _person(self, user_id: str, row: int) -> str:
        people = self.road.bundle.people
        agreed = [one for one in people.purposes if people.consented(one)[row]]
        country = people.country_of(row) or "country not known"
        return f"user {user_id}, {country}, agreed to {', '.join(agreed) or 'nothing'}"

    def _item(self, item_id: str, row: int) -> str:
        catalogue = self.road.bundle.catalogue
        known = catalogue.properties(row)
        told = [
            str(known[name]) for name in ("title", "category", "brand", "price") if name in known
        ]
        shown = "" if catalogue.recommendable[row] else " (not shown in any list)"
        return f"item {item_id}{shown}: {', '.join(told) or 'nothing more is known of it'}"

    def _history(self, history: Histories) -> list[str]:
        shown = []
        for kind, event_types in _KINDS.items():
            codes = [one.code for one in event_types]
            table = self._events(kind, history.select(np.isin(history.event_types, codes)))
            shown += [table] if table else []
        return shown or ["nothing is known of what they did"]

    def _events(self, kind: str, history: Histories) -> str:
        """List the items of one person's events, the latest first."""
        item_rows, entry_of = np.unique(history.item_rows, return_inverse=True)
        if not len(item_rows):
            return ""
        times = np.bincount(entry_of, weights=history.counts)
        last_s = np.zeros(len(item_rows), dtype=np.int64)
        np.maximum.at(last_s, entry_of, history.timestamps)
        order = np.lexsort((item_rows, -last_s))[:_MOST_SHOWN]
        rows = [
            [_date(last_s[place]), f"{times[place]:.0f}", *self._named(int(item_rows[place]))]
            for place in order
        ]
        header = ["last time", "times", *self._columns]
        table = text_table(header, rows, width=self.width, numbers=_NUMBERS)
        more = len(item_rows) - len(rows)
        rest = f"\n... and {more:,} more items" if more else ""
        return f"{kind} {len(item_rows):,} items\n{table}{rest}"

    def _list(self, heading: str, answer: Answer) -> str:
        header = ["rank", *self._columns, "price", "score", "source"]
        rows = [self._line(item) for item in answer["items"]]
        if any(item["reasons"] for item in answer["items"]):
            header.append("because")
            for row, item in zip(rows, answer["items"], strict=True):
                row.append(", ".join(self._reason(one) for one in item["reasons"]))
        table = text_table(header, rows, width=self.width, numbers=_NUMBERS)
        notes = "".join(f"\nnote: {one['message']}" for one in answer["warnings"])
        if answer["shortfall"]:
            notes += f"\n{answer['returned']} of {answer['requested']}: {answer['shortfall']}"
        return f"{heading} (bundle {answer['model_version']})\n{table}{notes}"

    def _line(self, item: Answer) -> list[str]:
        row = self.road.bundle.items.row_of(item["item_id"])
        price = self.road.bundle.catalogue.table["price"][row].as_py()
        shown = "" if price is None else f"{price:.2f}"
        return [str(item["rank"]), *self._named(row), shown, f"{item['score']:.4f}", item["source"]]

    def _reason(self, reason: Answer) -> str:
        verb = _TOLD.get(reason["type"], reason["type"].replace("_", " "))
        if "item_id" not in reason:
            return f"{verb}: {reason['country']}" if "country" in reason else verb
        row = self.road.bundle.items.row_of(reason["item_id"])
        name = self.road.bundle.catalogue.title(row) if self.titles else reason["item_id"]
        return f"{verb}: {name} {reason['share']:.0%}"

    @property
    def _columns(self) -> list[str]:
        return ["item_id", "title"] if self.titles else ["item_id"]

    def _named(self, item_row: int) -> list[str]:
        named = [self.road.bundle.items.id_of(item_row)]
        return [*named, self.road.bundle.catalogue.title(item_row)] if self.titles else named


def _answered(answers: Sequence[Answer | VitrineError]) -> Answer:
    (answer,) = answers
    if isinstance(answer, VitrineError):
        raise answer
    return answer


def _date(epoch_s: np.int64) -> str:
    return f"{datetime.fromtimestamp(int(epoch_s), tz=UTC):%Y-%m-%d}"


def _nearest(ids: IdMap, wanted: str) -> str:
    """Name ids that look alike; of a very large map only the first are compared."""
    some: NDArray[np.int64] = np.arange(min(len(ids), _MOST_COMPARED))
    near = difflib.get_close_matches(wanted, ids.ids(some), n=3)
    return f"; near it are {', '.join(near)}" if near else "; take one from the shop's own data"
