"""The rows of a CSV file: a broken line costs itself, never the lines around it.

A line is a row when its quotes are right; then a whole block is parsed at once. Where a quoted
field runs over several lines, or a quote is broken, the block is read row by row.
"""

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from features.errors import UnreadableFile
from features.event_log.engine import SOURCE_LINE
from features.ingest.inputs import Input
from features.ingest.lines import Batch, Block, IntArray, Refused, blocks
from features.reasons import MAX_LINE_BYTES, Reason

_NEWLINE: Final = 0x0A
_RETURN: Final = 0x0D
_QUOTE: Final = 0x22


def read_csv(source: Input, *, delimiter: str) -> Iterator[Batch]:
    """Read a CSV file whose first line names its columns; empty lines are no rows.

    Parameters
    ----------
    source : Input
        The file; of any size.
    delimiter : str
        What parts the fields.

    Yields
    ------
    Batch
        At least one, with the header's columns; an empty field is null.

    Raises
    ------
    UnreadableFile
        The header cannot be read, or names a column twice.
    """
    whole = blocks(source)
    first = next(whole)
    length = first.data.find(b"\n") + 1
    if not first.data[:length].strip() or first.numbers[0] != 1:
        raise UnreadableFile(f"{source.path} has no readable header line; export it with one")
    reader = _Reader(_header(source, first.data[:length], delimiter), delimiter)
    rest = Block(first.data[length:], first.numbers[1:], first.refused)
    for block in itertools.chain([rest], whole):
        yield reader.read(block)
    yield reader.finish()


def _header(source: Input, line: bytes, delimiter: str) -> list[str]:
    try:
        (names,) = csv.reader([line.decode("utf-8")], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError) as error:
        raise UnreadableFile(f"the header of {source.path} cannot be read: {error}") from error
    names = [name.strip() for name in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        what = f"names {twice[0]} twice" if twice and twice[0] else "has a column without a name"
        raise UnreadableFile(f"the header of {source.path} {what}; rename the column")
    return names


@dataclass(slots=True)
class _Reader:
    """Reads block by block; a row that runs into the next block waits for it."""

    names: Sequence[str]
    delimiter: str
    waiting: Block = field(default_factory=lambda: Block(b"", np.empty(0, np.int64)))

    def read(self, block: Block) -> Batch:
        if not self.waiting.data and _lines_are_rows(block.data, self.delimiter):
            return self._parse_lines(block)
        return self._parse_rows(block, at_end=False)

    def finish(self) -> Batch:
        return self._parse_rows(Block(b"", np.empty(0, np.int64)), at_end=True)

    def _parse_lines(self, block: Block) -> Batch:
        n_fields, is_blank = _shape(block.data, self.delimiter)
        is_row = n_fields == len(self.names)
        data, lines = block.data, block.numbers
        refused = list(block.refused)
        if not is_row.all() or is_blank.any():
            split = data.split(b"\n")
            for place in np.flatnonzero(~is_row & ~is_blank):
                reason = Reason.WRONG_NUMBER_OF_FIELDS
                refused.append(Refused.of(lines[place], reason, split[place]))
            good = np.flatnonzero(is_row & ~is_blank)
            data, lines = b"".join(split[place] + b"\n" for place in good), lines[good]
        return _batch(self._table(data), lines, refused)

    def _table(self, data: bytes) -> pa.Table:
        text = pa.schema([(name, pa.string()) for name in self.names])
        if not data:
            return text.empty_table()
        return pa_csv.read_csv(
            pa.BufferReader(data),
            read_options=pa_csv.ReadOptions(
                column_names=list(self.names), block_size=len(data) + 1, use_threads=False
            ),
            parse_options=pa_csv.ParseOptions(delimiter=self.delimiter, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                column_types=text, null_values=[""], strings_can_be_null=True
            ),
        )

    def _parse_rows(self, block: Block, *, at_end: bool) -> Batch:
        data = self.waiting.data + block.data
        numbers = np.concatenate((self.waiting.numbers, block.numbers))
        lines = [line + "\n" for line in data.decode("utf-8").split("\n")[:-1]]
        walk = _Walk(lines, numbers, len(self.names), self.delimiter)
        walk.run(at_end=at_end)
        rest = lines[walk.start :]
        self.waiting = Block("".join(rest).encode("utf-8"), numbers[walk.start :])
        columns = list(zip(*walk.rows, strict=True)) or [()] * len(self.names)
        arrays = [pa.array([value or None for value in one], pa.string()) for one in columns]
        table = pa.table(arrays, names=list(self.names))
        return _batch(table, walk.begins, [*block.refused, *walk.refused])


def _batch(table: pa.Table, lines: Sequence[int] | IntArray, refused: Sequence[Refused]) -> Batch:
    return Batch(table.append_column(SOURCE_LINE, pa.array(lines, pa.int64())), tuple(refused))


def _lines_are_rows(data: bytes, delimiter: str) -> bool:
    """Whether every quoted field begins and ends where RFC 4180 wants it, within one line."""
    if data.count(b"\r") != data.count(b"\r\n"):
        return False
    if b'"' not in data:
        return True
    bytes_ = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(bytes_ == _QUOTE)
    ends = np.flatnonzero(bytes_ == _NEWLINE)
    if len(quotes) % 2 or (np.searchsorted(quotes, ends) % 2).any():
        return False
    before_opening = np.where(quotes[::2] == 0, _NEWLINE, bytes_[quotes[::2] - 1])
    after_closing = bytes_[quotes[1::2] + 1]
    borders = (ord(delimiter), _NEWLINE, _QUOTE)
    return bool(
        np.isin(before_opening, borders).all() and np.isin(after_closing, (*borders, _RETURN)).all()
    )


def _shape(data: bytes, delimiter: str) -> tuple[IntArray, np.ndarray]:
    """Count the fields of each line, and tell which lines are empty."""
    bytes_ = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(bytes_ == _NEWLINE)
    delimiters = np.flatnonzero(bytes_ == ord(delimiter))
    if b'"' in data:
        quotes = np.flatnonzero(bytes_ == _QUOTE)
        delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    n_fields = np.diff(np.searchsorted(delimiters, ends), prepend=0) + 1
    lengths = np.diff(ends, prepend=-1) - 1
    is_blank = (lengths == 0) | ((lengths == 1) & (bytes_[ends - 1] == _RETURN))
    return n_fields, is_blank


@dataclass(slots=True)
class _Walk:
    """One pass over lines that cannot be parsed at once; `start` is where the next row begins."""

    lines: Sequence[str]
    numbers: IntArray
    n_fields: int
    delimiter: str
    start: int = 0
    at: int = 0
    ran_out: bool = False
    rows: list[list[str]] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def __iter__(self) -> "_Walk":
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            self.ran_out = True
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]

    def run(self, *, at_end: bool) -> None:
        reader = csv.reader(self, delimiter=self.delimiter, strict=True)
        while self.start < len(self.lines):
            self.at, self.ran_out = self.start, False
            try:
                row = next(reader)
            except csv.Error:
                if self.ran_out and not at_end and self._is_short():
                    return
                quoted = '"' in self.lines[self.start]
                self._refuse(Reason.BROKEN_QUOTE if quoted else Reason.CARRIAGE_RETURN)
                continue
            self._take(row)

    def _take(self, row: list[str]) -> None:
        if row and len(row) != self.n_fields:
            several = self.at > self.start + 1
            self._refuse(Reason.BROKEN_QUOTE if several else Reason.WRONG_NUMBER_OF_FIELDS)
            return
        if self._has_swallowed_rows() or not self._is_short():
            self._refuse(Reason.BROKEN_QUOTE)
            return
        if row:
            self.rows.append(row)
            self.begins.append(int(self.numbers[self.start]))
        self.start = self.at

    def _refuse(self, reason: Reason) -> None:
        line = self.lines[self.start].encode("utf-8")
        self.refused.append(Refused.of(self.numbers[self.start], reason, line))
        self.start += 1

    def _is_short(self) -> bool:
        return sum(len(line) for line in self.lines[self.start : self.at]) <= MAX_LINE_BYTES

    def _has_swallowed_rows(self) -> bool:
        """Whether a quote that was never closed has taken the rows up to the next quote for text.

        The lines between a text's first and last are then rows by themselves, all of them.
        """
        inner = self.lines[self.start + 1 : self.at - 1]
        return bool(inner) and all(self._is_row(line) for line in inner)

    def _is_row(self, line: str) -> bool:
        try:
            (row,) = csv.reader([line], delimiter=self.delimiter, strict=True)
        except (csv.Error, ValueError):
            return False
        return len(row) == self.n_fields > 1
