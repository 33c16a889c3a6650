"""A proposal: what every list of one call keeps to, and the candidates that may stand in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.candidates import Candidates, Named, Source
from features.due import Due
from features.events import EventType
from features.history import Histories
from features.retrievers import Blocked
from features.seen import Seen

Order = Literal["ranker", "source"]
Rows = NDArray[np.integer]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
"""People and items, one of each a pair."""

LIKELY_SOON: Final = 0.1
"""Below this probability of a purchase within two weeks nobody would call an item due."""


@dataclass(frozen=True, slots=True)
class ListPolicy:
    """What every list of one call keeps to.

    Parameters
    ----------
    num_results : int
        Items wanted in each list.
    exclude_purchased : bool
        True to leave out what the person has bought and kept.
    sources : tuple of Source, optional
        Who may name candidates, the first that names an item is told; by default everybody but
        what was viewed lately, which `own_history` and `unfinished` name already.
    order : {"ranker", "source"}
        By what the second stage says, or as the sources name them, the strongest first.
    fallback : Source or None
        What fills a list that came out short: what is popular, or new arrivals and then that.
        None leaves it short.
    """

    num_results: int
    exclude_purchased: bool = False
    sources: tuple[Source, ...] | None = None
    order: Order = "ranker"
    fallback: Source | None = Source.POPULAR


@dataclass(frozen=True, slots=True, eq=False)
class Wishes:
    """What each of n lists is asked to be, beside the policy that all keep to.

    Every sequence has n entries, or is empty where nobody wishes anything.

    Parameters
    ----------
    excluded : sequence of ndarrays of int
        Item rows that must not be in the list.
    allowed : sequence of (ndarray of bool, shape (n_items,), or None)
        What may be in it; None for everything.
    given : sequence of (ndarray of int or None)
        The only items in question, to be put in order; None where the sources name them.
    baskets : sequence of ndarrays of int
        What lies in the cart: what is bought together is looked up for it and not for all that
        the person did; empty for the latter.
    bought : sequence of ndarrays of int
        What was bought just now: left out, but where it is due again soon.
    trending_now : ndarray of int32, shape (n, depth), optional
        Item rows, the most wanted first, -1 for none.
    """

    excluded: Sequence[Rows] = ()
    allowed: Sequence[NDArray[np.bool_] | None] = ()
    given: Sequence[Rows | None] = ()
    baskets: Sequence[Rows] = ()
    bought: Sequence[Rows] = ()
    trending_now: NDArray[np.int32] | None = None

    def basket_rows(self, people: Rows, n_items: int) -> sp.csr_array | None:
        """Give the carts of some people as a matrix of ones; None where nobody has any."""
        if not any(len(self.baskets[person]) for person in people if len(self.baskets)):
            return None
        return _ones([self.baskets[person] for person in people], n_items)


NO_WISHES: Final = Wishes()


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A batch of people with their candidates.

    Parameters
    ----------
    people : ndarray of int64, shape (n,)
        Which of the persons asked about.
    seen : Seen
        What is known of them.
    candidates : Candidates
        What may stand in their lists.
    blocked : Blocked
        What may not.
    """

    people: NDArray[np.int64]
    seen: Seen
    candidates: Candidates
    blocked: Blocked


def blocked_pairs(histories: Histories, policy: ListPolicy, wishes: Wishes) -> Pairs:
    """Pair people with the items that they must not be shown, sorted by person."""
    people, items = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    if policy.exclude_purchased:
        bought = histories.event_types == EventType.PURCHASE.code
        people, items = histories.person_of_entry[bought], histories.item_rows[bought]
    if len(wishes.excluded):
        lengths = [len(one) for one in wishes.excluded]
        people = np.concatenate((people, np.repeat(np.arange(len(lengths)), lengths)))
        items = np.concatenate((items, *wishes.excluded))
    order = np.argsort(people, kind="stable")
    return people[order], items[order]


def named(
    wishes: Wishes, people: NDArray[np.int64], by_sources: Callable[[], list[Named]]
) -> list[Named]:
    """Name what may be listed: what is given, and for everybody else what the sources name.

    Parameters
    ----------
    wishes : Wishes
        Of all the persons asked about.
    people : ndarray of int64, shape (n,)
        Some of them.
    by_sources : function that returns a list of Named
        Asks the sources about these; only where somebody is given nothing.
    """
    wanted = [wishes.given[person] for person in people] if len(wishes.given) else []
    is_given = np.array([rows is not None for rows in wanted], dtype=np.bool_)
    if not is_given.any():
        return by_sources()
    rows = _given(wanted)
    if is_given.all():
        return [rows]
    others = ((source, np.where(is_given[:, None], -1, found)) for source, found in by_sources())
    return [rows, *((source, found.astype(np.int32, copy=False)) for source, found in others)]


def _given(wanted: Sequence[Rows | None]) -> Named:
    # What is given twice is listed once.
    once = [np.empty(0, dtype=np.int64) if rows is None else _each_once(rows) for rows in wanted]
    item_rows = np.full((len(once), max(map(len, once))), -1, dtype=np.int32)
    for place, rows in enumerate(once):
        item_rows[place, : len(rows)] = rows
    return Source.GIVEN, item_rows


def _each_once(rows: Rows) -> Rows:
    _, first = np.unique(rows, return_index=True)
    return rows[np.sort(first)]


def blocked_items(
    recommendable: NDArray[np.bool_],
    due: Due | None,
    people: NDArray[np.int64],
    pairs: Pairs,
    wishes: Wishes,
) -> Blocked:
    """Mark what must not be in the lists of some of the persons asked about.

    Parameters
    ----------
    recommendable : ndarray of bool, shape (n_items,)
        What may be shown at all.
    due : Due or None
        What these people are expected to buy again, by their place among them.
    people : ndarray of int64, shape (n,)
        Which of the persons asked about they are; in a row.
    pairs : Pairs
        `blocked_pairs` of all.
    wishes : Wishes
        Of all.
    """
    marks = np.empty((len(people), len(recommendable)), dtype=np.bool_)
    marks[:] = ~recommendable
    first, last = np.searchsorted(pairs[0], (people[0], people[-1] + 1))
    marks[pairs[0][first:last] - people[0], pairs[1][first:last]] = True
    for place, person in enumerate(people if len(wishes.allowed) else ()):
        allowed = wishes.allowed[person]
        if allowed is not None:
            marks[place] |= ~allowed
    for place, person in enumerate(people if len(wishes.bought) else ()):
        marks[place, _not_due(due, place, wishes.bought[person])] = True
    return Blocked(marks)


def _not_due(due: Due | None, person: int, item_rows: Rows) -> Rows:
    """Leave out of some items those that a person is likely to buy again soon."""
    if due is None or not len(item_rows):
        return item_rows
    soon = due.item_rows[(due.people == person) & (due.soon >= LIKELY_SOON)]
    return item_rows[~np.isin(item_rows, soon)]


def _ones(rows: Sequence[Rows], n_items: int) -> sp.csr_array:
    columns = [np.unique(one) for one in rows]
    indptr = np.concatenate(([0], np.cumsum([len(one) for one in columns])))
    indices = np.concatenate((np.empty(0, dtype=np.int64), *columns))
    ones = np.ones(len(indices), dtype=np.float32)
    return sp.csr_array((ones, indices, indptr), shape=(len(rows), n_items))
