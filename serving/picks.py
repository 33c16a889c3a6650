"""Picks: lists for many people at once, for each who agreed to be sent them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from features.candidates import Source
from features.lists import Lists
from serving.asked import read_requests
from serving.because import Because, DueDates
from serving.explain import Reasons
from serving.lists import Answer, wire_items
from serving.news import News
from serving.party import Party, parties
from serving.road import Road
from serving.schemas import RecommendRequest

_LINES_AT_ONCE: Final = 256


class Status(StrEnum):
    """What became of one person's picks."""

    OK = "ok"
    # Nothing is known to pick by: the list is what is trending.
    FALLBACK = "fallback"
    NO_CONSENT = "no_consent"
    UNKNOWN_USER = "unknown_user"

    @property
    def code(self) -> int:
        """The status's number in arrays."""
        return STATUSES.index(self)


STATUSES: Final = tuple(Status)


@dataclass(frozen=True, slots=True, eq=False)
class Picks:
    """The lists of n people.

    Parameters
    ----------
    statuses : ndarray of uint8, shape (n,)
        `Status.code`.
    lists : Lists
        Empty for somebody who is unknown or did not consent.
    reasons : Reasons
        Of the items in the lists.
    shortfalls : dict of int to dict of str to int
        Why a list is shorter than asked for, by its place; a list that is empty by status is not
        in here.
    countries : dict of int to str
        Where it was looked up what is trending, by a list's place; the whole shop is not in here.
    due : dict of int to mapping of int to date
        When whoever gets something that is due is expected to buy it again.
    """

    statuses: NDArray[np.uint8]
    lists: Lists
    reasons: Reasons
    shortfalls: dict[int, dict[str, int]]
    countries: dict[int, str] = field(default_factory=dict)
    due: dict[int, DueDates] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Status, int]:
        """How many people have which status."""
        found = np.bincount(self.statuses, minlength=len(STATUSES)).tolist()
        return dict(zip(STATUSES, found, strict=True))


ReadNews = Callable[[Sequence[str]], News]
"""Gives what the store adds about some users."""


@dataclass(frozen=True, slots=True, eq=False)
class Picker:
    """Makes the lists of one placement, by the same road as a single request.

    Parameters
    ----------
    road : Road
        What to pick from.
    request : RecommendRequest
        What everybody is asked for; the user is put in.
    now : datetime
        Aware.
    read_news : function of user ids to News
        What the store adds; nothing by default.
    """

    road: Road
    request: RecommendRequest
    now: datetime
    read_news: ReadNews = News.none

    @classmethod
    def of(
        cls,
        road: Road,
        placement: str,
        num_results: int,
        *,
        now: datetime,
        read_news: ReadNews = News.none,
    ) -> Self:
        """Prepare to pick for a placement.

        Raises
        ------
        UnknownPlacement
            There is none of this name.
        """
        road.placements.named(placement)
        request = RecommendRequest(placement=placement, num_results=num_results, explain=True)
        return cls(road, request, now, read_news)

    @property
    def placement(self) -> str:
        """Where the lists will stand."""
        return self.request.placement

    @property
    def num_results(self) -> int:
        """Items wanted in each list."""
        return self.request.num_results

    def pick(self, user_ids: Sequence[str]) -> Picks:
        """Make the lists of some people."""
        n, news = len(user_ids), self.read_news(user_ids)
        requests = [self.request.model_copy(update={"user_id": one}) for one in user_ids]
        known, read = read_requests(self.road, requests, news, now=self.now)
        is_known = (known.user_rows >= 0) | (known.newer.lengths > 0)
        statuses = np.where(is_known, Status.NO_CONSENT.code, Status.UNKNOWN_USER.code)
        picks = Picks(
            statuses.astype(np.uint8),
            Lists.empty(n, self.num_results),
            Reasons.none(n, self.num_results),
            {},
        )
        allowed = [one for place, one in enumerate(read) if is_known[place]]
        for party in parties(self.road, known, news, allowed):
            _take_in(picks, party)
        return picks


def _take_in(picks: Picks, party: Party) -> None:
    """Put a party's lists into their places."""
    places, served = party.places, party.served
    picks.lists.item_rows[places] = served.lists.item_rows
    picks.lists.scores[places] = served.lists.scores
    picks.lists.sources[places] = served.lists.sources
    if served.reasons is not None:
        picks.reasons.item_rows[places] = served.reasons.item_rows
        picks.reasons.shares[places] = served.reasons.shares
        picks.reasons.verbs[places] = served.reasons.verbs
    has_history = np.diff(served.persons.confidence.indptr) > 0
    picks.statuses[places] = np.where(has_history, Status.OK.code, Status.FALLBACK.code)
    for place, country in enumerate(party.countries):
        if country is not None:
            picks.countries[int(places[place])] = country
    is_due = (served.lists.sources == Source.DUE_AGAIN.code).any(axis=1)
    for place in np.flatnonzero(is_due).tolist():
        picks.due[int(places[place])] = served.shaping.due_dates(place)
    for place in served.lists.short:
        picks.shortfalls[int(places[place])] = party.shortfall(place) or {}


def pick_lines(picker: Picker, user_ids: Sequence[str]) -> Iterator[Answer]:
    """Make one line for each user, and a last line that counts them.

    Parameters
    ----------
    picker : Picker
        Makes the lists.
    user_ids : sequence of str
        Who they are for.

    Yields
    ------
    dict
        JSON-ready, in the order of the users; each has the shape of `PickStatus`, the last one
        `type` "trailer".
    """
    counts: Counter[Status] = Counter()
    for start in range(0, len(user_ids), _LINES_AT_ONCE):
        some = user_ids[start : start + _LINES_AT_ONCE]
        picks = picker.pick(some)
        counts.update(picks.counts)
        for place, user_id in enumerate(some):
            yield _line(picker, picks, place, user_id)
    told = {f"n_{status.value}": counts[status] for status in STATUSES}
    yield {"type": "trailer", "n_users": len(user_ids), **told}


def _line(picker: Picker, picks: Picks, place: int, user_id: str) -> Answer:
    because = Because(picks.reasons, place, picks.countries.get(place))
    items = wire_items(
        picker.road, picks.lists, place, because=because, due=lambda: picks.due.get(place, {})
    )
    return {
        "type": "picks",
        "user_id": user_id,
        "status": STATUSES[picks.statuses[place]].value,
        "items": items,
        "requested": picker.num_results,
        "returned": len(items),
        "shortfall": picks.shortfalls.get(place),
    }
