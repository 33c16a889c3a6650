"""A database: SQLite or PostgreSQL, asked and changed by many threads at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, Select, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from features.errors import InvalidSettings
from serving.store import postgres, sqlite
from serving.store.faults import in_our_words

LONGEST_WAIT_S: Final = 2.0
"""How long a request waits for a lock or an answer."""

_SQLITE: Final = "sqlite"
_POSTGRES: Final = "postgresql+psycopg"
_FORMS: Final = "sqlite:///path/to/store.db or postgresql+psycopg://user@host/name"
_READERS: Final = 8

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question in a database's SQL.

    Parameters
    ----------
    sql : str
        The question, with named parameters.
    constants : dict
        The parameters that are the same at every call.
    """

    sql: str
    constants: dict[str, Any]


Question = tuple[Prepared, dict[str, object]]


class Database:
    """Where the store's tables are.

    Parameters
    ----------
    url : str
        ``sqlite:///path/to/store.db`` or ``postgresql+psycopg://user@host/name``.
    longest_wait_s : float
        How long anything waits for a lock or an answer.

    Raises
    ------
    InvalidSettings
        The address is of neither kind.
    """

    def __init__(self, url: str, *, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        self.url = _checked(url)
        self.is_sqlite = self.url.drivername == _SQLITE
        self._longest_wait_s = longest_wait_s
        # Without a transaction there is nothing to roll back when a connection comes home.
        self._askers = self._engine(
            for_requests=True,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            pool_size=_READERS,
        )
        if self.is_sqlite:
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            # SQLite has one writer. Our threads wait in turn; SQLite's own wait is a lottery.
            self._writers = self._engine(pool_size=1, max_overflow=0)
            event.listen(self._writers, "begin", sqlite.begin_immediately)
        else:
            self._writers = self._engine(pool_pre_ping=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for questions.

        Raises
        ------
        StoreUnavailable
            The database cannot do its part.
        """
        engine = self._askers if self.is_sqlite else self._writers
        with in_our_words(), engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection for one change: at the end it is kept wholly, or not at all.

        Raises
        ------
        StoreUnavailable
            The database cannot do its part.
        """
        with in_our_words(), self._writers.begin() as connection:
            yield connection

    def prepare(self, question: Select[Any]) -> Prepared:
        """Write a question in the database's SQL, for `ask`; parameters keep their names."""
        # The driver takes a parameter by its name; SQLAlchemy itself gives SQLite's by place.
        dialect: Any = self.url.get_dialect()
        style = "named" if self.is_sqlite else "pyformat"
        compiled = question.compile(dialect=dialect(paramstyle=style))
        return Prepared(str(compiled), dict(compiled.params))

    def ask(self, questions: Sequence[Question]) -> list[Rows]:
        """Answer prepared questions by the driver alone: for these every request waits.

        Parameters
        ----------
        questions : sequence of (Prepared, dict)
            Each with a value for every parameter that differs from call to call.

        Returns
        -------
        list of rows
            The answers, one for each question.

        Raises
        ------
        StoreUnavailable
            The database cannot do its part.
        """
        with in_our_words():
            try:
                return self._answers(questions)
            except psycopg.errors.QueryCanceled:
                raise
            except psycopg.OperationalError:
                # The server may have been restarted; what idles in the pool is of no use then.
                self._askers.dispose()
                return self._answers(questions)

    def close(self) -> None:
        """Let go of every connection."""
        self._askers.dispose()
        self._writers.dispose()

    def _answers(self, questions: Sequence[Question]) -> list[Rows]:
        connection = self._askers.raw_connection()
        try:
            driver: Any = connection.driver_connection
            answers = [
                driver.execute(prepared.sql, prepared.constants | given).fetchall()
                for prepared, given in questions
            ]
        except BaseException:
            connection.invalidate()
            raise
        connection.close()
        return answers

    def _engine(self, *, for_requests: bool = False, **stated: object) -> Engine:
        options: dict[str, Any] = {"hide_parameters": True, "pool_timeout": self._longest_wait_s}
        options |= stated
        if self.is_sqlite:
            options["connect_args"] = {"timeout": self._longest_wait_s}
            engine = create_engine(self.url, **options)
            event.listen(engine, "connect", sqlite.set_up)
            return engine
        engine = create_engine(self.url, use_native_hstore=False, **options)
        door = postgres.Door(longest_wait_s=self._longest_wait_s, for_requests=for_requests)
        event.listen(engine, "do_connect", door.connect)
        return engine


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidSettings(f"the store's address is no URL; write {_FORMS}") from None
    if parsed.drivername not in (_SQLITE, _POSTGRES):
        raise InvalidSettings(
            f"the store's address begins with {parsed.drivername!r}; write {_FORMS}"
        )
    if not parsed.database:
        raise InvalidSettings(f"the store's address names no file or database; write {_FORMS}")
    return parsed
