"""Person facts: numbers about each person of a batch that the ranker reads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.events import EventType
from features.history import Histories
from features.item_facts import ItemFacts
from features.segments.activity import Activity, activity
from features.segments.lifecycle import StageRules, lifecycle


@dataclass(frozen=True, slots=True, eq=False)
class PersonFacts:
    """Numbers about n people.

    Parameters
    ----------
    rhythm : Activity
        How often and how lately they came and bought.
    stages : ndarray of uint8, shape (n,)
        `Stage.code`.
    breadth : ndarray of float32, shape (n,)
        Items bought per order.
    log_price : ndarray of float32, shape (n,)
        Mean ln of the prices of what was bought; NaN where none is known.
    category_shares : ndarray of float32, shape (n, n_categories), or None
        What part of each person's purchases falls into each category; None without categories.
    """

    rhythm: Activity
    stages: NDArray[np.uint8]
    breadth: NDArray[np.float32]
    log_price: NDArray[np.float32]
    category_shares: NDArray[np.float32] | None

    def numbers(self) -> dict[str, NDArray[np.floating]]:
        """Give what is a feature of its own, by name; NaN where there is nothing to count from."""
        rhythm = self.rhythm
        return {
            "orders": rhythm.orders,
            "idle_days": rhythm.idle_days,
            "known_days": rhythm.known_days,
            "since_order_days": rhythm.since_order_days,
            "mean_gap_days": rhythm.mean_gap_days,
            "bought_items": rhythm.items,
            "repeat_share": rhythm.repeat_share,
            "stage": self.stages.astype(np.float32),
            "breadth": self.breadth,
            "usual_price": self.log_price,
        }


def person_facts(histories: Histories, facts: ItemFacts, *, as_of_s: int) -> PersonFacts:
    """Count what each person's history says.

    Parameters
    ----------
    histories : Histories
        n people.
    facts : ItemFacts
        About all items.
    as_of_s : int
        The moment, in seconds since 1970 UTC; what is later counts as of that day.
    """
    n = len(histories)
    rhythm = activity(histories, as_of_s=as_of_s)
    bought = (histories.event_types == EventType.PURCHASE.code).nonzero()[0]
    person, items = histories.person_of_entry[bought], histories.item_rows[bought]
    n_bought = np.bincount(person, minlength=n)
    return PersonFacts(
        rhythm=rhythm,
        stages=lifecycle(rhythm, StageRules(gap_days=facts.usual_gap_days)),
        breadth=(n_bought / np.maximum(rhythm.orders, 1)).astype(np.float32),
        log_price=_mean_of_known(facts.log_price[items], person, n),
        category_shares=_shares(facts.category_rows[items], person, n, facts),
    )


def _mean_of_known(
    values: NDArray[np.float32], person: NDArray[np.int64], n: int
) -> NDArray[np.float32]:
    known = np.isfinite(values)
    counts = np.bincount(person[known], minlength=n)
    sums = np.bincount(person[known], values[known], minlength=n)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).astype(np.float32)


def _shares(
    categories: NDArray[np.int32], person: NDArray[np.int64], n: int, facts: ItemFacts
) -> NDArray[np.float32] | None:
    n_categories = int(facts.category_rows.max(initial=-1)) + 1
    if not n_categories:
        return None
    known = categories >= 0
    keys = person[known] * n_categories + categories[known]
    counts = np.bincount(keys, minlength=n * n_categories).reshape(n, n_categories)
    totals = counts.sum(axis=1, keepdims=True)
    shares: NDArray[np.float32] = (counts / np.maximum(totals, 1)).astype(np.float32)
    return shares
