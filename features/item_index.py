"""The item index: the items whose vectors lie nearest to a person's. The door to FAISS."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Literal, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from features.cells import Cells, augmented_items, augmented_queries
from features.errors import InvalidInput
from features.free_items import few_are_free, nearest_of, nearest_of_all

# Two threads make one query slower; batches are spread over processes instead.
faiss.omp_set_num_threads(1)

_MEASURED_QUERIES: Final = 64
_MEASURED_DEPTH: Final = 100
_MIXED_ITEMS: Final = 8
_WANTED_RECALL: Final = 0.99


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
        Share of the exact top 100 that the index finds for people between the items; 1.0 for the
        exact one.
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

    The approximate one is an inverted file, see `features.cells`.

    Parameters
    ----------
    index : faiss.Index
        The index itself.
    vectors : ndarray of float32, shape (n_items, d)
        Every item's, also of those that are not in the index.
    choice : IndexChoice
        What it is and why.
    cells : Cells or None
        Where an approximate index holds the items.
    longest : float
        The longest vector's length, of all items that are compared exactly.
    """

    index: Any
    vectors: NDArray[np.float32]
    choice: IndexChoice
    cells: Cells | None = field(init=False, repr=False)
    longest: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        cells, longest = None, self.choice.largest_norm
        if self.choice.kind == "exact":  # which is asked of items too that it was not built with
            squares = np.einsum("nd,nd->n", self.vectors, self.vectors)
            longest = float(np.sqrt(squares.max(initial=0.0)))
        else:
            cells = _cells_of(self.index, n_items=len(self.vectors))
        object.__setattr__(self, "cells", cells)
        object.__setattr__(self, "longest", longest)

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
        approximate = _inverted_file(augmented_items(held, norm), rows)
        n_probe, recall = _tune(approximate, exact, _between(held), norm)
        return cls(approximate, vectors, IndexChoice("ivf", exact_ms, recall, n_probe, norm))

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def search_unblocked(
        self, queries: NDArray[np.float32], num_results: int, *, blocked: NDArray[np.bool_]
    ) -> NDArray[np.int32]:
        """Find each query's best items among those that are not blocked for it.

        An item that nobody could find when the index was built is found when it is free now.
        Of items that score alike the lower rows are found, so a list is the same in every batch.

        Parameters
        ----------
        queries : ndarray of float32, shape (n, d)
            People's vectors.
        num_results : int
            How many items.
        blocked : ndarray of bool, shape (n, n_items)
            Items that must not be found for a person.

        Returns
        -------
        ndarray of int32, shape (n, num_results)
            Item rows, best first; -1 where there are no more.

        Raises
        ------
        InvalidInput
            The queries are a single vector.
        """
        if queries.ndim != 2:  # noqa: PLR2004 -- people x dimensions
            raise InvalidInput(f"queries must have the shape (n, d); got {queries.shape}")
        found = np.full((len(queries), num_results), -1, dtype=np.int32)
        # The others are compared with every item at once.
        alone = [n for n, own in enumerate(blocked) if self.cells is not None or few_are_free(own)]
        for person in alone:
            rows = self._free_to_compare(queries[person], num_results, ~blocked[person])
            rows = nearest_of(queries[person], self.vectors, rows, num_results)
            found[person, : len(rows)] = rows
        rest = np.delete(np.arange(len(queries)), alone) if alone else slice(None)
        lists = nearest_of_all(
            queries[rest], self.vectors, blocked[rest], num_results, longest=self.longest
        )
        for place, rows in zip(np.arange(len(queries))[rest].tolist(), lists, strict=True):
            found[place, : len(rows)] = rows
        return found

    def _free_to_compare(
        self, query: NDArray[np.float32], num_results: int, free: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Name the free items, or some of them that hold the best."""
        if self.cells is None or few_are_free(~free):
            return np.flatnonzero(free)
        # What one search compares without a mask; for a longer list as much more.
        n_compared = self.choice.n_probe * len(self) / len(self.cells.centres)
        n_free = int(n_compared * max(1.0, num_results / _MEASURED_DEPTH)) + num_results
        placed = augmented_queries(query[None, :], self.choice.largest_norm)
        bits = np.packbits(free, bitorder="little")
        options = faiss.SearchParametersIVF(  # type: ignore[call-arg]  # not in its stubs
            nprobe=self.cells.n_wanted(placed[0], free, n_free),
            sel=faiss.IDSelectorBitmap(bits),  # type: ignore[call-arg, arg-type]  # nor is this
        )
        faiss.omp_set_num_threads(1)  # OpenMP counts for each thread that calls it
        _, held = self.index.search(placed, num_results, params=options)
        others = np.flatnonzero(free & (self.cells.cell_of < 0))
        found = np.concatenate((held[held >= 0], others))
        return found if len(found) >= num_results else np.flatnonzero(free)

    def save(self, path: Path) -> None:
        """Write the index in FAISS's own format."""
        faiss.write_index(self.index, str(path))

    @classmethod
    def open(cls, path: Path, vectors: NDArray[np.float32], choice: IndexChoice) -> Self:
        """Map a stored index into memory; processes share its pages."""
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC), vectors, choice)


def _between(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Draw people who lie between items; those who lie on one are easier to search for."""
    rng = np.random.default_rng(0)
    shape = (_MEASURED_QUERIES, _MIXED_ITEMS)
    rows, shares = rng.integers(0, len(vectors), shape), rng.normal(size=(*shape, 1))
    return np.asarray((vectors[rows] * shares).sum(axis=1), dtype=np.float32)


def _cells_of(index: Any, *, n_items: int) -> Cells:  # noqa: ANN401 -- faiss has no types
    cell_of = np.full(n_items, -1, dtype=np.int32)
    for cell in range(index.nlist):
        size = index.invlists.list_size(cell)
        if size:
            cell_of[faiss.rev_swig_ptr(index.invlists.get_ids(cell), size)] = cell
    return Cells.of(index.quantizer.reconstruct_n(0, index.nlist), cell_of)


def _inverted_file(augmented: NDArray[np.float32], rows: NDArray[np.int64]) -> Any:  # noqa: ANN401 -- faiss has no types
    cells = max(1, min(int(4 * np.sqrt(len(augmented))), len(augmented) // 39))
    quantizer = faiss.IndexFlatL2(augmented.shape[1])
    index = faiss.IndexIVFFlat(quantizer, augmented.shape[1], cells)
    index.train(augmented)
    index.add_with_ids(augmented, rows)
    return index


def _tune(index: Any, exact: Any, queries: NDArray[np.float32], norm: float) -> tuple[int, float]:  # noqa: ANN401 -- faiss has no types
    depth = min(_MEASURED_DEPTH, exact.ntotal)
    _, wanted = exact.search(np.ascontiguousarray(queries), depth)
    n_probe = 4
    while True:
        index.nprobe = n_probe
        _, found = index.search(augmented_queries(queries, norm), depth)
        hits = [np.isin(one, two).mean() for one, two in zip(wanted, found, strict=True)]
        recall = float(np.mean(hits))
        if recall >= _WANTED_RECALL or n_probe >= index.nlist:
            return n_probe, recall
        n_probe *= 2


def _median_ms(index: Any, queries: NDArray[np.float32]) -> float:  # noqa: ANN401 -- faiss has no types
    depth = min(_MEASURED_DEPTH, index.ntotal)
    times = []
    for query in queries:
        started = perf_counter()
        index.search(np.ascontiguousarray(query[None, :]), depth)
        times.append(1000 * (perf_counter() - started))
    return float(np.median(times)) if times else 0.0
