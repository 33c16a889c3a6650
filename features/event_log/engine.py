"""The table engine: where Ibis expressions meet DuckDB, and the few words that Ibis lacks.

Everything else writes Ibis expressions; only this module speaks SQL.
"""

import glob
import tempfile
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import ibis
import pyarrow as pa

from features.errors import InvalidSettings, UnreadableFile

SOURCE_FILE: Final = "_source_file"
"""The column that says which file a row was read from."""

SOURCE_LINE: Final = "_source_line"
"""The column that says which line of that file a row began on; in Parquet, which row it is."""

Connection = Any
"""An open engine, an `ibis.backends.duckdb.Backend`; Ibis has no types to name it by."""

# Measured: twice as fast as the defaults and no larger. The limit on a dictionary's size gives
# up early on columns of unique texts, such as the event ids.
_PARQUET: Final = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2,"
    " DICTIONARY_SIZE_LIMIT 5000"
)


def connect(
    *,
    memory_limit: str | None = None,
    temp_directory: Path | None = None,
    threads: int | None = None,
) -> Connection:
    """Open an engine in memory: session time in UTC, larger tables spill to disk.

    Parameters
    ----------
    memory_limit : str, optional
        How much memory the engine may use, such as "2GB"; by default 80 % of the machine's.
    temp_directory : Path, optional
        Where it spills to; made when it does. By default a folder of its own among the
        system's temporary files.
    threads : int, optional
        By default one for each core.

    Returns
    -------
    Connection
        Closed by its `disconnect`, or with the process.

    Examples
    --------
    >>> connect(threads=1).con.execute("SELECT current_setting('TimeZone')").fetchone()
    ('UTC',)
    """
    spill = temp_directory or Path(tempfile.gettempdir()) / f"vitrine-{uuid.uuid4().hex}"
    config: dict[str, Any] = {
        "temp_directory": str(spill),
        # Nothing that is not built in is ever fetched from the network.
        "autoinstall_known_extensions": False,
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    if threads is not None:
        config["threads"] = threads
    return ibis.duckdb.connect(**config)


def read_parquet(
    connection: Connection,
    paths: Sequence[Path],
    *,
    numbered: bool = False,
    union_by_name: bool = False,
) -> ibis.Table:
    """Read Parquet files as one table, lazily.

    Parameters
    ----------
    connection : Connection
        From `connect`.
    paths : sequence of Path
        At least one.
    numbered : bool
        Add `SOURCE_FILE` and `SOURCE_LINE`, which counts from 1 in each file.
    union_by_name : bool
        Match columns by name; a column that a file lacks is null there.

    Raises
    ------
    UnreadableFile
        A file is missing or not Parquet.
    """
    options: dict[str, bool | str] = {"hive_partitioning": False, "union_by_name": union_by_name}
    if numbered:
        options |= {"filename": SOURCE_FILE, "file_row_number": True}
    with _Explained():
        # A path such as "export [2011]/a.parquet" is meant as it stands.
        table = connection.read_parquet([glob.escape(str(path)) for path in paths], **options)
    if not numbered:
        return table
    line = (table.file_row_number + 1).name(SOURCE_LINE)
    return table.mutate(line).drop("file_row_number")


def store(connection: Connection, name: str, expression: ibis.Table) -> ibis.Table:
    """Compute a table once and keep it in the engine; it spills to disk where memory ends.

    Raises
    ------
    UnreadableFile
        A file behind the expression turned out to be damaged.
    InvalidSettings
        The memory limit is too low.
    """
    query = connection.compile(expression)
    with _Explained():
        connection.raw_sql(f'CREATE OR REPLACE TABLE "{name}" AS {query}')
    return connection.table(name)


def view(connection: Connection, name: str, expression: ibis.Table) -> ibis.Table:
    """Give an expression over stored tables a name: what is built on it stays short."""
    query = connection.compile(expression)
    connection.raw_sql(f'CREATE OR REPLACE VIEW "{name}" AS {query}')
    return connection.table(name)


def drop(connection: Connection, name: str) -> None:
    """Let go of a table that `store` kept."""
    connection.raw_sql(f'DROP TABLE IF EXISTS "{name}"')


def empty(connection: Connection, name: str, schema: pa.Schema) -> ibis.Table:
    """Keep a table without rows in the engine."""
    nullable = pa.schema([field.with_nullable(True) for field in schema])  # noqa: FBT003 -- its only argument
    types = ibis.Schema.from_pyarrow(nullable)
    return connection.create_table(name, schema=types, overwrite=True)


def rows(connection: Connection, expression: ibis.Table) -> list[dict[str, Any]]:
    """Compute a small table and give its rows.

    Ibis's own ways out of the engine import pandas first, which takes longer than most answers.
    """
    query = connection.compile(expression)
    with _Explained():
        return connection.con.execute(query).to_arrow_table().to_pylist()  # type: ignore[no-any-return]  # DuckDB is untyped


def copy(connection: Connection, expression: ibis.Table, path: Path) -> int:
    """Write a table as one Parquet file and count its rows.

    Raises
    ------
    UnreadableFile
        A file behind the expression turned out to be damaged.
    """
    with _Explained():
        return _copy(connection.con, connection.compile(expression), path)


def copy_spans(
    connection: Connection, expression: ibis.Table, spans: Sequence[tuple[datetime, datetime, Path]]
) -> list[int]:
    """Write the rows of each span of time, start <= `timestamp` < end, to its own Parquet file.

    Parameters
    ----------
    connection : Connection
        From `connect`.
    expression : ibis.Table
        Over tables that `store` keeps: other views are not seen by every thread.
    spans : sequence of (datetime, datetime, Path)
        Start, end and file; the end's own moment is outside.

    Returns
    -------
    list of int
        The number of rows of each.

    Raises
    ------
    UnreadableFile
        A file could not be written.
    InvalidSettings
        The memory limit is too low.
    """
    query = connection.compile(expression)

    def write(span: tuple[datetime, datetime, Path]) -> int:
        start, end, path = span
        within = (
            f"timestamp >= TIMESTAMPTZ '{start.isoformat()}'"
            f" AND timestamp < TIMESTAMPTZ '{end.isoformat()}'"
        )
        with connection.con.cursor() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            return _copy(cursor, f"SELECT * FROM ({query}) WHERE {within}", path)  # noqa: S608 -- ours

    # A month is seldom large enough to keep every core busy: one core for each, several at once.
    (n_threads,) = connection.con.execute("SELECT current_setting('threads')").fetchone()
    n_each = 1 if len(spans) >= n_threads else n_threads
    with _Explained(), ThreadPoolExecutor(n_threads) as pool:
        connection.con.execute(f"SET threads = {n_each}")
        try:
            return list(pool.map(write, spans))
        finally:
            connection.con.execute(f"SET threads = {n_threads}")


def time_zones(connection: Connection) -> frozenset[str]:
    """Name the time zones that the engine knows."""
    names = connection.con.execute("SELECT name FROM pg_timezone_names()").fetchall()
    return frozenset(name for (name,) in names)


def _copy(cursor: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    quoted = str(path).replace("'", "''")
    row = cursor.execute(f"COPY ({query}) TO '{quoted}' ({_PARQUET})").fetchone()
    return int(row[0])


class _Explained:
    """Says in our words what the engine could not do."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        first_line = str(error).partition("\n")[0]
        if isinstance(error, duckdb.OutOfMemoryException):
            raise InvalidSettings(
                f"the engine has too little memory for this: {first_line}; raise memory_limit"
            ) from error
        if isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
            raise UnreadableFile(
                f"a file cannot be read or written: {first_line}; it is missing or damaged,"
                " has texts that are not UTF-8, or the disk is full"
            ) from error
