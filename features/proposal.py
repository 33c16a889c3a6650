"""A proposal: what every list of one call keeps to, and the candidates that may stand in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.candidates import Candidates
from features.events import EventType
from features.history import Histories
from features.retrievers import Blocked
from features.seen import Seen


@dataclass(frozen=True, slots=True)
class ListPolicy:
    """What every list of one call keeps to.

    Parameters
    ----------
    num_results : int
        Items wanted in each list.
    exclude_purchased : bool
        True to leave out what the person has bought and kept.
    """

    num_results: int
    exclude_purchased: bool = False


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


def blocked_pairs(
    histories: Histories,
    policy: ListPolicy,
    excluded: Sequence[NDArray[np.integer]] | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair people with the items that they must not be shown, sorted by person."""
    people, items = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    if policy.exclude_purchased:
        bought = histories.event_types == EventType.PURCHASE.code
        people, items = histories.person_of_entry[bought], histories.item_rows[bought]
    if excluded is not None:
        lengths = [len(one) for one in excluded]
        people = np.concatenate((people, np.repeat(np.arange(len(excluded)), lengths)))
        items = np.concatenate((items, *excluded))
    order = np.argsort(people, kind="stable")
    return people[order], items[order]
