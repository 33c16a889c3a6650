"""Which events happened, and when? A Parquet dataset by month that only ever grows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import ibis

from features.errors import InvalidInput
from features.event_log import batches, engine
from features.event_log.durable import sync
from features.event_log.engine import Connection
from features.event_log.lock import writing
from features.event_log.manifest import LogFile, Manifest
from features.event_log.words import microseconds
from features.events import EVENT_SCHEMA

_SCHEMA: Final = ibis.Schema.from_pyarrow(EVENT_SCHEMA)


@dataclass(frozen=True, slots=True)
class AppendResult:
    """What became of a batch.

    Parameters
    ----------
    n_new : int
        Events that the log now holds and did not before.
    n_duplicates : int
        Events whose `event_id` the log, or the batch itself, already had.
    """

    n_new: int
    n_duplicates: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that lies on the disk and that nobody sees until it is committed.

    Parameters
    ----------
    result : AppendResult
        What will have become of it.
    files : tuple of Path
        Its new events.
    manifest : Manifest
        The log with them.
    """

    result: AppendResult
    files: tuple[Path, ...]
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class EventLog:
    """The events of one shop: `lake/events/month=YYYY-MM/*.parquet`, listed in `events.json`.

    A file counts when the list names it, and the list is replaced in one step: whoever is killed
    while writing leaves the log as it was. What it wrote is removed by the next writer.

    Parameters
    ----------
    lake : Path
        The folder (`Home.lake`).
    connection : Connection
        The engine that reads and writes; by default one of its own.
    """

    lake: Path
    connection: Connection = field(default_factory=engine.connect)

    @property
    def files(self) -> tuple[Path, ...]:
        """The live files, in the order of their months."""
        return tuple(self._folder / file.path for file in self._read().files)

    @property
    def generation(self) -> int:
        """How many changes led to the log as it is."""
        return self._read().generation

    def scan(self, *, start: datetime | None = None, end: datetime | None = None) -> ibis.Table:
        """Give the events with start < `timestamp` <= end, lazily, in no particular order.

        So history at `as_of` is `scan(end=as_of)`, what came later is `scan(start=as_of)`, and
        no event is in both.

        Parameters
        ----------
        start, end : datetime, optional
            Aware; without one the log is open on that side.

        Returns
        -------
        ibis.Table
            With the columns of `EVENT_SCHEMA`; without rows where the log is empty.

        Raises
        ------
        InvalidInput
            A time has no offset.
        """
        after, until = (None if time is None else _moment(time) for time in (start, end))
        files = [file for file in self._read().files if _overlaps(file.month, start, end)]
        if not files:
            return ibis.memtable(EVENT_SCHEMA.empty_table(), schema=_SCHEMA)
        events = self._open(files)
        if after is not None:
            events = events.filter(events.timestamp > after)
        if until is not None:
            events = events.filter(events.timestamp <= until)
        return events

    def latest(self) -> datetime | None:
        """Tell when the last event happened; None where the log is empty."""
        files = self._read().files
        if not files:
            return None
        last_month = [file for file in files if file.month == files[-1].month]
        events = self._open(last_month)
        latest = events.aggregate(micros=microseconds(events.timestamp.max()))
        (row,) = engine.rows(self.connection, latest)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row["micros"])

    def append(self, batch: ibis.Table) -> AppendResult:
        """Add events; those whose `event_id` is known are left out.

        Of several in the batch with one `event_id`, the earliest stays.

        Parameters
        ----------
        batch : ibis.Table
            Checked events with the columns of `EVENT_SCHEMA`, of this log's connection.

        Raises
        ------
        InvalidInput
            A column is missing or has another type.
        LakeBusy
            Another process is writing to this lake.
        """
        with writing(self.lake):
            stored = engine.store(self.connection, "batch", _in_schema(batch))
            prepared = self.prepare(stored)
            self.commit(prepared)
        return prepared.result

    def prepare(self, batch: ibis.Table) -> Prepared:
        """Write a batch where nobody sees it yet; the caller holds `writing`.

        Parameters
        ----------
        batch : ibis.Table
            As for `append`, over tables that the engine stores (`engine.store`): it is read
            several times, by several threads.

        Raises
        ------
        InvalidInput
            A column is missing or has another type.
        """
        manifest = self._read()
        self._remove_leftovers(manifest)
        events = _in_schema(batch)
        known = self._open(manifest.files) if manifest.files else None
        fresh = batches.without_duplicates(self.connection, events, known)
        generation = manifest.generation + 1
        files = tuple(
            LogFile(path=_path(month, generation), month=month, n_events=n_events)
            for month, n_events in batches.events_per_month(self.connection, fresh).items()
        )
        self._write(fresh, files)
        (read,) = engine.rows(self.connection, events.aggregate(n=events.count()))
        n_new = sum(file.n_events for file in files)
        result = AppendResult(n_new, read["n"] - n_new)
        paths = tuple(self._folder / file.path for file in files)
        return Prepared(result, paths, Manifest(generation, manifest.files + files))

    def commit(self, prepared: Prepared) -> None:
        """Make a prepared batch part of the log, in one step; the caller holds `writing`."""
        prepared.manifest.write(self._manifest_path)

    def delete_user(self, user_id: str) -> int:
        """Remove every event of a user; the files that held any are gone when this returns.

        Whoever is reading those files meanwhile fails and has to scan again.

        Parameters
        ----------
        user_id : str
            The shop's id.

        Returns
        -------
        int
            How many events are gone.

        Raises
        ------
        LakeBusy
            Another process is writing to this lake.
        """
        with writing(self.lake):
            manifest = self._read()
            self._remove_leftovers(manifest)
            if not manifest.files:
                return 0
            touched, n_events = self._holding(user_id, manifest)
            untouched = tuple(file for file in manifest.files if file not in touched)
            generation = manifest.generation + 1
            rewritten = self._rewrite_without(user_id, touched, generation)
            Manifest(generation, untouched + rewritten).write(self._manifest_path)
            self._remove_leftovers(self._read())
        return n_events

    @property
    def _folder(self) -> Path:
        return self.lake / "events"

    @property
    def _manifest_path(self) -> Path:
        return self.lake / "events.json"

    def _read(self) -> Manifest:
        return Manifest.read(self._manifest_path)

    def _open(self, files: Sequence[LogFile], *, numbered: bool = False) -> ibis.Table:
        paths = [self._folder / file.path for file in files]
        return engine.read_parquet(self.connection, paths, numbered=numbered)

    def _write(self, events: ibis.Table, files: Sequence[LogFile]) -> None:
        spans = [(*_span(file.month), self._folder / file.path) for file in files]
        for _, _, path in spans:
            path.parent.mkdir(parents=True, exist_ok=True)
        engine.copy_spans(self.connection, events, spans)
        for _, _, path in spans:
            sync(path)
            sync(path.parent)

    def _holding(self, user_id: str, manifest: Manifest) -> tuple[list[LogFile], int]:
        events = self._open(manifest.files, numbered=True)
        theirs = events.filter(events.user_id == user_id)
        counted = theirs.group_by(engine.SOURCE_FILE).agg(n=theirs.count())
        counts = engine.rows(self.connection, counted)
        paths = {Path(row[engine.SOURCE_FILE]) for row in counts}
        touched = [file for file in manifest.files if self._folder / file.path in paths]
        return touched, sum(row["n"] for row in counts)

    def _rewrite_without(
        self, user_id: str, touched: Sequence[LogFile], generation: int
    ) -> tuple[LogFile, ...]:
        rewritten = []
        for month in sorted({file.month for file in touched}):
            events = self._open([file for file in touched if file.month == month])
            others = events.filter(events.user_id.isnull() | (events.user_id != user_id))
            path = self._folder / _path(month, generation)
            n_events = engine.copy(self.connection, others, path)
            sync(path)
            rewritten.append(LogFile(path=_path(month, generation), month=month, n_events=n_events))
        return tuple(rewritten)

    def _remove_leftovers(self, manifest: Manifest) -> None:
        live = {self._folder / file.path for file in manifest.files}
        for path in self._folder.glob("month=*/*"):
            if path not in live:
                path.unlink()


def _in_schema(batch: ibis.Table) -> ibis.Table:
    wrong = [
        f"{name}: {batch.schema().get(name, 'missing')}, expected {dtype}"
        for name, dtype in _SCHEMA.items()
        if name not in batch.columns or not batch[name].type().castable(dtype)
    ]
    if wrong:
        raise InvalidInput("a batch of events has the columns of EVENT_SCHEMA", details=wrong)
    return batch.select(*_SCHEMA.names)


def _path(month: str, generation: int) -> str:
    return f"month={month}/{generation:06d}.parquet"


def _span(month: str) -> tuple[datetime, datetime]:
    start = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
    return start, (start + timedelta(days=31)).replace(day=1)


def _moment(time: datetime) -> ibis.Value:
    if time.tzinfo is None:
        raise InvalidInput(f"{time.isoformat()} has no offset; give an aware time, such as UTC")
    return ibis.literal(time.astimezone(UTC))


def _overlaps(month: str, start: datetime | None, end: datetime | None) -> bool:
    first, after = _span(month)
    return (start is None or start < after) and (end is None or first <= end)
