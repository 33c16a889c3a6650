"""The road from a shop's files to the event log, the catalogue and the user table."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis

from features.catalog import ITEM_SCHEMA, USER_SCHEMA
from features.errors import InvalidInput
from features.event_log import EventLog, connect, engine, writing
from features.event_log.durable import put_in_place, replace_text
from features.event_log.log import Prepared
from features.events import EVENT_SCHEMA
from features.home import Home
from features.ingest import bots, rejects, summary, upsert
from features.ingest.checking import CheckedKind, check
from features.ingest.inputs import find
from features.ingest.mapping import Mapping, UserMapping
from features.ingest.report import IngestReport
from features.ingest.tables import FILTERED, IGNORED, VALID

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many steps are done, and how many there are."""

_KINDS = ("events", "items", "users")
_STEPS_AFTER_READING = 4


def ingest(
    *,
    events: Sequence[str | Path] = (),
    items: Sequence[str | Path] = (),
    users: Sequence[str | Path] = (),
    mapping: Mapping | None = None,
    home: Home,
    now: datetime,
    progress: Progress = lambda step, done, total: None,
    memory_limit: str | None = None,
) -> IngestReport:
    """Take a shop's files into its lake: new events once, faulty rows apart, nothing lost.

    Whoever is killed on the way leaves the lake as it was, at most with the newer catalogue;
    doing the same again completes it.

    Parameters
    ----------
    events, items, users : sequence of str or Path
        Files, folders and globs; CSV with a header, JSON Lines or Parquet.
    mapping : Mapping, optional
        What the files call our columns; by default they have our names.
    home : Home
        The shop.
    now : datetime
        Aware; later events are rejected.
    progress : callable
        Told of each step.
    memory_limit : str, optional
        How much memory the engine may use, such as "2GB".

    Returns
    -------
    IngestReport

    Raises
    ------
    UnreadableFile
        A file is missing, empty or damaged; nothing was taken in.
    InvalidMapping
        The mapping does not fit the files; nothing was taken in.
    LakeBusy
        Another process is writing to this lake.
    """
    if now.tzinfo is None:
        raise InvalidInput(f"now ({now.isoformat()}) has no offset; give it in UTC")
    inputs = {"events": find(events), "items": find(items), "users": find(users)}
    if not any(inputs.values()):
        raise InvalidInput("there is nothing to ingest; name files of events, items or users")
    steps = _Steps(progress, sum(map(len, inputs.values())) + _STEPS_AFTER_READING)
    with writing(home.lake), workbench(home.lake) as folder:
        connection = connect(memory_limit=memory_limit, temp_directory=folder / "spill")
        try:
            return _Ingest(connection, home.lake, folder, mapping or Mapping(), now, steps)(inputs)
        finally:
            connection.disconnect()


@dataclass(slots=True)
class _Steps:
    tell: Progress
    n_steps: int
    done: int = 0

    def begin(self, step: str) -> None:
        self.tell(step, self.done, self.n_steps)
        self.done += 1


@dataclass(frozen=True, slots=True)
class _Ingest:
    connection: Any
    lake: Path
    folder: Path
    mapping: Mapping
    now: datetime
    steps: _Steps

    def __call__(self, inputs: dict[str, tuple[Input, ...]]) -> IngestReport:
        log = EventLog(self.lake, self.connection)
        places = Places(self.lake, log.generation + 1)
        places.remove_leftovers()
        events, items, users = (self._check(kind, inputs[kind]) for kind in inputs)

        self.steps.begin("looking for bots")
        valid, n_bots, n_set_aside = self._without_bots(events, places)
        self.steps.begin("writing the new events")
        prepared = log.prepare(valid)
        self.steps.begin("updating the catalogue and the users")
        tables = self._update_tables(items, users, valid, places)
        self.steps.begin("writing the report")
        n_rejected = self._write_rejects((events, items, users), places)

        report = self._report(...)
        replace_text(places.report, report.to_json())
        for written, path in tables.written: put_in_place(written, path)
        log.commit(prepared)
        return report
