"""Retrievers: a model's way to name candidates and to score pairs, near a person or an item."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.candidates import Candidates
from features.fitted_model import EmbeddingModel, ScoringModel
from features.item_index import ItemIndex
from features.neighbours import Neighbours
from features.pairs import Pairs
from features.sparse_rows import cells_of, kept_entries, largest


@dataclass(frozen=True, slots=True, eq=False)
class Blocked:
    """Which items must not be in whose list.

    Parameters
    ----------
    marks : ndarray of bool, shape (n, n_items)
        True where an item is blocked for a person.
    """

    marks: NDArray[np.bool_]


class View(Protocol):
    """How one model sees n people: it names items for them and scores pairs."""

    def nearest(self, depth: int, blocked: Blocked) -> NDArray[np.int32]:
        """Name the items that a person most likely wants, shape (n, depth); -1 for none."""
        ...

    def pair_scores(self, candidates: Candidates) -> NDArray[np.float32]:
        """Score pairs, shape (n_pairs,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingView:
    """People as vectors.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Zeros for somebody without history.
    item_vectors : ndarray of float32, shape (n_items, d)
        The items'.
    index : ItemIndex
        Where they are found.
    """

    vectors: NDArray[np.float32]
    item_vectors: NDArray[np.float32]
    index: ItemIndex

    def nearest(self, depth: int, blocked: Blocked) -> NDArray[np.int32]:
        """See `View.nearest`."""
        found = self.index.search_unblocked(self.vectors, depth, blocked=blocked.marks)
        # A person without history is near to nothing, whatever the index says of a zero vector.
        found[~self.vectors.any(axis=1)] = -1
        return found

    def pair_scores(self, candidates: Candidates) -> NDArray[np.float32]:
        """See `View.pair_scores`."""
        scores = np.empty(len(candidates.item_rows), dtype=np.float32)
        bounds = candidates.indptr.tolist()
        # One product for each person: its rounding does not depend on who else is in the batch.
        for person, start in enumerate(bounds[:-1]):
            pairs = slice(start, bounds[person + 1])
            known = self.item_vectors[candidates.item_rows[pairs]]
            scores[pairs] = known @ self.vectors[person]
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourView:
    """People as what their items speak for.

    Parameters
    ----------
    scores : csr_array of float32, shape (n, n_items)
        `Neighbours.scores`.
    """

    scores: sp.csr_array

    def nearest(self, depth: int, blocked: Blocked) -> NDArray[np.int32]:
        """See `View.nearest`."""
        free = ~blocked.marks.reshape(-1)[cells_of(self.scores)]
        return largest(kept_entries(self.scores, free), depth)

    def pair_scores(self, candidates: Candidates) -> NDArray[np.float32]:
        """See `View.pair_scores`."""
        return at_pairs(self.scores, candidates)


class Retriever(Protocol):
    """A model among those that a shop is seen by."""

    kind: ClassVar[str]

    @property
    def model(self) -> ScoringModel:
        """The model itself."""
        ...

    def view(self, confidence: sp.csr_array, vectors: NDArray[np.float32] | None = None) -> View:
        """See people by what they have shown.

        Parameters
        ----------
        confidence : csr_array of float32, shape (n, n_items)
            What each of n people has shown.
        vectors : ndarray of float32, shape (n, d), optional
            Their vectors, where they have been encoded before.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingRetriever:
    """A model of vectors, with the index of its items."""

    kind: ClassVar[str] = "embedding"
    model: EmbeddingModel
    index: ItemIndex

    def view(self, confidence: sp.csr_array, vectors: NDArray[np.float32] | None = None) -> View:
        """See `Retriever.view`."""
        known = self.model.encode(confidence) if vectors is None else vectors
        return EmbeddingView(known, self.model.item_vectors, self.index)


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourRetriever:
    """A model of which items speak for which others."""

    kind: ClassVar[str] = "neighbours"
    model: Neighbours

    def view(
        self,
        confidence: sp.csr_array,
        vectors: NDArray[np.float32] | None = None,  # noqa: ARG002 -- a model without vectors
    ) -> View:
        """See `Retriever.view`."""
        return NeighbourView(self.model.scores(confidence))


def at_pairs(matrix: sp.csr_array, candidates: Candidates) -> NDArray[Any]:
    """Look up a sparse matrix's values at pairs, 0 where nothing is stored.

    Parameters
    ----------
    matrix : csr_array, shape (n, n_items)
        Each column at most once in a row.
    candidates : Candidates
        Of the same n people.

    Returns
    -------
    ndarray, shape (n_pairs,)
        Of the matrix's dtype.
    """
    return Pairs.of(candidates, matrix.shape[1]).values(matrix)
