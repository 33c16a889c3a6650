"""Where rejected rows go: a Parquet file for each ingest, with place, reason and content."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ibis
import pyarrow as pa

from features.event_log.engine import SOURCE_FILE, SOURCE_LINE
from features.event_log.words import as_json
from features.ingest.lines import Refused
from features.ingest.reasons import Reason
from features.ingest.sources import Source
from features.ingest.tables import OUTCOME, PLACE

MAX_CONTENT_CHARACTERS: Final = 1_000
"""How much of a rejected row is kept."""

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


def rejected_rows(source: Source, kind: str, checked: ibis.Table) -> ibis.Table:
    """Give the rows that did not pass the checks, in `REJECT_SCHEMA`.

    Parameters
    ----------
    source : Source
        The files they come from.
    kind : str
        "events", "items" or "users".
    checked : ibis.Table
        With `OUTCOME` and the place of every row of these files.
    """
    bad = checked.filter(checked[OUTCOME].isin([one.value for one in Reason]))
    rows = source.table.inner_join(bad.select(OUTCOME, *PLACE), list(PLACE))
    content = as_json(ibis.struct({name: rows[name] for name in source.columns}))
    messages = [(one.value, one.message) for one in Reason]
    return rows.select(
        kind=ibis.literal(kind),
        file=rows[SOURCE_FILE],
        line=rows[SOURCE_LINE],
        reason=rows[OUTCOME],
        message=rows[OUTCOME].cases(*messages),
        content=content.cast("string").substr(0, MAX_CONTENT_CHARACTERS),
    )
