"""Text files as blocks of whole lines, each line with its number, the unreadable ones apart."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import UnreadableFile
from features.ingest.inputs import Input
from features.reasons import MAX_LINE_BYTES, Reason

_BLOCK_BYTES: Final = 4 << 20
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_NEWLINE: Final = 0x0A
_MAX_CONTENT: Final = 1_000

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that holds no row.

    Parameters
    ----------
    line : int
        Its number, from 1.
    reason : Reason
        Why.
    content : str
        The line itself, up to 1,000 characters; bytes that are no UTF-8 in hexadecimal.
    """

    line: int
    reason: Reason
    content: str

    @classmethod
    def of(cls, line: int, reason: Reason, content: bytes) -> "Refused":
        """Keep a line's content at a readable length."""
        shown = content[: 4 * _MAX_CONTENT].decode("utf-8", "backslashreplace")
        return cls(int(line), reason, shown.rstrip("\r\n")[:_MAX_CONTENT])


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some whole lines of a file.

    Parameters
    ----------
    data : bytes
        The readable lines, each with its line feed.
    numbers : ndarray of int64, shape (n_lines,)
        The number of each of these lines in the file, from 1.
    refused : tuple of Refused
        The lines in between that are not UTF-8 or too long.
    """

    data: bytes
    numbers: IntArray
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some rows of a text file.

    Parameters
    ----------
    rows : pyarrow.Table
        A text column for each field, and `SOURCE_LINE`, on which the row begins, from 1.
    refused : tuple of Refused
        The lines in between that hold no row.
    """

    rows: pa.Table
    refused: tuple[Refused, ...] = ()


def blocks(source: Input) -> Iterator[Block]:
    """Read a file in blocks of a few megabytes, so that its size does not matter.

    Parameters
    ----------
    source : Input
        A text file; a byte order mark is skipped.

    Raises
    ------
    UnreadableFile
        The file cannot be read to its end, or is UTF-16.
    """
    try:
        with gzip.open(source.path) if source.is_gzip else source.path.open("rb") as stream:
            yield from _blocks(cast("BinaryIO", stream), source.path)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(f"{source.path} cannot be read: {error}; export it again") from error


def _blocks(stream: BinaryIO, path: Path) -> Iterator[Block]:
    head = stream.read(len(_BYTE_ORDER_MARK))
    if head[:2] in _UTF_16:
        raise UnreadableFile(f"{path} is UTF-16; convert it: iconv -f utf-16 -t utf-8")
    data = b"" if head == _BYTE_ORDER_MARK else head
    number = 1
    while data := data + stream.read(_BLOCK_BYTES):
        data += stream.readline(MAX_LINE_BYTES + 1)
        if not data.endswith(b"\n"):
            _skip_line(stream)
            data += b"\n"
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE)
        yield _block(data, ends, number)
        number += len(ends)
        data = b""


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(_BLOCK_BYTES)) and not rest.endswith(b"\n"):
        pass


def _block(data: bytes, ends: IntArray, first_line: int) -> Block:
    starts = np.concatenate(([0], ends[:-1] + 1))
    reasons = dict.fromkeys(
        np.flatnonzero(ends - starts > MAX_LINE_BYTES).tolist(), Reason.LINE_TOO_LONG
    )
    for place in _not_utf8(data, ends):
        reasons.setdefault(place, Reason.NOT_UTF8)
    numbers = np.arange(first_line, first_line + len(ends), dtype=np.int64)
    if not reasons:
        return Block(data, numbers)
    refused = tuple(
        Refused.of(numbers[place], reasons[place], data[starts[place] : ends[place]])
        for place in sorted(reasons)
    )
    good = np.setdiff1d(np.arange(len(ends)), list(reasons))
    kept = b"".join(data[starts[place] : ends[place] + 1] for place in good)
    return Block(kept, numbers[good], refused)


def _not_utf8(data: bytes, ends: IntArray) -> list[int]:
    if _is_utf8(data):
        return []
    starts = np.concatenate(([0], ends[:-1] + 1))
    spans = enumerate(zip(starts.tolist(), ends.tolist(), strict=True))
    return [place for place, (start, end) in spans if not _is_utf8(data[start:end])]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
