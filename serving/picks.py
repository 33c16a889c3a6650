"""Picks: lists for many people at once, for each who agreed to be sent them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from features.lists import Lists
from features.recommender import ListPolicy
from features.seen import Persons
from serving.explain import Reasons, explain
from serving.lists import Answer, why_short, wire_items
from serving.recommend import left_out
from serving.road import Road

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
    """

    statuses: NDArray[np.uint8]
    lists: Lists
    reasons: Reasons
    shortfalls: dict[int, dict[str, int]]

    @property
    def counts(self) -> dict[Status, int]:
        """How many people have which status."""
        found = np.bincount(self.statuses, minlength=len(STATUSES)).tolist()
        return dict(zip(STATUSES, found, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Picker:
    """Makes the lists of one placement; `of` builds it.

    Parameters
    ----------
    road : Road
        What to pick from.
    placement : str
        Where the lists will stand.
    policy : ListPolicy
        What they keep to.
    may_have : ndarray of bool, shape (n_users,)
        Who may be sent a list.
    """

    road: Road
    placement: str
    policy: ListPolicy
    may_have: NDArray[np.bool_]

    @classmethod
    def of(cls, road: Road, placement: str, num_results: int) -> Self:
        """Prepare to pick for a placement.

        Raises
        ------
        UnknownPlacement
            There is none of this name.
        """
        chosen, people = road.placements.named(placement), road.bundle.people
        may_have = np.ones(len(people.consents), dtype=np.bool_)
        if chosen.purpose is not None:
            may_have = people.consented(chosen.purpose)
        policy = ListPolicy(num_results, exclude_purchased=chosen.exclude_purchased)
        return cls(road, placement, policy, may_have)

    def pick(self, user_rows: NDArray[np.integer]) -> Picks:
        """Make the lists of some people.

        Parameters
        ----------
        user_rows : ndarray of int, shape (n,)
            Rows of users; -1 for somebody unknown.
        """
        bundle = self.road.bundle
        statuses = np.full(len(user_rows), Status.UNKNOWN_USER.code, dtype=np.uint8)
        known = np.flatnonzero(user_rows >= 0)
        statuses[known] = Status.NO_CONSENT.code
        served = known[self.may_have[user_rows[known]]]
        rows = user_rows[served]
        persons = bundle.persons(rows)
        lists = bundle.recommender.recommend(
            persons, self.policy, trend_rows=self.road.trend_rows(rows)
        )
        has_history = np.diff(persons.confidence.indptr) > 0
        statuses[served] = np.where(has_history, Status.OK.code, Status.FALLBACK.code)
        return Picks(
            statuses,
            lists.spread(served, n=len(user_rows)),
            explain(bundle.recommender, persons, lists).spread(served, n=len(user_rows)),
            {int(served[place]): self._why_short(persons, place) for place in lists.short},
        )

    def _why_short(self, persons: Persons, place: int) -> dict[str, int]:
        purchased = self.policy.exclude_purchased
        held_back = left_out(persons.histories, place, exclude_purchased=purchased)
        return why_short(self.road, held_back)


def pick_lines(
    road: Road, placement: str, user_ids: Sequence[str], num_results: int
) -> Iterator[Answer]:
    """Make one line for each user, and a last line that counts them.

    Parameters
    ----------
    road : Road
        What to pick from.
    placement : str
        Where the lists will stand.
    user_ids : sequence of str
        Who they are for.
    num_results : int
        Items wanted in each list.

    Returns
    -------
    iterator of dict
        JSON-ready, in the order of the users; each has the shape of `PickStatus`, the last one
        `type` "trailer".

    Raises
    ------
    UnknownPlacement
        There is none of this name.
    """
    return _lines(Picker.of(road, placement, num_results), user_ids)


def _lines(picker: Picker, user_ids: Sequence[str]) -> Iterator[Answer]:
    counts: Counter[Status] = Counter()
    for start in range(0, len(user_ids), _LINES_AT_ONCE):
        some = user_ids[start : start + _LINES_AT_ONCE]
        picks = picker.pick(picker.road.bundle.users.rows(some))
        counts.update(picks.counts)
        for place, user_id in enumerate(some):
            yield _line(picker, picks, place, user_id)
    told = {f"n_{status.value}": counts[status] for status in STATUSES}
    yield {"type": "trailer", "n_users": len(user_ids), **told}


def _line(picker: Picker, picks: Picks, place: int, user_id: str) -> Answer:
    items = wire_items(picker.road, picks.lists, place, picks.reasons)
    return {
        "type": "picks",
        "user_id": user_id,
        "status": STATUSES[picks.statuses[place]].value,
        "items": items,
        "requested": picker.policy.num_results,
        "returned": len(items),
        "shortfall": picks.shortfalls.get(place),
    }
