"""The item index: the items whose vectors lie nearest to a person's. The door to FAISS."""

from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Literal, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput

# Two threads make one query slower; batches are spread over processes instead.
faiss.omp_set_num_threads(1)

_MEASURED_QUERIES: Final = 64
_MEASURED_DEPTH: Final = 100
_PROBES: Final = (4, 8, 16, 32, 64, 128, 256, 512)
_WANTED_RECALL: Final = 0.99
# Selection dominates: fetching more than this share of the items is slower than comparing all.
_DEEPEST_SEARCH: Final = 1 / 64
_MANY_QUERIES: Final = 16  # which numpy compares with every item in half of FAISS's time


@dataclass(frozen=True, slots=True)
class IndexChoice:
    """Which index was built, and what was measured to choose it.

    Parameters
    ----------
    kind : {"exact", "ivf"}
        Every item is compared, or the items of the nearest cells.
    exact_ms : float
        Median time of one exact query for 100 items on one thread, in milliseconds.
    recall : float
        Share of the exact top 100 that the index finds; 1.0 for the exact one.
    n_probe : int
        Cells searched; 0 for the exact one.
    largest_norm : float
        The longest item vector's length.
    """

    kind: Literal["exact", "ivf"]
    exact_ms: float
    recall: float
    n_probe: int
    largest_norm: float

    def as_dict(self) -> dict[str, Any]:
        """Give the fields for a manifest."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class ItemIndex:
    """Find the items with the largest inner products.

    The approximate index is an inverted file over vectors with one more dimension, which makes
    the nearest by distance the largest by inner product (Bachrach et al. 2014, eq. 2-4); cells
    of raw inner products find less than half.

    Parameters
    ----------
    index : faiss.Index
        The index itself.
    vectors : ndarray of float32, shape (n_items, d)
            Every item's, also of those that cannot be found.
    choice : IndexChoice
        What it is and why.
    """

    index: Any
    vectors: NDArray[np.float32]
    choice: IndexChoice

    @classmethod
    def build(
        cls,
        vectors: NDArray[np.float32],
        *,
        findable: NDArray[np.bool_] | None = None,
        budget_ms: float = 2.0,
    ) -> Self:
        """Build the exact index, or the approximate one where exact is slower than the budget.

        Parameters
        ----------
        vectors : ndarray of float32, shape (n_items, d)
            The items' vectors.
        findable : ndarray of bool, shape (n_items,), optional
            False for an item that nobody may be shown; by default every item can be found.
        budget_ms : float
            What one exact query may take; measured on these vectors.
        """
        # An item that is in the index and never shown takes the place of one that could be.
        rows = np.arange(len(vectors)) if findable is None else np.flatnonzero(findable)
        held = np.ascontiguousarray(vectors[rows])
        norm = float(np.linalg.norm(held, axis=1).max(initial=0.0))
        exact = faiss.IndexIDMap(faiss.IndexFlatIP(vectors.shape[1]))
        exact.add_with_ids(held, rows)
        queries = held[:: max(1, len(held) // _MEASURED_QUERIES)][:_MEASURED_QUERIES]
        exact_ms = _median_ms(exact, queries)
        if exact_ms <= budget_ms:
            return cls(exact, vectors, IndexChoice("exact", exact_ms, 1.0, 0, norm))
        approximate = _inverted_file(held, rows, norm)
        n_probe, recall = _tune(approximate, exact, queries)
        return cls(approximate, vectors, IndexChoice("ivf", exact_ms, recall, n_probe, norm))

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def search(
        self, queries: NDArray[np.float32], num_results: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find each query's best items, best first.

        Parameters
        ----------
        queries : ndarray of float32, shape (n, d)
            People's vectors.
        num_results : int
            How many items; at most as many as are in the index are found.

        Returns
        -------
        item_rows : ndarray of int64, shape (n, min(num_results, n_findable))
            -1 where an approximate index found no more.
        scores : ndarray of float32, same shape
            Inner products, non-increasing.
        """
        if queries.ndim != 2:  # noqa: PLR2004 -- people x dimensions
            raise InvalidInput(f"queries must have the shape (n, d); got {queries.shape}")
        depth = min(num_results, len(self))
        if depth == 0:  # FAISS refuses to look for nothing
            return np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0), np.float32)
        faiss.omp_set_num_threads(1)  # OpenMP counts for each thread that calls it
        if self.choice.kind == "exact":
            scores, rows = self.index.search(np.ascontiguousarray(queries), depth)
            return rows, scores
        self.index.nprobe = self.choice.n_probe
        distances, rows = self.index.search(_augmented_queries(queries), depth)
        lengths = np.square(queries).sum(axis=1, keepdims=True)
        scores = (lengths + np.float32(self.choice.largest_norm) ** 2 - distances) / 2
        return rows, np.where(rows >= 0, scores, -np.inf).astype(np.float32)

    def search_unblocked(
        self,
        queries: NDArray[np.float32],
        num_results: int,
        *,
        blocked: NDArray[np.bool_],
        n_blocked: NDArray[np.int64],
    ) -> NDArray[np.int32]:
        """Find each query's best items among those that are not blocked for it.

        Parameters
        ----------
        queries : ndarray of float32, shape (n, d)
            People's vectors.
        num_results : int
            How many items.
        blocked : ndarray of bool, shape (n, n_items)
            Items that must not be found for a person.
        n_blocked : ndarray of int64, shape (n,)
            How many are marked for each person alone, beside those that nobody can find.

        Returns
        -------
        ndarray of int32, shape (n, num_results)
            Item rows, best first; -1 where no more were found.
        """
        found = np.full((len(queries), num_results), -1, dtype=np.int32)
        # The depth follows from the person alone, so that a list is the same in every batch;
        # powers of two let people be searched for together.
        depths = 2 ** np.ceil(np.log2(n_blocked + num_results)).astype(np.int64)
        is_many = len(queries) >= _MANY_QUERIES
        deep = (is_many | (depths > _DEEPEST_SEARCH * len(self))) & (self.choice.kind == "exact")
        if deep.any():
            found[deep] = self._compare_all(queries[deep], num_results, blocked[deep])
        for depth in np.unique(depths[~deep]).tolist():
            alike = np.flatnonzero(depths == depth)
            rows, _ = self.search(queries[alike], depth)
            free = (rows >= 0) & ~blocked[alike[:, None], rows]
            place = np.cumsum(free, axis=1) - 1
            query, column = np.nonzero(free & (place < num_results))
            found[alike[query], place[query, column]] = rows[query, column]
        return found

    def _compare_all(
        self, queries: NDArray[np.float32], num_results: int, blocked: NDArray[np.bool_]
    ) -> NDArray[np.int32]:
        """Compare every item: cheaper than fetching many, and for many people at once."""
        scores = queries @ self.vectors.T
        scores.reshape(-1)[np.flatnonzero(blocked)] = -np.inf
        found = np.full((len(queries), num_results), -1, dtype=np.int32)
        rest = max(scores.shape[1] - num_results, 0)
        best = np.argpartition(scores, rest, axis=1)[:, rest:]
        values = np.take_along_axis(scores, best, axis=1)
        best[values == -np.inf] = -1
        found[:, : best.shape[1]] = np.take_along_axis(best, np.argsort(-values, axis=1), axis=1)
        return found

    def save(self, path: Path) -> None:
        """Write the index in FAISS's own format."""
        faiss.write_index(self.index, str(path))

    @classmethod
    def open(cls, path: Path, vectors: NDArray[np.float32], choice: IndexChoice) -> Self:
        """Map a stored index into memory; processes share its pages."""
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC), vectors, choice)


def _augmented_queries(queries: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.hstack([queries, np.zeros((len(queries), 1), dtype=np.float32)])


def _inverted_file(vectors: NDArray[np.float32], rows: NDArray[np.int64], norm: float) -> Any:  # noqa: ANN401 -- faiss has no types
    rest = np.maximum(norm**2 - np.square(vectors).sum(axis=1, keepdims=True), 0)
    augmented = np.hstack([vectors, np.sqrt(rest)]).astype(np.float32)
    cells = max(1, min(int(4 * np.sqrt(len(vectors))), len(vectors) // 39))
    quantizer = faiss.IndexFlatL2(augmented.shape[1])
    index = faiss.IndexIVFFlat(quantizer, augmented.shape[1], cells)
    index.train(augmented)
    index.add_with_ids(augmented, rows)
    return index


def _tune(index: Any, exact: Any, queries: NDArray[np.float32]) -> tuple[int, float]:  # noqa: ANN401 -- faiss has no types
    depth = min(_MEASURED_DEPTH, exact.ntotal)
    _, wanted = exact.search(np.ascontiguousarray(queries), depth)
    recall, n_probe = 0.0, _PROBES[0]
    for n_probe in _PROBES:
        index.nprobe = n_probe
        _, found = index.search(_augmented_queries(queries), depth)
        hits = [np.isin(one, two).mean() for one, two in zip(wanted, found, strict=True)]
        recall = float(np.mean(hits))
        if recall >= _WANTED_RECALL:
            break
    return n_probe, recall


def _median_ms(index: Any, queries: NDArray[np.float32]) -> float:  # noqa: ANN401 -- faiss has no types
    depth = min(_MEASURED_DEPTH, index.ntotal)
    times = []
    for query in queries:
        started = perf_counter()
        index.search(np.ascontiguousarray(query[None, :]), depth)
        times.append(1000 * (perf_counter() - started))
    return float(np.median(times)) if times else 0.0
