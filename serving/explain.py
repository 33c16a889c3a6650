"""Why an item is in a list: the history items that contributed most to its score."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.encoders import Encoder
from features.events import EventType
from features.lists import Lists
from features.recommender import Persons, Recommender

REASONS: Final = 3

_VERBS: Final = {
    EventType.VIEW: "viewed",
    EventType.CLICK: "clicked",
    EventType.CART: "carted",
    EventType.REMOVE_FROM_CART: "removed_from_cart",
    EventType.WISHLIST: "wished_for",
    EventType.PURCHASE: "purchased",
    EventType.RETURN: "returned",
    EventType.IMPRESSION: "shown",
}
# What says most about a person comes last, so that it is what is told.
_BY_WEIGHT: Final = (
    EventType.IMPRESSION,
    EventType.REMOVE_FROM_CART,
    EventType.RETURN,
    EventType.VIEW,
    EventType.CLICK,
    EventType.WISHLIST,
    EventType.CART,
    EventType.PURCHASE,
)
VERBS: Final = tuple(_VERBS[one] for one in _BY_WEIGHT)


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """The strongest reasons of each listed item, the strongest first.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (n, num_results, n_reasons)
        The history item; -1 where there are fewer.
    shares : ndarray of float32, same shape
        Its part of the affinity of person and item; the parts of the whole history sum to 1
        (for a history-mean model: of the affinity above everybody's).
    verbs : ndarray of uint8, same shape
        Place in `VERBS`: the weightiest thing that the person did with it.
    """

    item_rows: NDArray[np.int32]
    shares: NDArray[np.float32]
    verbs: NDArray[np.uint8]


def explain(recommender: Recommender, persons: Persons, lists: Lists) -> Reasons:
    """Split each listed item's affinity by history item and keep the largest parts.

    Parameters
    ----------
    recommender : Recommender
        Made the lists.
    persons : Persons
        n people.
    lists : Lists
        Their lists.
    """
    shape = (*lists.item_rows.shape, REASONS)
    reasons = Reasons(
        np.full(shape, -1, dtype=np.int32),
        np.zeros(shape, dtype=np.float32),
        np.zeros(shape, dtype=np.uint8),
    )
    if recommender.model is None:
        return reasons
    bounds = persons.confidence.indptr.tolist()
    for person in np.flatnonzero(np.diff(persons.confidence.indptr)).tolist():
        history = slice(bounds[person], bounds[person + 1])
        wanted = lists.item_rows[person]
        wanted = wanted[wanted >= 0]
        rows, shares = _largest(
            recommender.model.encoder,
            persons.confidence.indices[history],
            persons.confidence.data[history],
            recommender.model.item_vectors[wanted],
        )
        reasons.item_rows[person, : len(wanted), : rows.shape[1]] = rows
        reasons.shares[person, : len(wanted), : rows.shape[1]] = shares
    verbs = _weightiest(persons, len(recommender.recommendable))
    people = np.arange(len(persons))[:, None, None]
    reasons.verbs[:] = verbs[people, reasons.item_rows]
    return reasons


def _largest(
    encoder: Encoder,
    history: NDArray[np.integer],
    confidence: NDArray[np.float32],
    targets: NDArray[np.float32],
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    parts = encoder.contributions(history, confidence, targets)
    totals = parts.sum(axis=0)
    # What pulls the score down is no reason, nor is any part of a score below nothing.
    shares = np.where(totals > 0, parts / np.where(totals > 0, totals, 1), 0).T
    width = min(REASONS, shares.shape[1])
    top = np.argpartition(-shares, width - 1, axis=1)[:, :width]
    values = np.take_along_axis(shares, top, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    values = np.take_along_axis(values, order, axis=1)
    rows = history[np.take_along_axis(top, order, axis=1)].astype(np.int32)
    return np.where(values > 0, rows, -1), np.maximum(values, 0).astype(np.float32)


def _weightiest(persons: Persons, n_items: int) -> NDArray[np.uint8]:
    """Mark the weightiest event of each person with each item, shape (n, n_items)."""
    weight = np.zeros(len(EventType), dtype=np.uint8)
    weight[[one.code for one in _BY_WEIGHT]] = np.arange(len(_BY_WEIGHT))
    entries = weight[persons.histories.event_types]
    order = np.argsort(entries, kind="stable")
    verbs = np.zeros((len(persons), n_items), dtype=np.uint8)
    people = persons.histories.person_of_entry
    verbs[people[order], persons.histories.item_rows[order]] = entries[order]
    return verbs
