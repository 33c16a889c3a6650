"""Where rejected rows go: a Parquet file for each ingest, with place, reason and content."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ibis

from features.event_log import engine
from features.event_log.engine import SOURCE_FILE, SOURCE_LINE, Connection
from features.ingest.checking import Checked, CheckedKind
from features.ingest.refused import REJECT_SCHEMA
from features.ingest.tables import OUTCOME
from features.reasons import Reason

MAX_CONTENT_CHARACTERS: Final = 1_000
"""How much of a rejected row is kept."""


def write_rejects(
    connection: Connection,
    kinds: Sequence[CheckedKind],
    path: Path,
) -> int:
    """Write the rows with a fault, and the lines that hold no row, to one file.

    Parameters
    ----------
    connection : Connection
        Reads the files again, for what they say.
    kinds : sequence of CheckedKind
        All files.
    path : Path
        The rejects file; not made where there is nothing to write.

    Returns
    -------
    int
        How many there are.
    """
    refused = [file for kind in kinds for file in kind.refused]
    tables = [engine.read_parquet(connection, refused)] if refused else []
    tables += [_faulty(part, kind.kind) for kind in kinds if kind.n_faulty for part in kind.parts]
    if not tables:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    everything = ibis.union(*(table.select(*REJECT_SCHEMA.names) for table in tables))
    return engine.copy(connection, everything.order_by("kind", "file", "line"), path)


def _faulty(part: Checked, kind: str) -> ibis.Table:
    faults = part.faults
    return faults.select(
        kind=ibis.literal(kind),
        file=faults[SOURCE_FILE],
        line=faults[SOURCE_LINE],
        reason=faults[OUTCOME],
        message=faults[OUTCOME].cases(*((one.value, one.message) for one in Reason)),
        content=faults.content.substr(0, MAX_CONTENT_CHARACTERS),
    )
