"""Is a filtered list as good as an exact search among what passes? The claim: recall .99, full.

Runs ``python -m benchmarks.filters``. Of 50,000 items with vectors of 64 dimensions a half, a
tenth, a hundredth and ten pass a filter that has nothing to do with where the items lie (their
price), or one that keeps whole regions of them (their category). The exact index and the
approximate one are asked, one query at a time, and beside them stands a plain comparison with
every item that passes. The filter language's own time is measured too.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.bars import Bar, print_machine, verdict
from features.item_index import ItemIndex
from serving.filters import compile_filter

N_ITEMS: Final = 50_000
N_DIMENSIONS: Final = 64
N_REGIONS: Final = 400
DEPTH: Final = 100
LEAST_RECALL: Final = 0.99

Vectors = NDArray[np.float32]

_INDEXES: Final = {"exact": float("inf"), "ivf": 0.0}
_TIMES: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """Items that lie in regions, and the columns that filters ask about."""

    vectors: Vectors
    regions: NDArray[np.int64]
    table: pa.Table

    @classmethod
    def drawn(cls) -> "Shelf":
        """Draw them; lengths are heavy-tailed, as those of popular items are."""
        rng = np.random.default_rng(0)
        regions = rng.integers(0, N_REGIONS, N_ITEMS)
        centres = rng.normal(size=(N_REGIONS, N_DIMENSIONS))
        spread = 0.7 * rng.normal(size=(N_ITEMS, N_DIMENSIONS))
        lengths = rng.lognormal(sigma=0.5, size=(N_ITEMS, 1))
        vectors = (lengths * (centres[regions] + spread)).astype(np.float32)
        prices = rng.permutation(N_ITEMS).astype(np.float64)
        names = [f"Shop > Region {one:03}" for one in regions.tolist()]
        return cls(vectors, regions, pa.table({"price": prices, "category": names}))

    def people(self, n: int) -> Vectors:
        """Draw people who like a few items each."""
        rng = np.random.default_rng(1)
        rows, shares = rng.integers(0, N_ITEMS, (n, 8)), rng.normal(size=(n, 8, 1))
        return np.asarray((self.vectors[rows] * shares).sum(axis=1), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter and its parameters."""

    name: str
    text: str
    params: dict[str, Any]


def _filters() -> list[Asked]:
    by_price = {"50 %": N_ITEMS // 2, "10 %": N_ITEMS // 10, "1 %": N_ITEMS // 100, "10 items": 10}
    by_region = {"50 %": N_REGIONS // 2, "10 %": N_REGIONS // 10, "1 %": N_REGIONS // 100}
    return [
        *(Asked(f"{n}, by price", "price < :most", {"most": top}) for n, top in by_price.items()),
        *(
            Asked(
                f"{n}, whole regions",
                "category IN (:some)",
                {"some": [f"Shop > Region {one:03}" for one in range(top)]},
            )
            for n, top in by_region.items()
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="taken by every benchmark; not needed by this one"
    )
    parser.add_argument("--people", type=int, default=200)
    options = parser.parse_args()
    shelf = Shelf.drawn()
    people = shelf.people(options.people)
    print_machine()
    print(f"{'catalogue':<26} {N_ITEMS:,} items, {N_DIMENSIONS} dimensions, drawn")
    print(f"{'lists':<26} {DEPTH} items (or all that pass) for {len(people)} people, one by one")
    indexes = {
        name: ItemIndex.build(shelf.vectors, budget_ms=budget_ms)
        for name, budget_ms in _INDEXES.items()
    }
    assert [one.choice.kind for one in indexes.values()] == list(_INDEXES)
    _print_language(shelf)
    columns = f"{'recall':>8} {'short':>6} {'ms':>8} {'plain ms':>9}"
    print(f"\n{'what passes':<22} {'index':<6} {columns}")
    with threadpool_limits(limits=1):
        told = [pair for one in _filters() for pair in _compared(shelf, people, indexes, one)]
    recalls, short = zip(*told, strict=True)
    return verdict(
        [
            Bar("lowest recall of all filters and indexes", min(recalls), "at least", LEAST_RECALL),
            Bar("lists that were not full though enough passes", sum(short), "at most", 0),
        ]
    )


def _print_language(shelf: Shelf) -> None:
    print(f"\n{'what passes':<22} {'compile us':>12} {'mask ms':>9} {'items':>8}")
    for one in _filters():
        compile_us = 1e6 * _median_s(partial(compile_filter.__wrapped__, one.text))
        mask = partial(compile_filter(one.text).mask, shelf.table, one.params)
        n_items = int(mask().sum())
        print(f"{one.name:<22} {compile_us:>12,.0f} {1e3 * _median_s(mask):>9.3f} {n_items:>8,}")


def _median_s(function: Callable[[], object]) -> float:
    times = []
    for _ in range(_TIMES):
        began = perf_counter()
        function()
        times.append(perf_counter() - began)
    return float(np.median(times))


def _compared(
    shelf: Shelf, people: Vectors, indexes: dict[str, ItemIndex], asked: Asked
) -> Iterator[tuple[float, int]]:
    """Give for each index its recall, and how many lists it left short."""
    passes = compile_filter(asked.text).mask(shelf.table, asked.params)
    wanted, plain_ms = _lists(people, partial(_plain, shelf.vectors, passes))
    for name, index in indexes.items():
        found, search_ms = _lists(people, partial(_searched, index, ~passes[None, :]))
        hits = [np.isin(one, other).mean() for one, other in zip(wanted, found, strict=True)]
        recall = float(np.mean(hits))
        n_short = sum(len(one) < len(other) for one, other in zip(found, wanted, strict=True))
        times = f"{search_ms:>8.3f} {plain_ms:>9.3f}"
        print(f"{asked.name:<22} {name:<6} {recall:>8.4f} {n_short:>6} {times}")
        yield recall, n_short


def _lists(
    people: Vectors, search: Callable[[Vectors], NDArray[np.integer]]
) -> tuple[list[NDArray[np.integer]], float]:
    found, seconds = [], []
    for person in people:
        began = perf_counter()
        found.append(search(person))
        seconds.append(perf_counter() - began)
    return found, 1e3 * float(np.median(seconds))


def _searched(index: ItemIndex, blocked: NDArray[np.bool_], person: Vectors) -> NDArray[np.integer]:
    rows = index.search_unblocked(person[None, :], DEPTH, blocked=blocked)[0]
    return np.asarray(rows[rows >= 0])


def _plain(vectors: Vectors, passes: NDArray[np.bool_], person: Vectors) -> NDArray[np.integer]:
    rows = np.flatnonzero(passes)
    scores = vectors[rows] @ person
    if len(rows) > DEPTH:
        best = np.argpartition(-scores, DEPTH)[:DEPTH]
        rows, scores = rows[best], scores[best]
    return np.asarray(rows[np.argsort(-scores)])


if __name__ == "__main__":
    sys.exit(main())
