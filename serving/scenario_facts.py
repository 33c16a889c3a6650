"""Scenario facts: what scenarios and rules ask about one person, worked out when they ask."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.events import ANONYMOUS_PREFIX, EventType
from features.history import Histories
from features.segments.activity import activity
from features.segments.lifecycle import Stage, StageRules, lifecycle
from features.unfinished import unfinished
from serving.known import KnownPeople
from serving.placements import Person
from training.bundle import Bundle

_HOUR_S: Final = 3600
_LOOKED: Final = (EventType.VIEW, EventType.CLICK)
_CARTS_ONLY: Final = {EventType.CART: 1.0}


@dataclass(frozen=True, slots=True)
class ScenarioFacts:
    """One person of those who ask.

    Parameters
    ----------
    bundle : Bundle
        What is known.
    known : KnownPeople
        Those who ask.
    place : int
        Which of them.
    key : str or None
        The person's key; None where nobody is named.
    now_s : int
        The moment, in seconds since 1970 UTC.
    """

    bundle: Bundle
    known: KnownPeople
    place: int
    key: str | None
    now_s: int

    def person(self) -> Person:
        """Say what scenarios ask about."""
        bundle, row = self.bundle, int(self.known.user_rows[self.place])
        histories = self.known.histories(bundle, self.place)
        facts, as_of_s = bundle.recommender.facts, bundle.recommender.as_of_s
        # The stage is that of the bundle's day, as segments and the ranker count it.
        rhythm = activity(histories.up_to(as_of_s), as_of_s=as_of_s)
        rules = StageRules() if facts is None else StageRules(gap_days=facts.usual_gap_days)
        return Person(
            known=self.key is not None and not self.key.startswith(ANONYMOUS_PREFIX),
            stage=Stage.of_code(int(lifecycle(rhythm, rules)[0])),
            n_orders=int(rhythm.orders[0]),
            country=bundle.people.country_of(row) if row >= 0 else None,
            hours_since_cart=self._hours_since(self._open_carts(histories)),
            hours_since_view=self._hours_since(_times(histories, _LOOKED)),
            hours_since_purchase=self._hours_since(_times(histories, (EventType.PURCHASE,))),
        )

    def usual_price(self) -> float:
        """Say what the person usually pays: the geometric mean; NaN where that is not known."""
        facts = self.bundle.recommender.facts
        if facts is None:
            return math.nan
        histories = self.known.histories(self.bundle, self.place)
        bought = histories.event_types == EventType.PURCHASE.code
        prices = facts.log_price[histories.item_rows[bought]]
        paid = prices[np.isfinite(prices)]
        return math.exp(float(paid.mean())) if len(paid) else math.nan

    def _open_carts(self, histories: Histories) -> list[int]:
        """Give the times at which items came into the cart that are still there."""
        last_s = int(max(self.now_s, histories.timestamps.max(initial=0)))
        open_items = unfinished(
            histories, n_items=len(self.bundle.items), as_of_s=last_s, by_type=_CARTS_ONLY
        ).indices
        carted = histories.event_types == EventType.CART.code
        is_open = carted & np.isin(histories.item_rows, open_items)
        times: list[int] = histories.timestamps[is_open].tolist()
        return times

    def _hours_since(self, times_s: list[int]) -> float:
        return max(self.now_s - max(times_s), 0) / _HOUR_S if times_s else math.inf


def _times(histories: Histories, event_types: Iterable[EventType]) -> list[int]:
    chosen = np.isin(histories.event_types, [one.code for one in event_types])
    times: list[int] = histories.timestamps[chosen].tolist()
    return times
