"""How full and how fresh is each column? Exact aggregates over the log and the two tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import ibis

from features.coverage.attribute import Attribute
from features.event_log import engine
from features.event_log.engine import Connection
from features.events import EventType

_UNIQUE: Final = "event_id"
_KEY: Final = "_key_of_table"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a column holds.

    Parameters
    ----------
    n_rows : int
        Rows that should have a value: those of the event types that it is for.
    n_filled : int
        Those that have one; a text of blanks is none.
    n_distinct : int
        Different values among them, exactly.
    latest : datetime or None
        Of an event with a value; of a time in the catalogue or the user table, its latest.
    only_value : str or None
        The value, where there is just one.
    share_of_events : float or None
        Of a column of the catalogue or the user table, the share of the log's events whose item or
        user has a value; in [0, 1].
    """

    n_rows: int
    n_filled: int
    n_distinct: int = 0
    latest: datetime | None = None
    only_value: str | None = None
    share_of_events: float | None = None

    @property
    def share(self) -> float | None:
        """The share that is filled, in [0, 1]; None where it applies to no row.

        Examples
        --------
        >>> Measured(n_rows=4, n_filled=3).share
        0.75
        """
        return self.n_filled / self.n_rows if self.n_rows else None


def measure_events(
    connection: Connection, events: ibis.Table, attributes: Sequence[Attribute]
) -> dict[str, Measured]:
    """Measure columns of the event log.

    Parameters
    ----------
    connection : Connection
        Reads the events.
    events : ibis.Table
        With the columns of `EVENT_SCHEMA`.
    attributes : sequence of Attribute
        The columns and the types of event that each is for.
    """
    wanted: dict[str, ibis.Value] = {}
    values = {}
    for one in attributes:
        applies = _applies(events, one)
        # An ingested text is never empty.
        values[one.name] = value = _where(applies, events[one.name])
        wanted |= {
            f"rows {one.name}": events.count() if applies is None else events.count(where=applies),
            f"latest {one.name}": events.timestamp.max(where=value.notnull()),
            f"filled {one.name}": value.count(),
            # Once in the log by its law, and the one column that is slow to count.
            f"distinct {one.name}": value.count() if one.name == _UNIQUE else value.nunique(),
        }
    (row,) = engine.rows(connection, events.aggregate(**wanted))
    only = _only_values(connection, events, values, row)
    return {one.name: _read(row, one.name, row[f"rows {one.name}"], only) for one in attributes}


def measure_table(
    connection: Connection, table: ibis.Table, names: Sequence[str]
) -> dict[str, Measured]:
    """Measure columns of the catalogue or the user table.

    Parameters
    ----------
    connection : Connection
        Reads the table.
    table : ibis.Table
        One row for each item or user.
    names : sequence of str
        The columns; those that are times are as fresh as their latest.
    """
    wanted: dict[str, ibis.Value] = {"rows": table.count()}
    values = {name: _unless_blank(table[name]) for name in names}
    for name, value in values.items():
        wanted |= {f"filled {name}": value.count(), f"distinct {name}": value.nunique()}
        if value.type().is_timestamp():
            wanted[f"latest {name}"] = value.max()
    (row,) = engine.rows(connection, table.aggregate(**wanted))
    only = _only_values(connection, table, values, row)
    return {name: _read(row, name, row["rows"], only) for name in names}


@dataclass(frozen=True, slots=True)
class Link:
    """How the log and a table fit together.

    Parameters
    ----------
    n_in_log, n_matched : int
        Items or users that the log names, and those of them that have a row in the table.
    n_events : int
        Events that name one.
    n_silent : int
        Rows of the table that no event names.
    latest : datetime or None
        Of an event whose item or user has a row.
    events_with : dict of str to int
        By column, the events whose item or user has a value there.
    """

    n_in_log: int
    n_matched: int
    n_events: int
    n_silent: int
    latest: datetime | None
    events_with: dict[str, int]


def link(connection: Connection, events: ibis.Table, table: ibis.Table, key: str) -> Link:
    """Compare a table with what the events name.

    Parameters
    ----------
    connection : Connection
        Reads both.
    events : ibis.Table
        With `key` and `timestamp`.
    table : ibis.Table
        One row for each item or user.
    key : str
        ``"item_id"`` or ``"user_id"``.
    """
    named = events.filter(events[key].notnull())
    counted = named.group_by(key).agg(n=named.count(), last=named.timestamp.max())
    counted = engine.store(connection, f"events_by_{key}", counted.rename(named_id=key))
    renamed = table.rename({_KEY: key})
    joined = counted.left_join(renamed, counted.named_id == renamed[_KEY])
    columns = [name for name in table.columns if name != key]
    has_row = joined[_KEY].notnull()
    wanted = {
        "in log": joined.count(),
        "matched": joined.count(where=has_row),
        "events": joined.n.sum(),
        "latest": joined["last"].max(where=has_row),
        f"with {key}": joined.n.sum(where=has_row),
    } | {
        f"with {name}": joined.n.sum(where=_unless_blank(joined[name]).notnull())
        for name in columns
    }
    # The engine adds up in wider numbers than it counts in.
    (row,) = engine.rows(connection, joined.aggregate(**wanted))
    silent = table.anti_join(counted, table[key] == counted.named_id)
    (rest,) = engine.rows(connection, silent.aggregate(n=silent.count()))
    return Link(
        n_in_log=row["in log"],
        n_matched=row["matched"],
        n_events=int(row["events"] or 0),
        n_silent=rest["n"],
        latest=row["latest"],
        events_with={name: int(row[f"with {name}"] or 0) for name in (key, *columns)},
    )


def _applies(events: ibis.Table, attribute: Attribute) -> Any:  # noqa: ANN401 -- Ibis is untyped
    """Mark the events that a column is for; None for all."""
    if attribute.name == "anonymous_id":
        # Who is logged in needs none.
        return events.user_id.isnull()
    if len(attribute.of_types) == len(EventType):
        return None
    return events.event_type.isin([one.value for one in attribute.of_types])


def _where(applies: Any, column: Any) -> Any:  # noqa: ANN401 -- Ibis is untyped
    return column if applies is None else ibis.ifelse(applies, column, ibis.null())


def _unless_blank(column: Any) -> Any:  # noqa: ANN401 -- Ibis is untyped
    return _where(column.strip() != "" if column.type().is_string() else None, column)


def _only_values(
    connection: Connection, table: ibis.Table, values: Mapping[str, Any], row: Mapping[str, Any]
) -> dict[str, str]:
    """Write out the value of each column that has several rows and one value."""
    same = [name for name in values if row[f"distinct {name}"] == 1 < row[f"filled {name}"]]
    if not same:
        return {}
    wanted = {name: values[name].arbitrary().cast("string") for name in same}
    (found,) = engine.rows(connection, table.aggregate(**wanted))
    return found


def _read(row: Mapping[str, Any], name: str, n_rows: int, only: Mapping[str, str]) -> Measured:
    return Measured(
        n_rows=n_rows,
        n_filled=row[f"filled {name}"],
        n_distinct=row[f"distinct {name}"],
        latest=row.get(f"latest {name}"),
        only_value=only.get(name),
    )
