"""Files of picks: Parquet, JSON lines or CSV, written part by part."""

import csv
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import InvalidInput
from serving.pick_tables import PICK_SCHEMA

Write = Callable[[pa.Table], None]
_LISTS: Final = {field.name for field in PICK_SCHEMA if pa.types.is_nested(field.type)}
# Numbers seldom repeat: a dictionary of them is work for nothing.
_WORDS: Final = [
    "user_id",
    "status",
    "item_ids.list.element",
    "titles.list.element",
    "reasons.list.element.list.element.type",
    "reasons.list.element.list.element.item_id",
]


def picks_file(path: Path) -> AbstractContextManager[Write]:
    """Open a file to write tables of `PICK_SCHEMA` to, in the format that its name says.

    Raises
    ------
    InvalidInput
        The name ends in none of .parquet, .jsonl and .csv.
    """
    if path.suffix not in _FORMATS:
        raise InvalidInput(
            f"{path.name} says no format of picks; let it end in {', '.join(_FORMATS)}"
        )
    return _FORMATS[path.suffix](path)


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    with pq.ParquetWriter(path, PICK_SCHEMA, use_dictionary=_WORDS) as writer:
        yield writer.write_table


@contextmanager
def _json_lines(path: Path) -> Iterator[Write]:
    with path.open("wb") as file:

        def write(table: pa.Table) -> None:
            lines = (orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in _rows(table))
            file.writelines(lines)

        yield write


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    """Write CSV whose cells hold JSON where a column is a list."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(PICK_SCHEMA.names)

        def write(table: pa.Table) -> None:
            writer.writerows([_cell(*field) for field in row.items()] for row in _rows(table))

        yield write


def _cell(name: str, value: Any) -> Any:  # noqa: ANN401 -- whatever a column holds
    return orjson.dumps(value).decode() if name in _LISTS and value is not None else value


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches():
        yield from batch.to_pylist()


_FORMATS: Final = {".parquet": _parquet, ".jsonl": _json_lines, ".csv": _csv}
