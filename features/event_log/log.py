"""Which events happened, and when? A Parquet dataset by month that only ever grows."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

import ibis

from features.errors import InvalidInput
from features.event_log import batches, engine, months
from features.event_log.batches import AppendResult, Prepared
from features.event_log.engine import Connection
from features.event_log.files import LogFiles
from features.event_log.lock import writing
from features.event_log.manifest import LogFile, Manifest
from features.event_log.words import microseconds
from features.events import EVENT_SCHEMA

_SCHEMA: Final = ibis.Schema.from_pyarrow(EVENT_SCHEMA)


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
    state : Manifest, optional
        What is read; by default whatever is there at the time.
    """

    lake: Path
    connection: Connection = field(default_factory=engine.connect)
    state: Manifest | None = None

    def as_it_is(self) -> Self:
        """Give the log of this moment, which is always read the same, whatever is added."""
        return replace(self, state=self._manifest)

    @property
    def files(self) -> tuple[Path, ...]:
        """The live files, in the order of their months."""
        return tuple(self._files.path(file) for file in self._manifest.files)

    @property
    def generation(self) -> int:
        """How many changes led to the log as it is."""
        return self._manifest.generation

    @property
    def synced_batch(self) -> int | None:
        """The last batch of the online store that is in the log, and all before it."""
        return self._manifest.synced_batch

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
        files = [file for file in self._manifest.files if months.overlaps(file.month, start, end)]
        if not files:
            return engine.empty(self.connection, "no_events", EVENT_SCHEMA)
        events = self._files.open(files)
        if after is not None:
            events = events.filter(events.timestamp > after)
        if until is not None:
            events = events.filter(events.timestamp <= until)
        return events

    def latest(self) -> datetime | None:
        """Tell when the last event happened; None where the log is empty."""
        files = self._manifest.files
        if not files:
            return None
        events = self._files.open([file for file in files if file.month == files[-1].month])
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
        (counted,) = engine.rows(self.connection, stored.aggregate(n=stored.count()))
        engine.drop(self.connection, "batch")
        return AppendResult(prepared.n_new, counted["n"] - prepared.n_new)

    def prepare(self, batch: ibis.Table, *, synced_batch: int | None = None) -> Prepared:
        """Write a batch where nobody sees it yet; the caller holds `writing`.

        Parameters
        ----------
        batch : ibis.Table
            As for `append`, over tables that the engine stores (`engine.store`): it is read
            several times, by several threads.
        synced_batch : int, optional
            With it all batches of the online store up to this one are in the log.

        Raises
        ------
        InvalidInput
            A column is missing or has another type.
        """
        manifest = self._files.manifest()
        self._files.remove_leftovers(manifest)
        events = _in_schema(batch)
        known = self._files.open(manifest.files) if manifest.files else None
        fresh = batches.without_duplicates(self.connection, events, known)
        generation = manifest.generation + 1
        files = self._files.write(fresh, months.of(self.connection, events), generation)
        n_new = sum(file.n_events for file in files)
        paths = tuple(self._files.path(file) for file in files)
        number = manifest.synced_batch if synced_batch is None else synced_batch
        return Prepared(n_new, paths, Manifest(generation, manifest.files + files, number))

    def commit(self, prepared: Prepared) -> None:
        """Make a prepared batch part of the log, in one step; the caller holds `writing`."""
        self._files.commit(prepared.manifest)

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
            manifest = self._files.manifest()
            self._files.remove_leftovers(manifest)
            touched, n_events = self._touched(user_id, manifest)
            if not touched:
                return 0
            events = self._files.open(touched)
            others = events.filter(events.user_id.isnull() | (events.user_id != user_id))
            kept = engine.store(self.connection, "events_of_others", others)
            generation = manifest.generation + 1
            rewritten = self._files.write(kept, months.of(self.connection, kept), generation)
            untouched = tuple(file for file in manifest.files if file not in touched)
            following = Manifest(generation, untouched + rewritten, manifest.synced_batch)
            self._files.commit(following)
            self._files.remove_leftovers(following)
        return n_events

    @property
    def _files(self) -> LogFiles:
        return LogFiles(self.lake, self.connection)

    @property
    def _manifest(self) -> Manifest:
        return self.state or self._files.manifest()

    def _touched(self, user_id: str, manifest: Manifest) -> tuple[list[LogFile], int]:
        if not manifest.files:
            return [], 0
        events = self._files.open(manifest.files, numbered=True)
        theirs = events.filter(events.user_id == user_id)
        counted = theirs.group_by(engine.SOURCE_FILE).agg(n=theirs.count())
        n_events = {
            Path(row[engine.SOURCE_FILE]): row["n"] for row in engine.rows(self.connection, counted)
        }
        touched = [file for file in manifest.files if self._files.path(file) in n_events]
        return touched, sum(n_events.values())


def _in_schema(batch: ibis.Table) -> ibis.Table:
    wrong = [
        f"{name}: {batch.schema().get(name, 'missing')}, expected {dtype}"
        for name, dtype in _SCHEMA.items()
        if name not in batch.columns or not batch[name].type().castable(dtype)
    ]
    if wrong:
        raise InvalidInput("a batch of events has the columns of EVENT_SCHEMA", details=wrong)
    return batch.select(*_SCHEMA.names)


def _moment(time: datetime) -> ibis.Value:
    if time.tzinfo is None:
        raise InvalidInput(f"{time.isoformat()} has no offset; give an aware time, such as UTC")
    return ibis.literal(time.astimezone(UTC))
