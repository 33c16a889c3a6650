"""Per key: the same question for each of many keys, in one round trip where that takes time."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, bindparam, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from serving.store.database import Database, Question, Rows


class PerKey:
    """A question about a key, prepared to be asked for many.

    Parameters
    ----------
    database : Database
        Where it is asked.
    question : callable
        Writes the question about one key; its order is lost.
    """

    def __init__(
        self, database: Database, question: Callable[[ColumnElement[str]], Select[Any]]
    ) -> None:
        self._is_sqlite = database.is_sqlite
        if database.is_sqlite:
            # SQLite is in this process: there is no way to save, and it has no LATERAL.
            self._prepared = database.prepare(question(bindparam("key", type_=Text)))
            return
        keys = func.unnest(bindparam("keys", type_=ARRAY(Text)))
        asked = keys.table_valued("key", with_ordinality="number").render_derived(name="asked")
        # The key by its name alone: SQLAlchemy would put the table into every inner question.
        found = question(literal_column("asked.key", Text)).lateral("found")
        self._prepared = database.prepare(
            select(asked.c.number, found).select_from(asked.join(found, true()))
        )

    def questions(self, keys: Sequence[str], **given: object) -> list[Question]:
        """Write the questions to ask for the keys (`Database.ask`).

        Parameters
        ----------
        keys : sequence of str
            Which.
        **given
            A value for each further parameter.
        """
        if self._is_sqlite:
            return [(self._prepared, given | {"key": key}) for key in keys]
        return [(self._prepared, given | {"keys": list(keys)})]

    def by_key(self, keys: Sequence[str], answers: Iterator[Rows]) -> list[Rows]:
        """Take the questions' answers and give each key its rows, in no order of their own.

        Parameters
        ----------
        keys : sequence of str
            As they were given to `questions`.
        answers : iterator of rows
            What `Database.ask` answered; what belongs to these questions is taken from it.
        """
        if self._is_sqlite:
            return list(islice(answers, len(keys)))
        rows_of: list[Rows] = [[] for _ in keys]
        for number, *values in next(answers):
            rows_of[number - 1].append(tuple(values))
        return rows_of
