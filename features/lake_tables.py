"""The lake's tables: how the catalogue and others beside the event log are read and replaced."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.event_log.durable import put_in_place


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a table; one without rows where there is no file yet.

    Parameters
    ----------
    path : Path
        A Parquet file.
    schema : pyarrow.Schema
        The columns of a table that is not there yet.
    """
    return pq.read_table(path) if path.exists() else schema.empty_table()


def replace_table(path: Path, table: pa.Table) -> None:
    """Replace a table in one step; the caller holds the lake's `writing`.

    Parameters
    ----------
    path : Path
        A Parquet file.
    table : pyarrow.Table
        Its rows from now on, written in the order of the first column.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.new")
    ordered = table.sort_by(table.column_names[0])
    pq.write_table(ordered, written, compression="zstd", compression_level=1)
    put_in_place(written, path)
