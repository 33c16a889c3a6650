"""Where an ingest puts things in the lake, and what a killed one left there."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_OURS: Final = re.compile(r"\.?(?P<generation>\d{6,})\.(json|parquet)(\.new)?")


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one ingest.

    Parameters
    ----------
    lake : Path
        The folder (`Home.lake`).
    generation : int
        The event log's generation that this ingest leads to; it names the files.
    """

    lake: Path
    generation: int

    @property
    def ingest_id(self) -> str:
        """The number as it stands in file names."""
        return f"{self.generation:06d}"

    @property
    def rejects(self) -> Path:
        """The rejected rows."""
        return self.lake / "rejects" / f"{self.ingest_id}.parquet"

    @property
    def set_aside(self) -> Path:
        """The events of visitors that look like bots."""
        return self.lake / "set_aside" / f"{self.ingest_id}.parquet"

    @property
    def report(self) -> Path:
        """The report."""
        return self.lake / "ingests" / f"{self.ingest_id}.json"

    @property
    def items(self) -> Path:
        """The catalogue."""
        return self.lake / "items.parquet"

    @property
    def users(self) -> Path:
        """The user table."""
        return self.lake / "users.parquet"

    def remove_leftovers(self) -> None:
        """Remove the files of ingests that were killed before they counted."""
        folders = (self.rejects.parent, self.set_aside.parent, self.report.parent)
        for path in [path for folder in folders for path in folder.glob("*")]:
            ours = _OURS.fullmatch(path.name)
            if ours and int(ours["generation"]) >= self.generation:
                path.unlink()


@contextmanager
def workbench(lake: Path) -> Iterator[Path]:
    """Give an empty folder for work in progress; the caller holds the lake's lock."""
    folder = lake / ".workbench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
