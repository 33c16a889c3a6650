"""A party: people whose lists keep to one policy, served together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.errors import VitrineError
from features.events import EventType
from features.lists import Lists
from features.proposal import ListPolicy, Wishes
from features.seen import Persons
from serving.asked import Asked
from serving.because import Because
from serving.explain import Reasons, explain
from serving.known import KnownPeople
from serving.lists import why_short
from serving.news import News
from serving.road import Road
from serving.shaping import Shaping


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """The lists of a party.

    Parameters
    ----------
    persons : Persons
        Who they are.
    lists : Lists
        What they get.
    reasons : Reasons or None
        Why, where somebody asked.
    shaping : Shaping
        What the rules did.
    """

    persons: Persons
    lists: Lists
    reasons: Reasons | None
    shaping: Shaping


@dataclass(frozen=True, eq=False)
class Party:
    """Requests that are served together; a request alone is a party of one.

    Parameters
    ----------
    road : Road
        The shop.
    known : KnownPeople
        All who ask.
    news : News
        What is new of them.
    policy : ListPolicy
        What these requests keep to.
    group : list of Asked
        The requests.
    """

    road: Road
    known: KnownPeople
    news: News
    policy: ListPolicy
    group: list[Asked] = field(default_factory=list)

    @cached_property
    def served(self) -> Served:
        """The lists; made once."""
        recommender = self.road.bundle.recommender
        persons = self.known.persons(self.road.bundle, self.places)
        shaping = Shaping(recommender, [asked.plan for asked in self.group], self.policy)
        lists = recommender.recommend(
            persons,
            self.policy,
            trend_rows=np.array([asked.trend_row for asked in self.group]),
            wishes=self._wishes(),
            shape=shaping.shape,
        )
        wants_reasons = any(asked.request.explain for asked in self.group)
        reasons = explain(recommender, persons, lists) if wants_reasons else None
        return Served(persons, lists, reasons, shaping)

    @property
    def places(self) -> NDArray[np.int64]:
        """Which of all requests these are."""
        return np.array([asked.place for asked in self.group], dtype=np.int64)

    def _wishes(self) -> Wishes:
        group, trending = self.group, self.news.trending_now
        return Wishes(
            excluded=[one.excluded for one in group],
            allowed=[one.allowed for one in group] if any(one.barred for one in group) else (),
            given=[one.given for one in group] if any(one.is_given for one in group) else (),
            baskets=[one.basket for one in group],
            bought=[self.known.bought[one.place] for one in group],
            trending_now=None if trending is None else trending[[one.trend_row for one in group]],
        )

    def is_new(self, place: int) -> bool:
        """Tell whether nothing is known that a list could be made from."""
        indptr = self.served.persons.confidence.indptr
        return bool(indptr[place] == indptr[place + 1])

    @property
    def countries(self) -> list[str | None]:
        """Where it was looked up what is trending for each; None for the whole shop."""
        names = self.road.bundle.recommender.trends.countries
        rows = [asked.trend_row for asked in self.group]
        return [names[row] if row < len(names) else None for row in rows]

    def because(self, place: int) -> Because | None:
        """Tell why the items of a list are in it; None where nobody asked."""
        reasons = self.served.reasons
        return None if reasons is None else Because(reasons, place, self.countries[place])

    def shortfall(self, place: int) -> dict[str, int] | None:
        """Count by reason what a list that came out short could not hold; None for a full one."""
        returned = int(self.served.lists.returned[place])
        if returned == self.policy.num_results:
            return None
        counts = why_short(self.road, self._left_out(place)) | self.served.shaping.capped(place)
        # Where nothing may fill a list, it holds only what its sources named.
        not_named = len(self.road.bundle.items) - returned - sum(counts.values())
        return counts | ({"not_named": not_named} if not_named > 0 else {})

    def _left_out(self, place: int) -> dict[str, NDArray[np.integer]]:
        asked = self.group[place]
        purchased: NDArray[np.integer] = self.known.bought[asked.place]
        if self.policy.exclude_purchased:
            purchased = _purchased(self.served.persons, place)
        return {
            "excluded": asked.excluded,
            "purchased": purchased,
            **{reason: np.flatnonzero(marks) for reason, marks in asked.barred.items()},
            **asked.not_given(len(self.road.bundle.items)),
        }


def parties(
    road: Road, known: KnownPeople, news: News, read: Iterable[Asked | VitrineError]
) -> Iterator[Party]:
    """Put requests together that keep to the same policy; those that failed are in none."""
    alike: dict[ListPolicy, list[Asked]] = defaultdict(list)
    for asked in read:
        if not isinstance(asked, VitrineError):
            alike[asked.policy].append(asked)
    for policy, group in alike.items():
        yield Party(road, known, news, policy, group)


def _purchased(persons: Persons, place: int) -> NDArray[np.integer]:
    histories = persons.histories
    entries = slice(histories.indptr[place], histories.indptr[place + 1])
    is_bought = histories.event_types[entries] == EventType.PURCHASE.code
    rows: NDArray[np.integer] = histories.item_rows[entries][is_bought]
    return rows
