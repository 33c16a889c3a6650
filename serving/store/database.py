"""A database: SQLite or PostgreSQL, asked and changed by many threads at once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, Select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from features.errors import InvalidSettings
from serving.errors import StoreUnavailable
from serving.store import postgres, sqlite
from serving.store.faults import in_our_words

LONGEST_WAIT_S: Final = 2.0
"""How long a request waits for a lock or an answer."""

_REST_S: Final = 1.0
_SQLITE: Final = "sqlite"
_POSTGRES: Final = "postgresql+psycopg"
_FORMS: Final = "sqlite:///path/to/store.db or postgresql+psycopg://user@host/name"

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
    clock : callable
        Gives seconds that only ever grow.

    Raises
    ------
    InvalidSettings
        The address is of neither kind.
    """

    def __init__(
        self,
        url: str,
        *,
        longest_wait_s: float = LONGEST_WAIT_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._url = _checked(url)
        self._longest_wait_s = longest_wait_s
        self._clock = clock
        self._rests_until_s = 0.0
        self.is_sqlite = self._url.drivername == _SQLITE
        kind = sqlite if self.is_sqlite else postgres
        with in_our_words():
            self._engines = kind.open_engines(self._url, longest_wait_s=longest_wait_s)

    @contextmanager
    def reading(self, *, patiently: bool = False) -> Iterator[Connection]:
        """Give a connection for questions.

        Parameters
        ----------
        patiently : bool
            Whether an answer may take minutes, because no request waits for it.

        Raises
        ------
        StoreUnavailable
            The database cannot do its part.
        """
        engine = self._engines.patient if patiently else self._engines.reading
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
        engines = self._engines
        with in_our_words(), engines.turn(), engines.writing.begin() as connection:
            yield connection

    def prepare(self, question: Select[Any]) -> Prepared:
        """Write a question in the database's SQL, for `ask`; parameters keep their names."""
        # The driver takes a parameter by its name; SQLAlchemy itself gives SQLite's by place.
        dialect: Any = self._url.get_dialect()
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
            The database cannot do its part. Where one waited long in vain, the others are refused
            at once for a second: a request that goes on without an answer shall not be late too.
        """
        started_s = self._clock()
        if started_s < self._rests_until_s:
            raise StoreUnavailable("the store did not answer just now; try again in a second")
        try:
            return self._answers(questions)
        except StoreUnavailable:
            failed_s = self._clock()
            if failed_s - started_s > self._longest_wait_s / 2:
                self._rests_until_s = failed_s + _REST_S
            raise

    def close(self) -> None:
        """Let go of every connection."""
        self._engines.close()

    def _answers(self, questions: Sequence[Question]) -> list[Rows]:
        with in_our_words():
            connection = self._engines.asking.raw_connection()
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


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidSettings(f"the store's address is no URL; write {_FORMS}") from None
    if parsed.drivername not in (_SQLITE, _POSTGRES):
        raise InvalidSettings(
            f"the store's address begins with {parsed.drivername!r}; write {_FORMS}"
        )
    if parsed.database in {None, "", ":memory:"}:
        raise InvalidSettings(f"the store's address names no file or database; write {_FORMS}")
    return parsed
