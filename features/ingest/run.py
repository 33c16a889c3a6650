"""The road from a shop's files to the event log, the catalogue and the user table."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from features.errors import InvalidInput
from features.event_log import EventLog, connect, writing
from features.event_log.durable import put_in_place, replace_text
from features.event_log.engine import Connection
from features.home import Home
from features.ingest.bots import Visitors, set_bots_aside
from features.ingest.checking import CheckedKind, check
from features.ingest.inputs import Input, find
from features.ingest.mapping import Mapping
from features.ingest.places import Places, workbench
from features.ingest.rejects import write_rejects
from features.ingest.report import EventCounts, IngestReport, RowCounts
from features.ingest.summary import summarise_events, summarise_rejects
from features.ingest.tables import FILTERED, IGNORED, VALID
from features.ingest.upsert import Updated, update_items, update_users

Progress = Callable[[str, int, int], None]
"""Told what is being done now, how many steps are done, and how many there are."""

_AFTER_READING: Final = ("looking for bots", "writing new events", "updating items and users")


def ingest(
    *,
    events: Sequence[str | Path] = (),
    items: Sequence[str | Path] = (),
    users: Sequence[str | Path] = (),
    mapping: Mapping | None = None,
    home: Home,
    now: datetime,
    progress: Progress | None = None,
    memory_limit: str | None = None,
) -> IngestReport:
    """Take a shop's files into its lake: new events once, faulty rows apart, nothing lost.

    Whoever is killed on the way leaves the event log as it was, at most with newer items and
    users; doing the same again completes it.

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
        How much memory the engine may use, such as "2GB"; by default 80 % of the machine's.

    Returns
    -------
    IngestReport
        Also kept in the lake, as `ingests/<ingest_id>.json`.

    Raises
    ------
    UnreadableFile
        A file is missing, empty or damaged; nothing was taken in.
    InvalidMapping
        The mapping does not fit the files; nothing was taken in.
    InvalidInput
        No file was named, or `now` has no offset.
    LakeBusy
        Another process is writing to this lake.
    """
    if now.tzinfo is None:
        raise InvalidInput(f"now is {now.isoformat()}, without an offset; give it in UTC")
    inputs = {"events": find(events), "items": find(items), "users": find(users)}
    if not any(inputs.values()):
        raise InvalidInput("there is nothing to ingest; name files of events, items or users")
    with writing(home.lake), workbench(home.lake) as folder:
        connection = connect(memory_limit=memory_limit, temp_directory=folder / "spill")
        with closing(connection.con):
            desk = _Desk(
                connection, folder, home.lake, mapping or Mapping(), now, progress or _silent
            )
            return _ingest(desk, inputs)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every step of one ingest needs."""

    connection: Connection
    folder: Path
    lake: Path
    mapping: Mapping
    now: datetime
    progress: Progress


def _ingest(desk: _Desk, inputs: dict[str, tuple[Input, ...]]) -> IngestReport:
    n_files = sum(map(len, inputs.values()))
    total = n_files + len(_AFTER_READING)
    log = EventLog(desk.lake, desk.connection)
    places = Places(desk.lake, log.generation + 1)
    places.remove_leftovers()

    events, items, users = _check_all(desk, inputs, total)
    desk.progress(_AFTER_READING[0], n_files, total)
    visitors = set_bots_aside(desk.connection, [part.valid for part in events.parts], places)
    desk.progress(_AFTER_READING[1], n_files + 1, total)
    prepared = log.prepare(visitors.events)
    desk.progress(_AFTER_READING[2], n_files + 2, total)
    catalogue = update_items(desk.connection, items, places.items, desk.folder)
    people = update_users(
        desk.connection,
        users,
        places.users,
        desk.folder,
        events=visitors.events,
        mapping=desk.mapping.users,
    )
    rejected = write_rejects(desk.connection, (events, items, users), places.rejects)
    report = IngestReport(
        ingest_id=places.ingest_id,
        at=desk.now.astimezone(UTC).isoformat(),
        files={kind: tuple(str(one.path) for one in found) for kind, found in inputs.items()},
        events=_event_counts(events, visitors, prepared.n_new),
        items=_row_counts(items, catalogue),
        users=_row_counts(users, people),
        users_from_events=people.n_from_events,
        accepted=summarise_events(desk.connection, prepared.files, catalogue.table),
        bots=visitors.n_bots,
        unused_columns=tuple(sorted({name for part in events.parts for name in part.unused})),
        set_aside_file=str(places.set_aside) if visitors.n_bots else None,
        **_of_rejects(desk, places, rejected=rejected > 0),
    )
    _put_all_in_place(places, report, catalogue, people)
    log.commit(prepared)
    desk.progress("done", total, total)
    return report


def _of_rejects(desk: _Desk, places: Places, *, rejected: bool) -> dict[str, Any]:
    """Give the report's fields about what was rejected."""
    if not rejected:
        return {"reasons": {}, "examples": (), "rejects_file": None}
    reasons, examples = summarise_rejects(desk.connection, places.rejects)
    return {"reasons": reasons, "examples": examples, "rejects_file": str(places.rejects)}


def _put_all_in_place(
    places: Places, report: IngestReport, catalogue: Updated, people: Updated
) -> None:
    """Put everything under its name but the log, whose commit makes it count."""
    replace_text(places.report, report.to_json())
    for updated, path in ((catalogue, places.items), (people, places.users)):
        if updated.written is not None:
            put_in_place(updated.written, path)


def _silent(step: str, done: int, total: int) -> None:
    """Tell nobody."""


def _check_all(
    desk: _Desk, inputs: dict[str, tuple[Input, ...]], total: int
) -> tuple[CheckedKind, CheckedKind, CheckedKind]:
    places = {one.path: place for place, one in enumerate(sum(inputs.values(), ()))}

    def tell(path: Path, n_rows: int) -> None:
        so_far = f", {n_rows:,} rows" if n_rows else ""
        desk.progress(f"reading {path.name}{so_far}", places[path], total)

    def checked(kind: str) -> CheckedKind:
        return check(
            desk.connection,
            kind,
            inputs[kind],
            getattr(desk.mapping, kind),
            folder=desk.folder,
            now=desk.now,
            tell=tell,
        )

    return checked("events"), checked("items"), checked("users")


def _event_counts(events: CheckedKind, visitors: Visitors, n_new: int) -> EventCounts:
    n_valid = events.outcomes.get(VALID, 0)
    return EventCounts(
        read=events.n_read,
        accepted=n_new,
        duplicates=n_valid - visitors.n_set_aside - n_new,
        rejected=events.n_rejected,
        ignored=events.outcomes.get(IGNORED, 0),
        filtered=events.outcomes.get(FILTERED, 0),
        set_aside=visitors.n_set_aside,
    )


def _row_counts(rows: CheckedKind, updated: Updated) -> RowCounts:
    return RowCounts(
        read=rows.n_read,
        written=updated.n_written,
        superseded=rows.outcomes.get(VALID, 0) - updated.n_written,
        rejected=rows.n_rejected,
        filtered=rows.outcomes.get(FILTERED, 0),
    )
