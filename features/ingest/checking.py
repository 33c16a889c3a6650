"""All files of one kind, checked row by row and kept in the engine."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import ibis
import pyarrow as pa

from features.errors import InvalidMapping
from features.event_log import engine
from features.event_log.engine import Connection
from features.ingest.columns import Columns
from features.ingest.inputs import Input
from features.ingest.mapping import EventMapping, ItemMapping, TableMapping, UserMapping
from features.ingest.sources import Source, open_sources
from features.ingest.tables import OUTCOME, VALID, Table, events_of, items_of, users_of
from features.reasons import Reason


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Files with the same columns, checked.

    Parameters
    ----------
    table : ibis.Table
        Their rows in our terms, with `OUTCOME`; stored in the engine.
    faults : ibis.Table
        The rows with a fault, read anew from the files.
    schema : pyarrow.Schema
        Our columns.
    stated : frozenset of str
        Our columns, and the shop's further ones, that the files or constants hold.
    unused : tuple of str
        The files' columns that nothing was read from.
    """

    table: ibis.Table
    faults: ibis.Table
    schema: pa.Schema
    stated: frozenset[str]
    unused: tuple[str, ...]

    @property
    def valid(self) -> ibis.Table:
        """The rows that passed every check, with all our columns."""
        types = ibis.Schema.from_pyarrow(self.schema)
        rows = self.table.filter(self.table[OUTCOME] == VALID)
        missing = [name for name in self.schema.names if name not in rows.columns]
        return rows.mutate(**{name: ibis.null(types[name](nullable=True)) for name in missing})


@dataclass(frozen=True, slots=True, eq=False)
class CheckedKind:
    """All files of one kind, checked.

    Parameters
    ----------
    kind : str
        "events", "items" or "users".
    parts : tuple of Checked
        One for all files with the same columns.
    n_read : int
        Rows in the files.
    refused : tuple of Path
        Parquet files with the lines that hold no row.
    outcomes : dict of str to int
        How many rows came to which `OUTCOME`; the lines without a row are not among them.
    """

    kind: str
    parts: tuple[Checked, ...]
    n_read: int
    refused: tuple[Path, ...]
    outcomes: dict[str, int]

    @property
    def n_rejected(self) -> int:
        """Rows and lines with a fault."""
        return self.n_read - sum(self.outcomes.values()) + self.n_faulty

    @property
    def n_faulty(self) -> int:
        """Rows with a fault; the lines without a row are not among them."""
        return sum(self.outcomes.get(reason.value, 0) for reason in Reason)


def check(
    connection: Connection,
    kind: str,
    inputs: Sequence[Input],
    mapping: TableMapping,
    *,
    folder: Path,
    now: datetime,
    tell: Callable[[Path, int], None],
) -> CheckedKind:
    """Read files of one kind and check each row.

    Parameters
    ----------
    connection : Connection
        Keeps the checked rows.
    kind : str
        "events", "items" or "users".
    inputs : sequence of Input
        The files.
    mapping : TableMapping
        What they call our columns; its type says which checks apply.
    folder : Path
        For texts on their way to tables.
    now : datetime
        Aware; later events are rejected.
    tell : callable
        Told of each file, and of how many of its rows have been read.

    Raises
    ------
    UnreadableFile
        A file is damaged, or not in the format that its name says.
    InvalidMapping
        The mapping does not fit the files.
    """
    zone = mapping.assume_timezone
    if zone is not None and zone not in engine.time_zones(connection):
        raise InvalidMapping(f"assume_timezone {zone!r} is no time zone; write it as Europe/London")
    sources = open_sources(
        connection,
        inputs,
        kind=kind,
        delimiter=mapping.delimiter,
        folder=folder / kind,
        tell=tell,
    )
    # Every file is asked for its columns before any row is looked at.
    asked = [_ask(source, mapping, now) for source in sources.sources]
    parts = tuple(
        _store(connection, f"{kind}_{place}", columns, table)
        for place, (columns, table) in enumerate(asked)
    )
    return CheckedKind(kind, parts, sources.n_read, sources.refused, _outcomes(connection, parts))


def _ask(source: Source, mapping: TableMapping, now: datetime) -> tuple[Columns, Table]:
    columns = Columns(source, mapping)
    match mapping:
        case EventMapping():
            return columns, events_of(columns, mapping, now=now)
        case ItemMapping():
            return columns, items_of(columns, mapping)
        case UserMapping():
            return columns, users_of(columns, mapping)
    raise TypeError(type(mapping))


def _store(connection: Connection, name: str, columns: Columns, table: Table) -> Checked:
    schema = columns.mapping.schema_
    stated = {name for name in schema.names if columns.has(name)} | columns.others().keys()
    unused = tuple(name for name in columns.source.columns if name not in columns.used)
    rows = engine.store(connection, name, table.rows)
    return Checked(rows, table.faults, schema, frozenset(stated), unused)


def _outcomes(
    connection: Connection,
    parts: Sequence[Checked],
) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for part in parts:
        counted = part.table.group_by(OUTCOME).agg(n=part.table.count())
        for row in engine.rows(connection, counted):
            counts[row[OUTCOME]] += row["n"]
    return dict(counts)
