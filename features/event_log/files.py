"""The event log's files: which are live, how they are read, written and removed."""

from collections.abc import Mapping, Sequence
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
        self, events: ibis.Table, n_events: Mapping[str, int], generation: int
    ) -> tuple[LogFile, ...]:
        """Write events to a new file for each month, all the way to the disk.

        Parameters
        ----------
        events : ibis.Table
            As `engine.copy_spans` wants them.
        n_events : mapping of str to int
            How many there are of each month.
        generation : int
            The state of the log in which they will be live.
        """
        files = tuple(
            LogFile(path=months.path(month, generation), month=month, n_events=n)
            for month, n in n_events.items()
        )
        for file in files:
            self.path(file).parent.mkdir(parents=True, exist_ok=True)
        spans = [(*months.span(file.month), self.path(file)) for file in files]
        engine.copy_spans(self.connection, events, spans)
        for file in files:
            sync(self.path(file))
            sync(self.path(file).parent)
        if files:
            sync(self.folder)
        return files

    def remove_leftovers(self, manifest: Manifest) -> None:
        """Remove every file that is not live."""
        live = {self.path(file) for file in manifest.files}
        for path in self.folder.glob("month=*/*"):
            if path not in live:
                path.unlink()

    @property
    def _manifest_path(self) -> Path:
        return self.lake / "events.json"
