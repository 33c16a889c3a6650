"""Why an item is in a list: the history items that contributed most to its score."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.events import EventType
from features.fitted_model import EmbeddingModel
from features.lists import Lists
from features.recommender import Recommender
from features.seen import Persons

REASONS: Final = 3

# Groups cost more than filling up where histories are shorter.
_SHORTEST: Final = 8
# Two matrices of this many rows, one for each history item, stay in the cache.
_ENTRIES_AT_ONCE: Final = 8192

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
VERB_OF: Final = {one.code: verb for one, verb in _VERBS.items()}
"""What each type of event is called in a reason, by `EventType.code`."""

VERBS: Final = tuple(_VERBS[one] for one in _BY_WEIGHT)


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """The strongest reasons of each listed item, the strongest first.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (n, num_results, n_reasons)
        The history item; -1 where there are fewer.
    shares : ndarray of float32, same shape
        Its part of what speaks for the affinity of person and item; the parts of the whole
        history sum to 1 (for a history-mean model: of the affinity above everybody's).
    verbs : ndarray of uint8, same shape
        Place in `VERBS`: the weightiest thing that the person did with it.
    """

    item_rows: NDArray[np.int32]
    shares: NDArray[np.float32]
    verbs: NDArray[np.uint8]

    @classmethod
    def none(cls, n: int, num_results: int) -> Self:
        """Build n lists of items that nothing is said about."""
        shape = (n, num_results, REASONS)
        return cls(
            np.full(shape, -1, dtype=np.int32),
            np.zeros(shape, dtype=np.float32),
            np.zeros(shape, dtype=np.uint8),
        )

    def spread(self, places: NDArray[np.integer], *, n: int) -> Self:
        """Give the reasons of n lists of which these stand at the places named."""
        every = type(self).none(n, self.item_rows.shape[1])
        every.item_rows[places] = self.item_rows
        every.shares[places] = self.shares
        every.verbs[places] = self.verbs
        return every


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
    reasons = Reasons.none(*lists.item_rows.shape)
    if recommender.model is None:
        return reasons
    for alike, size in _alike(np.diff(persons.confidence.indptr)):
        found = _largest(recommender.model, persons.confidence, alike, size, lists)
        reasons.item_rows[alike], reasons.shares[alike] = found
    verbs = _weightiest(persons, len(recommender.recommendable))
    people = np.arange(len(persons))[:, None, None]
    reasons.verbs[:] = verbs[people, reasons.item_rows]
    return reasons


def _alike(lengths: NDArray[np.integer]) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Group people whose histories can be filled up to one length without wasting much."""
    # The length follows from the person alone, so that the shares are the same in every batch.
    powers = 2 ** np.ceil(np.log2(np.maximum(lengths, _SHORTEST))).astype(np.int64)
    sizes = np.where((4 * lengths <= 3 * powers) & (powers > _SHORTEST), 3 * powers // 4, powers)
    for size in np.unique(sizes[lengths > 0]).tolist():
        alike = np.flatnonzero((sizes == size) & (lengths > 0))
        at_once = max(1, _ENTRIES_AT_ONCE // size)
        for start in range(0, len(alike), at_once):
            yield alike[start : start + at_once], size


def _largest(
    model: EmbeddingModel,
    confidence: sp.csr_array,
    people: NDArray[np.int64],
    size: int,
    lists: Lists,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the strongest reasons of some people, whose histories are filled up to one size."""
    starts, stops = confidence.indptr[people, None], confidence.indptr[people + 1, None]
    entries = starts + np.arange(size)
    is_filling = entries >= stops
    entries[is_filling] = 0
    sureness = confidence.data[entries]
    sureness[is_filling] = 0
    history = confidence.indices[entries]
    listed = lists.item_rows[people]
    parts = model.encoder.contributions(history, sureness, model.item_vectors[listed])
    # A line for each listed item of each person.
    lines = np.ascontiguousarray(np.swapaxes(parts, 1, 2)).reshape(-1, size)
    # What pulls the score down is no reason, nor is any part of a score below nothing.
    explained = (lines.sum(axis=1) > 0) & (listed.ravel() >= 0)
    np.maximum(lines, 0, out=lines)
    speaking_for = lines.sum(axis=1)
    scale = np.where(explained, 1 / np.where(explained, speaking_for, 1), 0)
    line, person = np.arange(len(lines)), np.repeat(np.arange(len(people)), listed.shape[1])
    shape = (*listed.shape, REASONS)
    rows, shares = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.float32)
    for rank in range(REASONS):
        best = lines.argmax(axis=1)
        rows[..., rank] = history[person, best].reshape(listed.shape)
        shares[..., rank] = (lines[line, best] * scale).reshape(listed.shape)
        lines[line, best] = 0
    return np.where(shares > 0, rows, -1), shares


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
