"""The rows of all files of one kind, as tables that know each row's file and line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import UnreadableFile
from features.event_log import engine
from features.event_log.engine import SOURCE_FILE, SOURCE_LINE, Connection
from features.ingest.csv_rows import read_csv
from features.ingest.inputs import Format, Input
from features.ingest.json_rows import read_json_lines
from features.ingest.lines import Batch, Refused
from features.ingest.refused import refused_table

_TELL_EVERY: Final = 1_000_000
_RESERVED: Final = {SOURCE_FILE, SOURCE_LINE, "file_row_number"}


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Files with the same columns.

    Parameters
    ----------
    table : ibis.Table
        Their rows, with `SOURCE_FILE` and `SOURCE_LINE`.
    columns : tuple of str
        The files' own columns.
    files : tuple of Path
        At least one.
    """

    table: ibis.Table
    columns: tuple[str, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Everything that was read of one kind of file.

    Parameters
    ----------
    sources : tuple of Source
        Files with the same columns together.
    n_read : int
        Rows of all files, the lines that hold no row included.
    refused : tuple of Path
        Parquet files with the lines that hold no row.
    """

    sources: tuple[Source, ...]
    n_read: int
    refused: tuple[Path, ...]


def open_sources(
    connection: Connection,
    inputs: Sequence[Input],
    *,
    kind: str,
    delimiter: str,
    folder: Path,
    tell: Callable[[Path, int], None],
) -> Sources:
    """Open Parquet files as they are, and turn text files into Parquet of texts first.

    Parameters
    ----------
    connection : Connection
        From `features.event_log.connect`.
    inputs : sequence of Input
        The files.
    kind : str
        "events", "items" or "users".
    delimiter : str
        What parts the fields of a CSV file.
    folder : Path
        Where to put the texts; theirs alone.
    tell : callable
        Told of a file and of how many of its rows have been read: at its beginning, then each
        time another million has.

    Raises
    ------
    UnreadableFile
        A file is damaged, or not in the format that its name says.
    """
    stage = _Stage(folder, kind, tell)
    parquet: dict[pa.Schema, list[Path]] = {}
    for one in inputs:
        tell(one.path, 0)
        if one.format is Format.PARQUET:
            schema, n_rows = _parquet_schema(one.path)
            parquet.setdefault(schema, []).append(one.path)
            stage.n_read += n_rows
        else:
            stage.add(one, delimiter)
    sources = [
        Source(engine.read_parquet(connection, files, numbered=True), tuple(names), tuple(files))
        for (names, files) in ((schema.names, files) for schema, files in parquet.items())
    ]
    sources += stage.open(connection)
    return Sources(tuple(sources), stage.n_read, tuple(stage.refused))


def _parquet_schema(path: Path) -> tuple[pa.Schema, int]:
    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema().remove_metadata()
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"{path} is not a Parquet file: {error}; export it again") from error
    _check_names(path, schema.names)
    return schema, metadata.num_rows


def _check_names(path: Path, names: Sequence[str]) -> None:
    if reserved := sorted(_RESERVED & set(names)):
        raise UnreadableFile(f"{path} has a column {reserved[0]}, a name we need; rename it")
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise UnreadableFile(
                f"{path} has columns {other} and {name}, which differ by case only; rename one"
            )


class _Stage:
    """Text files on their way to tables: one Parquet file for each block of lines."""

    def __init__(self, folder: Path, kind: str, tell: Callable[[Path, int], None]) -> None:
        self.folder = folder
        self.kind = kind
        self.tell = tell
        self.n_read = 0
        self.refused: list[Path] = []
        # JSON objects may differ line by line, so all such files are one table.
        self.groups: dict[tuple[str, ...] | None, tuple[list[Path], list[Path]]] = {}

    def add(self, source: Input, delimiter: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        is_csv = source.format is Format.CSV
        batches = read_csv(source, delimiter=delimiter) if is_csv else read_json_lines(source)
        n_read = 0
        for batch in batches:
            *names, _ = batch.rows.column_names
            _check_names(source.path, names)
            group = tuple(names) if is_csv else None
            files, pieces = self.groups.setdefault(group, ([], []))
            if source.path not in files:
                files.append(source.path)
            pieces.append(self._write_rows(source.path, batch))
            if batch.refused:
                self._write_refused(source.path, batch.refused)
            before, n_read = n_read, n_read + batch.rows.num_rows + len(batch.refused)
            if n_read // _TELL_EVERY > before // _TELL_EVERY:
                self.tell(source.path, n_read)
        self.n_read += n_read

    def open(self, connection: Connection) -> Iterator[Source]:
        for files, pieces in self.groups.values():
            table = engine.read_parquet(connection, pieces, union_by_name=True)
            names = tuple(name for name in table.columns if name not in _RESERVED)
            _check_names(files[0], names)
            yield Source(table, names, tuple(files))

    def _write_rows(self, path: Path, batch: Batch) -> Path:
        file = pa.DictionaryArray.from_arrays(
            pa.array([0] * batch.rows.num_rows, pa.int8()), pa.array([str(path)], pa.string())
        )
        piece = self._piece("rows")
        pq.write_table(batch.rows.append_column(SOURCE_FILE, file), piece, compression="lz4")
        return piece

    def _write_refused(self, path: Path, refused: Sequence[Refused]) -> None:
        piece = self._piece("refused")
        pq.write_table(refused_table(self.kind, path, refused), piece)
        self.refused.append(piece)

    def _piece(self, what: str) -> Path:
        n_pieces = sum(len(pieces) for _, pieces in self.groups.values()) + len(self.refused)
        return self.folder / f"{what}-{n_pieces:06d}.parquet"
