"""The lines of text files that hold no row, on their way to the rejects."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa

from features.ingest.lines import Refused

REJECT_SCHEMA: Final = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("file", pa.string()),
        pa.field("line", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("message", pa.string()),
        pa.field("content", pa.string()),
    ]
)
"""A rejected row: the kind of its file ("events", "items", "users"), the file, the line (in
Parquet the row) from 1, a `Reason` and its message, and the line, or the row as JSON."""


def refused_table(kind: str, path: Path, refused: Sequence[Refused]) -> pa.Table:
    """Write down the lines of a text file that hold no row."""
    rows = [
        {
            "kind": kind,
            "file": str(path),
            "line": one.line,
            "reason": one.reason.value,
            "message": one.reason.message,
            "content": one.content,
        }
        for one in refused
    ]
    return pa.Table.from_pylist(rows, schema=REJECT_SCHEMA)
