"""Laws: what every list keeps to, looked up in the catalogue anew and not in how it was made."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.candidates import Source
from features.catalog import category_levels
from features.context import Situation
from serving.lists import Answer
from serving.placements import Placement
from serving.placements.rule_settings import CapSettings
from serving.road import Road


@dataclass(frozen=True, eq=False)
class GivenList:
    """A list that somebody was given.

    Parameters
    ----------
    road : Road
        The shop.
    placement : Placement
        What the list was to keep to, with its scenario's keys in their places.
    answer : dict
        The `ListAnswer`.
    situation : Situation
        When and how the person came.
    on_the_page : sequence of str
        Items that they had before them.
    purchased : ndarray of int
        Item rows that they bought, repetitions included.
    usual_price : float
        What they usually pay; NaN where that is not known.
    """

    road: Road
    placement: Placement
    answer: Answer
    situation: Situation
    on_the_page: Sequence[str]
    purchased: NDArray[np.integer]
    usual_price: float

    @property
    def broken(self) -> list[str]:
        """The laws that it breaks, by name."""
        return [name for name, breaks in LAWS.items() if breaks(self)]

    @cached_property
    def item_ids(self) -> list[str]:
        """What it holds."""
        return [item["item_id"] for item in self.answer["items"]]

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """What it holds, by item row."""
        return self.road.bundle.items.rows(self.item_ids)

    @cached_property
    def pinned(self) -> NDArray[np.bool_]:
        """Which slots a pin has filled."""
        sources = [item["source"] for item in self.answer["items"]]
        return np.array([one == Source.PINNED.value for one in sources], dtype=np.bool_)

    @property
    def is_short(self) -> bool:
        """Whether it holds fewer items than were asked for."""
        return len(self.item_ids) < int(self.answer["requested"])

    @cached_property
    def out_of_season(self) -> NDArray[np.bool_]:
        """What must not be shown in the person's season, shape (n_items,)."""
        floor, lifts = self.placement.rules.season_floor, self.road.bundle.recommender.lifts
        marks = lifts.out_of_season(self.situation, floor=floor) if floor and lifts else None
        return np.zeros(len(self.road.bundle.items), np.bool_) if marks is None else marks

    @cached_property
    def filtered_out(self) -> NDArray[np.bool_]:
        """What the placement's filter leaves out, shape (n_items,)."""
        allowed = self.road.rules.allowed(self.placement)
        return np.zeros(len(self.road.bundle.items), np.bool_) if allowed is None else ~allowed

    def values(self, column: str) -> list[Any]:
        """Give a column of the catalogue for the items that it holds."""
        values: list[Any] = self.road.bundle.catalogue.table[column].take(self.rows).to_pylist()
        return values


def _holds_an_item_twice(given: GivenList) -> bool:
    return len(set(given.item_ids)) < len(given.item_ids)


def _is_too_long(given: GivenList) -> bool:
    return len(given.item_ids) > int(given.answer["requested"])


def _is_short_without_a_reason(given: GivenList) -> bool:
    return given.is_short and not given.answer["shortfall"]


def _shows_the_hidden(given: GivenList) -> bool:
    return not given.road.bundle.catalogue.recommendable[given.rows].all()


def _shows_what_lies_there(given: GivenList) -> bool:
    return not set(given.on_the_page).isdisjoint(given.item_ids)


def _shows_the_purchased(given: GivenList) -> bool:
    return given.placement.exclude_purchased and bool(np.isin(given.rows, given.purchased).any())


def _breaks_the_filter(given: GivenList) -> bool:
    return bool(given.filtered_out[given.rows].any())


def _is_out_of_season(given: GivenList) -> bool:
    return bool(given.out_of_season[given.rows].any())


def _breaks_the_price_window(given: GivenList) -> bool:
    window = given.placement.rules.price_window
    if window is None or (window.times_usual and not given.usual_price > 0):
        return False
    times = given.usual_price if window.times_usual else 1.0
    low = (window.low or 0.0) * times
    high = math.inf if window.high is None else window.high * times
    prices = zip(given.values("price"), given.pinned.tolist(), strict=True)
    return any(
        not low <= price <= high for price, pinned in prices if price is not None and not pinned
    )


def _breaks_a_cap(given: GivenList) -> bool:
    # A list that had to be filled may break a cap, and says so.
    said = any(one["code"] == "rules_relaxed" for one in given.answer["warnings"])
    return not said and any(_exceeds(given, cap) for cap in given.placement.rules.cap)


def _exceeds(given: GivenList, cap: CapSettings) -> bool:
    values = given.values(cap.column)
    if cap.level is not None:
        values = [_top(one, cap.level) for one in values]
    length = cap.window or len(values)
    last = max(len(values) - length, 0)
    return any(
        _too_many(values[start : start + length], given.pinned[start : start + length], cap.most)
        for start in range(last + 1)
    )


def _top(path: str | None, level: int) -> str | None:
    levels = category_levels(path)[:level]
    return levels[-1] if levels else None


def _too_many(values: list[Any], pinned: NDArray[np.bool_], most: int) -> bool:
    """Tell whether a value stands there too often; pins alone may."""
    placed = {value for value, is_pin in zip(values, pinned.tolist(), strict=True) if not is_pin}
    counts = Counter(value for value in values if value is not None)
    return any(count > most and value in placed for value, count in counts.items())


def _loses_a_pin(given: GivenList) -> bool:
    return any(_is_lost(given, pin.item_id, pin.slot) for pin in given.placement.rules.pin)


def _is_lost(given: GivenList, item_id: str, slot: int) -> bool:
    """Tell whether a pin is not in its slot; a list that ends before has it as its end."""
    row = given.road.bundle.items.row_of(item_id)
    if row < 0 or slot > int(given.answer["requested"]) or not _may_be_pinned(given, row):
        return False
    if item_id not in given.item_ids:
        return True
    found = given.item_ids.index(item_id) + 1
    return found > slot if given.is_short else found != slot


def _may_be_pinned(given: GivenList, row: int) -> bool:
    barred = given.filtered_out[row] or given.out_of_season[row] or row in given.purchased
    on_the_page = given.road.bundle.items.id_of(row) in given.on_the_page
    return bool(given.road.bundle.catalogue.recommendable[row]) and not barred and not on_the_page


LAWS: Final[Mapping[str, Callable[[GivenList], bool]]] = MappingProxyType(
    {
        "an item twice": _holds_an_item_twice,
        "more items than asked for": _is_too_long,
        "short without a reason": _is_short_without_a_reason,
        "a hidden or unavailable item": _shows_the_hidden,
        "an item that was on the page": _shows_what_lies_there,
        "an item that was bought": _shows_the_purchased,
        "an item that the filter leaves out": _breaks_the_filter,
        "an item out of season": _is_out_of_season,
        "a price outside of the window": _breaks_the_price_window,
        "too many of one value": _breaks_a_cap,
        "a pin not in its slot": _loses_a_pin,
    }
)
"""Tells of each law whether a list breaks it."""
