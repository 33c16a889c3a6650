"""Per key: the same question for each of many keys, in one round trip where that takes time."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, bindparam, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from serving.store.database import Database, Rows


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
        self._database = database
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

    def __call__(self, keys: Sequence[str], **given: object) -> list[Rows]:
        """Answer the question for each key.

        Parameters
        ----------
        keys : sequence of str
            Which.
        **given
            A value for each further parameter.

        Returns
        -------
        list of rows
            One for each key, in no order of their own.
        """
        if self._database.is_sqlite:
            return [self._database.ask(self._prepared, key=key, **given) for key in keys]
        answers: list[Rows] = [[] for _ in keys]
        for number, *values in self._database.ask(self._prepared, keys=list(keys), **given):
            answers[number - 1].append(tuple(values))
        return answers
