"""How fast is ingest? The claim: a third of the rate at which DuckDB copies Parquet to Parquet.

Runs ``python -m benchmarks.ingest --data FOLDER``, where FOLDER is one of the data sets that
have a mapping in docs/mappings. The baseline reads the same file and writes it to one Parquet
file with zstd, in the same engine with as many threads; it checks nothing, drops no duplicates,
derives no ids and makes no partitions. Both are measured on the file as it is, and on a larger
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
from pathlib import Path
from typing import Final

import duckdb
import ibis
import pyarrow.parquet as pq

from features.home import Home
from features.ingest import IngestReport, Mapping, ingest

BAR: Final = 1 / 3
ROUNDS: Final = 5
TIMES_LARGER: Final = 5
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
MAPPINGS: Final = Path(__file__).parents[1] / "docs" / "mappings"
DEFAULT_DATA: Final = Path(__file__).parents[2] / "shared" / "data" / "online_retail_ii"


@dataclass(frozen=True)
class Case:
    name: str
    source: Path
    n_rows: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="a data set's folder")
    data: Path = parser.parse_args().data.resolve()
    (source,) = (path for path in data.glob("*.parquet") if path.stem not in ("items", "users"))
    mapping = Mapping.load(MAPPINGS / f"{data.name}.toml")

    print(f"machine    {platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    print(f"libraries  DuckDB {duckdb.__version__}, Ibis {ibis.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        larger = _larger(source, Path(folder) / "larger.parquet")
        cases = [_case(data.name, source), _case(f"{TIMES_LARGER} times larger", larger)]
        ratios = {case.name: _ratio(case, mapping, Path(folder)) for case in cases}
    for name, ratio in ratios.items():
        print(f"ratio to bare copy, {name}: {ratio:.3f} (bar {BAR:.3f})")
    return 0 if min(ratios.values()) >= BAR else 1


def _case(name: str, source: Path) -> Case:
    return Case(name, source, pq.read_metadata(source).num_rows)


def _ratio(case: Case, mapping: Mapping, folder: Path) -> float:
    connection = duckdb.connect()
    reports: list[IngestReport] = []

    def copy() -> None:
        target = folder / "copy.parquet"
        connection.execute(
            f"COPY (FROM '{case.source}') TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )

    def take_in() -> None:
        home = Home(folder / "shop")
        shutil.rmtree(home.root, ignore_errors=True)
        reports.append(ingest(events=[case.source], mapping=mapping, home=home, now=NOW))

    copy()
    take_in()
    rounds = [(_seconds(copy), _seconds(take_in)) for _ in range(ROUNDS)]
    copy_s, ingest_s = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{case.name}: {case.n_rows:,} rows, {reports[0].events.accepted:,} events accepted")
    print(f"  bare copy  {copy_s:6.2f} s  {case.n_rows / copy_s:12,.0f} rows/s")
    print(f"  ingest     {ingest_s:6.2f} s  {case.n_rows / ingest_s:12,.0f} rows/s")
    return copy_s / ingest_s


def _larger(source: Path, path: Path) -> Path:
    connection = duckdb.connect()
    names = connection.sql(f"FROM '{source}'").columns
    # Another second, or where there is no time another item, makes it another event.
    if "timestamp" in names:
        change = "timestamp + to_seconds(copy) AS timestamp"
    else:
        change = "item_id::VARCHAR || '-' || copy AS item_id"
    order = "ORDER BY timestamp" if "timestamp" in names else ""
    connection.execute(
        f"COPY (SELECT source.* REPLACE ({change}) FROM '{source}' AS source,"
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
