"""Text files as blocks of whole lines, each line with its number, the unreadable ones apart."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import UnreadableFile
from features.ingest.inputs import Input
from features.ingest.reasons import MAX_LINE_BYTES, Reason

_BLOCK_BYTES: Final = 4 << 20
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
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
        The line itself, up to 1,000 characters; bytes that are no UTF-8 as \\xNN.
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
        The readable lines, each with its "\\n".
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
        One text column for each field.
    lines : ndarray of int64, shape (n_rows,)
        The line on which each row begins, from 1.
    refused : tuple of Refused
        The lines in between that hold no row.
    """

    rows: pa.Table
    lines: IntArray
    refused: tuple[Refused, ...] = ()


@contextmanager
def open_text(source: Input) -> Iterator[BinaryIO]:
    """Open a text file, compressed or not, behind its byte order mark.

    Raises
    ------
    UnreadableFile
        The file cannot be read to its end, or is UTF-16.
    """
    try:
        with _opened(source.path, is_gzip=source.is_gzip) as stream:
            head = stream.read(len(_BYTE_ORDER_MARK))
            if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise UnreadableFile(
                    f"{source.path} is UTF-16; convert it: iconv -f utf-16 -t utf-8"
                )
            if head != _BYTE_ORDER_MARK:
                stream.seek(0)
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(f"{source.path} cannot be read: {error}; export it again") from error


def _opened(path: Path, *, is_gzip: bool) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb")) if is_gzip else path.open("rb")


def blocks(stream: BinaryIO, *, first_line: int) -> Iterator[Block]:
    """Read a file in blocks of a few megabytes, so that its size does not matter.

    Parameters
    ----------
    stream : binary file
        Standing at the beginning of a line.
    first_line : int
        That line's number.
    """
    number = first_line
    while data := stream.read(_BLOCK_BYTES):
        data += stream.readline(MAX_LINE_BYTES + 1)
        whole = data
        if not data.endswith(b"\n"):
            _skip_line(stream)
            whole = data + b"\n"
        ends = np.flatnonzero(np.frombuffer(whole, np.uint8) == _NEWLINE)
        yield _block(whole, ends, number)
        number += len(ends)


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


def _not_utf8(data: bytes, ends: IntArray) -> Iterator[int]:
    start = 0
    while start < len(data):
        try:
            data[start:].decode("utf-8")
        except UnicodeDecodeError as error:
            place = int(np.searchsorted(ends, start + error.start))
            yield place
            start = int(ends[place]) + 1
        else:
            return
