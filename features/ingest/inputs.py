"""Which files were meant, and in which format each is."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from features.errors import UnreadableFile


class Format(StrEnum):
    """How a file holds its rows."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


_SUFFIXES: Final = {
    ".csv": Format.CSV,
    ".csv.gz": Format.CSV,
    ".jsonl": Format.JSON_LINES,
    ".jsonl.gz": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".ndjson.gz": Format.JSON_LINES,
    ".json": Format.JSON_LINES,
    ".json.gz": Format.JSON_LINES,
    ".parquet": Format.PARQUET,
}


@dataclass(frozen=True, slots=True)
class Input:
    """One file to read."""

    path: Path
    format: Format

    @property
    def is_gzip(self) -> bool:
        """Whether the text is compressed."""
        return self.path.suffix == ".gz"


def find(given: Sequence[str | Path]) -> tuple[Input, ...]:
    """Find the files behind paths, folders and globs, each once, in the order given.

    Parameters
    ----------
    given : sequence of str or Path
        A folder stands for the files in it, at any depth, in the order of their names; so does
        a glob such as "export/2011-*.csv".

    Raises
    ------
    UnreadableFile
        Nothing is there, the file is empty, or its name does not say its format.
    """
    found: dict[Path, Input] = {}
    for one in given:
        for path in _expand(str(one)):
            found.setdefault(path.resolve(), _input(path))
    return tuple(found.values())


def _expand(given: str) -> Iterator[Path]:
    path = Path(given)
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if _format(file) and file.is_file()]
    elif path.exists():
        files = [path]
    else:
        files = [Path(name) for name in sorted(glob.glob(given, recursive=True))]  # noqa: PTH207
    if not files:
        what = "holds no file to read" if path.is_dir() else "does not exist"
        raise UnreadableFile(f"{given} {what}; files end in {', '.join(_SUFFIXES)}")
    yield from files


def _input(path: Path) -> Input:
    format_ = _format(path)
    if format_ is None:
        raise UnreadableFile(
            f"{path} does not say its format; its name has to end in {', '.join(_SUFFIXES)}"
        )
    if path.stat().st_size == 0:
        raise UnreadableFile(f"{path} is empty; export it again, or leave it out")
    return Input(path, format_)


def _format(path: Path) -> Format | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return _SUFFIXES.get("".join(suffixes[-2:])) or _SUFFIXES.get("".join(suffixes[-1:]))
