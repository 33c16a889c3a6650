"""The event log's files: which are live, how they are read, written and removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis

from features.event_log import engine, months
from features.event_log.durable import sync
from features.event_log.engine import Connection
from features.event_log.manifest import LogFile, Manifest


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The files of one event log.

    Parameters
    ----------
    lake : Path
        The folder (`Home.lake`).
    connection : Connection
        The engine that reads and writes.
    """

    lake: Path
    connection: Connection

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.lake / "events"

    def manifest(self) -> Manifest:
        """Read which files are live."""
        return Manifest.read(self._manifest_path)

    def commit(self, manifest: Manifest) -> None:
        """Make other files the live ones, in one step."""
        manifest.write(self._manifest_path)

    def path(self, file: LogFile) -> Path:
        """Tell where a file is."""
        return self.folder / file.path

    def open(self, files: Sequence[LogFile], *, numbered: bool = False) -> ibis.Table:
        """Read files as one table, lazily; `numbered` as for `engine.read_parquet`."""
        paths = [self.path(file) for file in files]
        return engine.read_parquet(self.connection, paths, numbered=numbered)

    def write(
        self, events: ibis.Table, wanted: Sequence[str], generation: int
    ) -> tuple[LogFile, ...]:
        """Write events to a new file for each month, all the way to the disk.

        Parameters
        ----------
        events : ibis.Table
            As `engine.copy_spans` wants them.
        wanted : sequence of str
            The months that they can be in; a month without events gets no file.
        generation : int
            The state of the log in which the files will be live.
        """
        paths = [months.path(month, generation) for month in wanted]
        spans = []
        for month, path in zip(wanted, paths, strict=True):
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            spans.append((*months.span(month), self.folder / path))
        counts = engine.copy_spans(self.connection, events, spans)
        files = []
        for month, path, n_events in zip(wanted, paths, counts, strict=True):
            if not n_events:
                (self.folder / path).unlink()
                _remove_if_empty((self.folder / path).parent)
                continue
            sync(self.folder / path)
            sync((self.folder / path).parent)
            files.append(LogFile(path=path, month=month, n_events=n_events))
        if files:
            sync(self.folder)
        return tuple(files)

    def remove_leftovers(self, manifest: Manifest) -> None:
        """Remove every file that is not live."""
        live = {self.path(file) for file in manifest.files}
        for path in self.folder.glob("month=*/*"):
            if path not in live:
                path.unlink()

    @property
    def _manifest_path(self) -> Path:
        return self.lake / "events.json"


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
