"""What an ingest did, for the shop's owner and for programs."""

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class EventCounts:
    """What became of the rows of the event files; together they are what was read.

    Parameters
    ----------
    read : int
        Rows in the files, empty lines not counted.
    accepted : int
        Events that the log now holds and did not before.
    duplicates : int
        Events that the log, or the files themselves, already had.
    rejected : int
        Rows with a fault; each is in the rejects file.
    ignored : int
        Rows of a type that the mapping ignores.
    filtered : int
        Rows that do not meet the mapping's conditions.
    set_aside : int
        Events of visitors that look like bots; each is in the set-aside file.
    """

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    ignored: int = 0
    filtered: int = 0
    set_aside: int = 0


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of the rows of the item or user files; together they are what was read.

    Parameters
    ----------
    read : int
        Rows in the files, empty lines not counted.
    written : int
        Items or users that were added or updated.
    superseded : int
        Rows whose id came again later.
    rejected : int
        Rows with a fault; each is in the rejects file.
    filtered : int
        Rows that do not meet the mapping's conditions.
    """

    read: int = 0
    written: int = 0
    superseded: int = 0
    rejected: int = 0
    filtered: int = 0


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """An example of a rejected row, as in the rejects file."""

    kind: str
    file: str
    line: int
    reason: str
    message: str
    content: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the new events are.

    Parameters
    ----------
    by_type : dict of str to int
        Events of each type, the most frequent first.
    first, last : str, optional
        When the first and the last happened, ISO 8601 in UTC.
    without_person : int
        Events that say what sells but not who buys.
    unknown_items : int
        Items that the catalogue does not have.
    of_unknown_items : int
        Events with those items.
    """

    by_type: dict[str, int] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    without_person: int = 0
    unknown_items: int = 0
    of_unknown_items: int = 0


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did; kept as `lake/ingests/<ingest_id>.json`.

    Parameters
    ----------
    ingest_id : str
        Its number; also the name of its files in the lake.
    at : str
        When, ISO 8601 in UTC.
    files : dict of str to tuple of str
        The files of each kind.
    events : EventCounts
    items, users : RowCounts
    users_from_events : int
        Users that were added because an event named them.
    accepted : Accepted
    bots : int
        Visitors that were set aside.
    reasons : dict of str to int
        Rejected rows by reason, the most frequent first.
    examples : tuple of RejectedRow
        Two rejected rows for each reason.
    unused_columns : dict of str to tuple of str
        Columns of the event files that nothing was read from.
    rejects_file, set_aside_file : str, optional
        Where those rows are.
    """

    ingest_id: str
    at: str
    files: dict[str, tuple[str, ...]]
    events: EventCounts
    items: RowCounts
    users: RowCounts
    users_from_events: int
    accepted: Accepted
    bots: int
    reasons: dict[str, int]
    examples: tuple[RejectedRow, ...]
    unused_columns: tuple[str, ...]
    rejects_file: str | None
    set_aside_file: str | None

    def to_json(self) -> str:
        """Write the report for programs."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @property
    def did_something(self) -> bool:
        """Whether any row was taken in, or had been before."""
        events = self.events.accepted + self.events.duplicates
        return events + self.items.written + self.users.written > 0
