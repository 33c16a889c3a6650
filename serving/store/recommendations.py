"""Recommendations: the log of the lists that people were given."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, ColumnElement, Connection, RowMapping, Select, bindparam, select

from serving.store import tables
from serving.store.among import among
from serving.store.database import Database
from serving.store.per_key import PerKey
from serving.store.text import check_numbers, check_text
from serving.store.upsert import insert_into

_LISTS: Final = ("item_ids", "positions", "scores", "propensities")
_rows: Final = tables.recommendations
# Whoever is shown more lists than this in the time that counts is a robot.
_MOST_LISTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class LoggedList:
    """One list as it was given; the last four are parallel.

    Parameters
    ----------
    recommendation_id : str
        The list's name.
    person : str or None
        Who was given it, by key; None for nobody in particular.
    placement : str
        Where it stood.
    scenario : str or None
        Which scenario made it.
    model_version, config_version : str
        Of which bundle and which placements.
    at_us : int
        When, in UTC microseconds.
    item_ids : tuple of str
        What was shown.
    positions : tuple of int
        Where in the list.
    scores, propensities : tuple of float
        How good each item seemed, and how probable it was that it would stand there.
    """

    recommendation_id: str
    person: str | None
    placement: str
    scenario: str | None
    model_version: str
    config_version: str
    at_us: int
    item_ids: tuple[str, ...]
    positions: tuple[int, ...]
    scores: tuple[float, ...]
    propensities: tuple[float, ...]


_PLAIN: Final = tuple(name for name in LoggedList.__dataclass_fields__ if name not in _LISTS)


def add(connection: Connection, lists: Sequence[LoggedList]) -> None:
    """Log lists; one that is logged already stays as it is."""
    if not lists:
        return
    rows = [
        {
            **{name: getattr(one, name) for name in _PLAIN},
            "items": orjson.dumps({name: getattr(one, name) for name in _LISTS}).decode(),
        }
        # In the order of their names: two processes must not wait for each other.
        for one in sorted(lists, key=lambda one: one.recommendation_id)
    ]
    connection.execute(insert_into(_rows, connection).on_conflict_do_nothing(), rows)


def find(connection: Connection, recommendation_ids: Collection[str]) -> dict[str, LoggedList]:
    """Give logged lists by name; what is not logged is left out."""
    question = select(_rows).where(among(_rows.c.recommendation_id, recommendation_ids, connection))
    return {
        row["recommendation_id"]: _logged_list(row)
        for row in connection.execute(question).mappings()
    }


def check(lists: Sequence[LoggedList]) -> None:
    """Refuse lists that one of the databases cannot hold.

    Raises
    ------
    InvalidInput
        See `serving.store.text`.
    """
    for one in lists:
        check_text(
            [
                *(one.recommendation_id, one.person, one.placement, one.scenario),
                *(one.model_version, one.config_version, *one.item_ids),
            ]
        )
        check_numbers([*one.scores, *one.propensities])


class ReadShown:
    """The question what people were shown, prepared.

    Parameters
    ----------
    database : Database
        Where the log is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shown = PerKey(database, _shown)

    def __call__(self, persons: Sequence[str | None], *, since_us: int) -> list[dict[str, int]]:
        """Count how often each item was shown; see `Store.shown_to`."""
        check_text(persons)
        keys = [person for person in persons if person is not None]
        answers = iter(self._database.ask(self._shown.questions(keys, since_us=since_us)))
        found = iter(self._shown.by_key(keys, answers))
        return [{} if person is None else _counts(next(found)) for person in persons]


def _shown(key: ColumnElement[str]) -> Select[Any]:
    return (
        select(_rows.c["items"])
        .where(_rows.c.person == key, _rows.c.at_us >= bindparam("since_us", type_=BigInteger))
        .order_by(_rows.c.at_us.desc())
        .limit(_MOST_LISTS)
    )


def _counts(found: list[tuple[Any, ...]]) -> dict[str, int]:
    return dict(Counter(item for (text,) in found for item in orjson.loads(text)["item_ids"]))


def _logged_list(row: RowMapping) -> LoggedList:
    values: dict[str, Any] = {name: row[name] for name in _PLAIN}
    values |= {name: tuple(listed) for name, listed in orjson.loads(row["items"]).items()}
    return LoggedList(**values)
