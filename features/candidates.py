"""Where an item can come from: near the person, their own history, what is trending."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.item_index import ItemIndex


class Source(StrEnum):
    """Where an item of a list came from."""

    OWN_HISTORY = "own_history"
    NEAR_USER = "near_user"
    TRENDING = "trending"
    # The announced fallback: fills what the sources left empty.
    POPULAR = "popular"
    SIMILAR = "similar"
    SAME_CATEGORY = "same_category"

    @property
    def code(self) -> int:
        """The source's number in arrays."""
        return _CODES[self]


_CODES: Final = {source: code for code, source in enumerate(Source)}
SOURCES: Final = tuple(Source)

_OWN_DEPTH: Final = 48
_TRENDING_DEPTH: Final = 32
_NEAR_DEPTH: Final = 96


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Items that may stand in each of n lists, every item at most once in a list.

    Parameters
    ----------
    item_rows : ndarray of int32, shape (n, m)
        The item; only where `valid`.
    sources : ndarray of uint8, shape (n, m)
        `Source.code` of the first source that named it.
    valid : ndarray of bool, shape (n, m)
        False where there is none, it is blocked or an earlier source has named it.
    """

    item_rows: NDArray[np.int32]
    sources: NDArray[np.uint8]
    valid: NDArray[np.bool_]


def gather(
    *,
    confidence: sp.csr_array,
    vectors: NDArray[np.float32] | None,
    index: ItemIndex | None,
    num_results: int,
    trending: NDArray[np.int32],
    blocked: NDArray[np.bool_],
    n_blocked: NDArray[np.int64],
) -> Candidates:
    """Ask every source for each of n people, and drop what is blocked or named twice.

    Parameters
    ----------
    confidence : csr_array of float32, shape (n, n_items)
        What each person has shown.
    vectors : ndarray of float32, shape (n, d), or None
        The people's vectors; zeros for somebody without history.
    index : ItemIndex or None
        Where to look them up; None where the bundle has no embedding model.
    num_results : int
        Items wanted in each list.
    trending : ndarray of int32, shape (n, m)
        What is trending where each person lives.
    blocked : ndarray of bool, shape (n, n_items)
        Items that must not be in a person's list. Used up: it marks the named ones afterwards.
    n_blocked : ndarray of int64, shape (n,)
        How many items are blocked for this person alone.
    """
    named = [(Source.OWN_HISTORY, _most_confident(confidence))]
    if index is not None and vectors is not None:
        depth = max(_NEAR_DEPTH, 2 * num_results)
        found = index.search_unblocked(vectors, depth, blocked=blocked, n_blocked=n_blocked)
        # A person without history is near to nothing, whatever the index says of a zero vector.
        found[~vectors.any(axis=1)] = -1
        named.append((Source.NEAR_USER, found))
    named.append((Source.TRENDING, trending[:, :_TRENDING_DEPTH]))

    people = np.arange(confidence.shape[0])[:, None]
    valid = []
    for _, rows in named:
        fresh = (rows >= 0) & ~blocked[people, rows]
        person, place = np.nonzero(fresh)
        blocked[person, rows[person, place]] = True
        valid.append(fresh)
    return Candidates(
        item_rows=np.hstack([rows for _, rows in named]),
        sources=np.repeat(
            np.array([source.code for source, _ in named], dtype=np.uint8),
            [rows.shape[1] for _, rows in named],
        )[None, :].repeat(len(people), axis=0),
        valid=np.hstack(valid),
    )


def _most_confident(confidence: sp.csr_array) -> NDArray[np.int32]:
    """Name each person's own items, the surest first; -1 where there are fewer."""
    lengths = np.diff(confidence.indptr)
    person = np.repeat(np.arange(len(lengths)), lengths)
    # Positive floats are ordered like their bits, and keys of 16 bits are sorted by radix.
    falling = ~confidence.data.view(np.uint32)
    halves = falling.astype(np.uint16), (falling >> 16).astype(np.uint16)
    order = np.lexsort((*halves, person.astype(np.min_scalar_type(len(lengths)))))
    place = np.arange(len(person)) - np.repeat(confidence.indptr[:-1], lengths)
    kept = place < _OWN_DEPTH
    own = np.full((len(lengths), _OWN_DEPTH), -1, dtype=np.int32)
    own[person[kept], place[kept]] = confidence.indices[order[kept]]
    return own
