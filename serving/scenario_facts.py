"""Scenario facts: what scenarios and rules ask about one person, worked out when they ask."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from features.events import ANONYMOUS_PREFIX, EventType
from features.history import Histories
from features.segments.lifecycle import Stage
from features.unfinished import unfinished
from serving.known import KnownPeople
from serving.road import Road

_HOUR_S: Final = 3600
_LOOKED: Final = (EventType.VIEW, EventType.CLICK)
_CARTS_ONLY: Final = {EventType.CART: 1.0}


@dataclass(frozen=True, eq=False)
class ScenarioFacts:
    """One person of those who ask; an `About`.

    Parameters
    ----------
    road : Road
        What is known.
    people : KnownPeople
        Those who ask.
    place : int
        Which of them.
    key : str or None
        The person's key; None where nobody is named.
    now_s : int
        The moment, in seconds since 1970 UTC.
    """

    road: Road
    people: KnownPeople
    place: int
    key: str | None
    now_s: int

    @property
    def known(self) -> bool:
        """Whether the shop knows who it is: a user and no anonymous visitor."""
        return self.key is not None and not self.key.startswith(ANONYMOUS_PREFIX)

    @property
    def country(self) -> str | None:
        """Where they live, as the shop says; None where it does not."""
        row = int(self.people.user_rows[self.place])
        return self.road.bundle.people.country_of(row) if row >= 0 else None

    @property
    def stage(self) -> Stage:
        """Where they stand in the lifecycle on the bundle's day, with what they did since."""
        return self._rhythm[0]

    @property
    def n_orders(self) -> int:
        """Dates on which they bought something."""
        return self._rhythm[1]

    @property
    def hours_since_cart(self) -> float:
        """Since they put something into the cart that is still there; infinite for never."""
        histories = self._histories
        last_s = int(max(self.now_s, histories.timestamps.max(initial=0)))
        open_items = unfinished(
            histories, n_items=len(self.road.bundle.items), as_of_s=last_s, by_type=_CARTS_ONLY
        ).indices
        carted = histories.event_types == EventType.CART.code
        return self._hours_since(carted & np.isin(histories.item_rows, open_items))

    @property
    def hours_since_view(self) -> float:
        """Since they last looked at something; infinite for never."""
        return self._hours_since(_of_types(self._histories, _LOOKED))

    @property
    def hours_since_purchase(self) -> float:
        """Since they last bought something; infinite for never."""
        return self._hours_since(_of_types(self._histories, (EventType.PURCHASE,)))

    @property
    def usual_price(self) -> float:
        """What they usually pay: the geometric mean; NaN where that is not known."""
        facts = self.road.bundle.recommender.facts
        if facts is None:
            return math.nan
        bought = _of_types(self._histories, (EventType.PURCHASE,))
        prices = facts.log_price[self._histories.item_rows[bought]]
        paid = prices[np.isfinite(prices)]
        return math.exp(float(paid.mean())) if len(paid) else math.nan

    @cached_property
    def _histories(self) -> Histories:
        return self.people.histories(self.road.bundle, self.place)

    @cached_property
    def _rhythm(self) -> tuple[Stage, int]:
        row = int(self.people.user_rows[self.place])
        if row >= 0 and not self.people.newer.lengths[self.place]:
            return self.road.lifecycles.of_user(row)
        return self.road.lifecycles.of(self._histories)

    def _hours_since(self, chosen: np.ndarray) -> float:
        times = self._histories.timestamps[chosen]
        return max(self.now_s - int(times.max()), 0) / _HOUR_S if len(times) else math.inf


def _of_types(histories: Histories, event_types: Iterable[EventType]) -> np.ndarray:
    return np.isin(histories.event_types, [one.code for one in event_types])
