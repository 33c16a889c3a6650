"""The law of a killed ingest: the log is as it was or as it was to be, and a rerun completes it."""

import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from features.event_log import EventLog
from features.home import Home
from features.ingest import ingest

NOW = datetime(2011, 12, 9, 12, tzinfo=UTC)
N_EVENTS = 10_000
# The process kills itself, as kill -9 does, just before the n-th time that it asks the disk to
# keep something or gives a file its name, or before a step that it tells of.
INGEST = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from features.home import Home
from features.ingest import ingest

folder, home, now, fatal = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
moments = []

def moment(name):
    moments.append(name)
    if len(moments) == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

def told(name, function):
    def call(*given, **stated):
        moment(name)
        return function(*given, **stated)
    return call

os.fsync = told("fsync", os.fsync)
os.replace = told("replace", os.replace)
ingest(
    events=[folder / "new.csv"],
    items=[folder / "items.csv"],
    home=Home(folder / home),
    now=datetime.fromisoformat(now),
    progress=lambda step, done, total: moment(step),
)
print(*moments, sep="\\n")
"""


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    for name, first in (("old", 0), ("new", N_EVENTS // 2)):
        duckdb.execute(
            "COPY (SELECT 'view' AS event_type, 'user' || n % 99 AS user_id,"
            " 'item' || n % 7 AS item_id,"
            " strftime(TIMESTAMP '2011-01-01' + to_minutes(9 * n), '%Y-%m-%dT%H:%M:%SZ')"
            f" AS timestamp FROM range({first}, {first + N_EVENTS}) AS numbers(n))"
            f" TO '{folder / name}.csv' (HEADER)"
        )
    (folder / "items.csv").write_text("item_id,title\nitem1,One\n")
    return folder


def run(folder: Path, home: str, *, fatal_moment: int) -> "subprocess.CompletedProcess[str]":
    given = [str(folder), home, NOW.isoformat(), str(fatal_moment)]
    return subprocess.run(
        [sys.executable, "-c", INGEST, *given], capture_output=True, text=True, check=False
    )


def events(home: Path) -> list[dict]:
    scanned = EventLog(Home(home).lake).scan()
    return scanned.order_by("event_id").to_pyarrow().to_pylist()


def files(home: Path) -> set[Path]:
    return {path.relative_to(home) for path in home.rglob("*") if path.is_file()}


def test_whenever_it_is_killed_the_log_is_old_or_new_and_a_rerun_completes_it(
    exports: Path,
) -> None:
    clean = exports / "clean"
    ingest(events=[exports / "old.csv"], home=Home(clean), now=NOW)
    old = events(clean)
    moments = run(exports, "clean", fatal_moment=0).stdout.splitlines()
    new, clean_files = events(clean), files(clean)
    assert (len(old), len(new)) == (N_EVENTS, N_EVENTS * 3 // 2)
    assert moments[-1] == "done"

    # Around the last renames the catalogue and the log change; before them any moment will do.
    *_, last_rename = (n for n, name in enumerate(moments, 1) if name == "replace")
    some = random.Random(7).sample(range(1, last_rename - 2), 2)
    for fatal_moment in [*some, *range(last_rename - 2, last_rename + 2)]:
        home = exports / f"killed{fatal_moment}"
        ingest(events=[exports / "old.csv"], home=Home(home), now=NOW)
        killed = run(exports, home.name, fatal_moment=fatal_moment)

        assert killed.returncode == -9
        assert events(home) == (old if fatal_moment <= last_rename else new)

        ingest(
            events=[exports / "new.csv"],
            items=[exports / "items.csv"],
            home=Home(home),
            now=NOW,
        )

        assert events(home) == new
        assert pq.read_table(home / "lake/items.parquet")["item_id"].to_pylist() == ["item1"]
        if fatal_moment <= last_rename:
            assert files(home) == clean_files
