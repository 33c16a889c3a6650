"""The rows of a JSON Lines file: one object a line, whatever fields each of them has."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
from pydantic_core import from_json, to_json

from features.errors import UnreadableFile
from features.event_log.engine import SOURCE_LINE
from features.ingest.inputs import Input
from features.ingest.lines import Batch, Block, Refused, blocks
from features.reasons import Reason

LIST_MARK: Final = "\x1f"
"""Begins a list that was written as a text, and parts its entries."""


def read_json_lines(source: Input) -> Iterator[Batch]:
    """Read JSON Lines; empty lines are no rows.

    An object in an object becomes columns such as `properties.item_id`, numbers and true or false
    become their text, a list its entries behind and between `LIST_MARK`.

    Parameters
    ----------
    source : Input
        The file; of any size.

    Yields
    ------
    Batch
        With the columns that its lines have.

    Raises
    ------
    UnreadableFile
        The file is one JSON array instead.
    """
    for number, block in enumerate(blocks(source)):
        if number == 0 and block.data.lstrip().startswith(b"["):
            raise UnreadableFile(
                f"{source.path} is one JSON array; write one object a line: jq -c '.[]'"
            )
        yield _batch(block)


def _batch(block: Block) -> Batch:
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    refused = list(block.refused)
    for number, line in zip(block.numbers.tolist(), block.data.split(b"\n")[:-1], strict=True):
        if not line.strip():
            continue
        row = _parse(line)
        if row is None:
            refused.append(Refused.of(number, Reason.INVALID_JSON, line))
            continue
        rows.append(row)
        lines.append(number)
    names = sorted({name for row in rows for name in row if name})
    columns = [_texts([row.get(name) for row in rows]) for name in names]
    table = pa.table([*columns, pa.array(lines, pa.int64())], names=[*names, SOURCE_LINE])
    return Batch(table, tuple(refused))


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        stated = from_json(line)
    except ValueError:
        return None
    if not isinstance(stated, dict):
        return None
    is_nested = any(isinstance(value, dict) for value in stated.values())
    return dict(_flat(stated, "")) if is_nested else stated


def _flat(stated: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in stated.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _texts(values: list[Any]) -> pa.Array:
    if set(map(type, values)) <= {str, type(None)}:
        return pa.array(values, pa.string())
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:  # noqa: ANN401 -- whatever JSON holds
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return LIST_MARK + LIST_MARK.join(_text(entry) or "" for entry in value)
    if isinstance(value, bool | dict):
        return to_json(value).decode()
    return repr(value)
