"""How fast is ingest? The claim: a third of the rate at which DuckDB copies the same rows.

Runs ``python -m benchmarks.ingest --data FOLDER``, where FOLDER holds events.parquet with our
column names, or is one of the data sets that have a mapping in docs/mappings.

The baseline copies, from one Parquet file to another with zstd and in the same engine, the rows
that ingest puts into the log, their event ids included; it checks nothing, drops no duplicates
and makes no partitions. For comparison, the export itself is copied too: where the shop gave no
ids, that is fewer bytes than the log has. All is measured on the file as it is, and on a larger
one with the same events several times, some seconds apart, where starting up weighs less.
"""

import argparse
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import duckdb
import ibis
import pyarrow.parquet as pq

from features.event_log import EventLog
from features.home import Home
from features.ingest import Mapping, ingest

BAR: Final = 1 / 3
ROUNDS: Final = 5
TIMES_LARGER: Final = 5
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
MAPPINGS: Final = Path(__file__).parents[1] / "docs" / "mappings"
DEFAULT_DATA: Final = Path(__file__).parents[2] / "shared" / "data" / "online_retail_ii"


@dataclass(frozen=True)
class Case:
    """A file of events to measure on."""

    name: str
    source: Path
    n_rows: int


@dataclass(frozen=True)
class Ratios:
    """Ingest's rate to that of a copy."""

    to_same_rows: float
    to_export: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="a data set's folder")
    data: Path = parser.parse_args().data.resolve()
    (source,) = (path for path in data.glob("*.parquet") if path.stem not in ("items", "users"))
    stated = MAPPINGS / f"{data.name}.toml"
    mapping = Mapping.load(stated) if stated.exists() else None

    print(f"machine    {platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    print(f"libraries  DuckDB {duckdb.__version__}, Ibis {ibis.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        larger = _larger(source, Path(folder) / "larger.parquet")
        cases = [_case(data.name, source), _case(f"{TIMES_LARGER} times larger", larger)]
        ratios = {case.name: _measure(case, mapping, Path(folder)) for case in cases}
    for name, ratio in ratios.items():
        print(f"ratio to a copy of the export, {name}: {ratio.to_export:.3f} (no bar)")
    for name, ratio in ratios.items():
        print(f"ratio to a copy of the same rows, {name}: {ratio.to_same_rows:.3f} (bar {BAR:.3f})")
    return 0 if min(ratio.to_same_rows for ratio in ratios.values()) >= BAR else 1


def _case(name: str, source: Path) -> Case:
    return Case(name, source, pq.read_metadata(source).num_rows)


def _measure(case: Case, mapping: Mapping | None, folder: Path) -> Ratios:
    home = Home(folder / "shop")
    connection = duckdb.connect()
    same_rows, target = folder / "same_rows.parquet", folder / "copy.parquet"

    def take_in() -> int:
        shutil.rmtree(home.root, ignore_errors=True)
        report = ingest(events=[case.source], mapping=mapping, home=home, now=NOW)
        return report.events.accepted

    def copy(source: str, to: Path) -> None:
        connection.execute(f"COPY (FROM {source}) TO '{to}' (FORMAT parquet, COMPRESSION zstd)")

    n_accepted = take_in()
    files = [str(path) for path in EventLog(home.lake).files]
    copy(f"read_parquet({files}, hive_partitioning = false)", same_rows)
    works: dict[str, Callable[[], object]] = {
        "copy the same rows": partial(copy, f"'{same_rows}'", target),
        "copy the export": partial(copy, f"'{case.source}'", target),
        "ingest": take_in,
    }
    rounds = [[_seconds(work) for work in works.values()] for _ in range(ROUNDS + 1)]
    # The first round warms up.
    medians = [statistics.median(column) for column in zip(*rounds[1:], strict=True)]
    print(f"{case.name}: {case.n_rows:,} rows, {n_accepted:,} events accepted")
    for name, seconds in zip(works, medians, strict=True):
        print(f"  {name:20} {seconds:6.2f} s  {case.n_rows / seconds:12,.0f} rows/s")
    same_rows_s, export_s, ingest_s = medians
    return Ratios(same_rows_s / ingest_s, export_s / ingest_s)


def _larger(source: Path, path: Path) -> Path:
    connection = duckdb.connect()
    names = connection.sql(f"FROM '{source}'").columns
    # Another id and another second, or where there is no time another item: another event.
    changes = {
        "event_id": "event_id || '-' || copy",
        "timestamp": "timestamp + to_seconds(copy)",
        "item_id": "item_id" if "timestamp" in names else "item_id::VARCHAR || '-' || copy",
    }
    stated = [f"{change} AS {name}" for name, change in changes.items() if name in names]
    order = "ORDER BY timestamp" if "timestamp" in names else ""
    connection.execute(
        f"COPY (SELECT source.* REPLACE ({', '.join(stated)}) FROM '{source}' AS source,"
        f" range({TIMES_LARGER}) AS copies(copy) {order})"
        f" TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return path


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
