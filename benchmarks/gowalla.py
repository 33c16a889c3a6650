"""How good is the spectral model on a published split? The claim: Recall@20 .190, NDCG@20 .159.

Runs ``python -m benchmarks.gowalla --data PATH``, where PATH is the Parquet file of the Gowalla
check-ins with the columns user_id, item_id and is_test, or the folder that holds it. The model
learns from what is not test. Everybody's list is the best of the whole catalogue, less what that
person has been seen at in training: the protocol of NGCF, LightGCN and those after them.

The largest matrix holds a batch of people by all items; the whole run stays below 2 GiB.
"""

import argparse
import os
import platform
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq
import scipy
import scipy.sparse as sp
from numpy.typing import NDArray

from features.errors import InvalidInput
from features.fitted_model import EmbeddingModel
from features.ids import IdMap
from features.interactions import Interactions
from training.metrics import find_hits, ndcg, recall
from training.models.spectral import Spectral

RECALL_BAR: Final = 0.190
NDCG_BAR: Final = 0.159
FIT_BAR_S: Final = 180.0
K: Final = 20
SEED: Final = 0
# Every pair counts 1 here and hardly an item is rare, so little shrinkage is needed.
TRAINER: Final = Spectral(factors=1024, shrinkage=0.1)
PUBLISHED: Final = {
    "NGCF": (0.1570, 0.1327),
    "LightGCN": (0.1830, 0.1554),
    "GF-CF": (0.1849, 0.1518),
    "UltraGCN": (0.1862, 0.1580),
    "BSPM": (0.1920, 0.1597),
}
COLUMNS: Final = ("user_id", "item_id", "is_test")
DEFAULT_DATA: Final = Path(__file__).parents[2] / "shared" / "data" / "gowalla"

_USERS_AT_ONCE: Final = 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="the file or its folder")
    given, wanted = read_split(parser.parse_args().data)

    print(f"machine    {platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    print(f"libraries  NumPy {np.__version__}, SciPy {scipy.__version__}")
    print(f"data       {given.shape[0]:,} people, {given.shape[1]:,} items")
    print(f"           {given.nnz:,} pairs to learn from, {wanted.nnz:,} to find")
    print(f"model      {TRAINER}")
    began = time.perf_counter()
    model = TRAINER.fit(_interactions(given), seed=SEED)
    fit_s = time.perf_counter() - began
    users = np.flatnonzero(np.diff(wanted.indptr))
    hits = find_hits(best(model, given[users], k=K), wanted[users])
    found, placed = float(recall(hits).mean()), float(ndcg(hits).mean())

    for name, (their_recall, their_ndcg) in PUBLISHED.items():
        print(f"published  {name:9} {their_recall:.4f} / {their_ndcg:.4f}")
    print(
        f"memory     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB at most"
    )
    print(f"Recall@{K}  {found:.4f} (bar {RECALL_BAR:.3f})")
    print(f"NDCG@{K}    {placed:.4f} (bar {NDCG_BAR:.3f})")
    print(f"fit        {fit_s:.1f} s (bar {FIT_BAR_S:.0f} s)")
    return 0 if found >= RECALL_BAR and placed >= NDCG_BAR and fit_s <= FIT_BAR_S else 1


def read_split(path: Path) -> tuple[sp.csr_array, sp.csr_array]:
    """Read what the model may learn from and what it is to find.

    Returns
    -------
    tuple of two csr_arrays of float32, shape (n_users, n_items)
        1 for each pair of training, and of test.

    Raises
    ------
    InvalidInput
        There is no Parquet file, or there are several, or it has not the columns.
    """
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if len(files) != 1 or not files[0].is_file():
        raise InvalidInput(f"{path} is or holds no single Parquet file; give --data another path")
    missing = set(COLUMNS) - set(pq.read_schema(files[0]).names)
    if missing:
        raise InvalidInput(
            f"{files[0]} has no column {sorted(missing)}; give the Gowalla split with {COLUMNS}"
        )
    table = pq.read_table(files[0], columns=list(COLUMNS))
    users, items, is_test = (table[name].to_numpy() for name in COLUMNS)
    shape = (int(users.max()) + 1, int(items.max()) + 1)
    learnt, tested = (
        sp.csr_array((np.ones(rows.sum(), np.float32), (users[rows], items[rows])), shape=shape)
        for rows in (~is_test, is_test)
    )
    return learnt, tested


def best(model: EmbeddingModel, given: sp.csr_array, *, k: int) -> NDArray[np.int32]:
    """Rank the whole catalogue for each person, less what the person has had, shape (n, k)."""
    every = np.arange(given.shape[1])
    lists = np.empty((given.shape[0], k), dtype=np.int32)
    for start in range(0, len(lists), _USERS_AT_ONCE):
        had = given[start : start + _USERS_AT_ONCE]
        scores = model.score(had, every)
        scores[np.repeat(np.arange(had.shape[0]), np.diff(had.indptr)), had.indices] = -np.inf
        some = np.argpartition(-scores, k, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(scores, some, axis=1), axis=1, kind="stable")
        lists[start : start + len(some)] = np.take_along_axis(some, order, axis=1)
    return lists


def _interactions(matrix: sp.csr_array) -> Interactions:
    n_users, n_items = matrix.shape
    return Interactions(
        matrix=matrix,
        users=IdMap.of([str(row) for row in range(n_users)]),
        items=IdMap.of([str(row) for row in range(n_items)]),
        as_of=datetime(2010, 10, 21, tzinfo=UTC),
    )


if __name__ == "__main__":
    sys.exit(main())
