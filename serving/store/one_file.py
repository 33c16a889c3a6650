"""One file: whether a database is still the file that its connections have open.

A file that is moved, deleted or replaced by a copy takes the open connections' writes with it:
what they keep would be found by nobody.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from serving.errors import StoreUnavailable

_WHICH: Final = "which file"


@dataclass(frozen=True, slots=True)
class OneFile:
    """The file at a path; made when this is made, and never again.

    Parameters
    ----------
    path : Path
        Where; the folder is made where it is missing.
    """

    path: Path

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()

    def guard(self, engine: Engine) -> None:
        """Let an engine open nothing but what lies there, and drop connections to another file."""
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "connect", self._note)
        event.listen(engine, "checkout", self._check)

    @contextmanager
    def staying(self) -> Iterator[None]:
        """Insist that the file is the same before and after a change.

        Raises
        ------
        StoreUnavailable
            Another file, or none, lies there now; who knows what became of the change.
        OSError
            None lay there before.
        """
        before = self._which()
        yield
        if self._which() != before:
            raise StoreUnavailable("the store's file was replaced during this; try again")

    def _which(self) -> tuple[int, int]:
        facts = self.path.stat()
        return facts.st_dev, facts.st_ino

    def _connect(
        self, _dialect: object, _record: object, _places: object, stated: dict[str, Any]
    ) -> sqlite3.Connection:
        # Without "rwc" SQLite makes no file where there is none.
        address = f"file:{quote(str(self.path))}?mode=rw"
        connection: sqlite3.Connection = sqlite3.connect(address, uri=True, **stated)
        return connection

    def _note(self, _connection: sqlite3.Connection, record: Any) -> None:  # noqa: ANN401 -- SQLAlchemy's own
        record.info[_WHICH] = self._which()

    def _check(self, _connection: sqlite3.Connection, record: Any, _proxy: object) -> None:  # noqa: ANN401 -- SQLAlchemy's own
        if record.info[_WHICH] != self._which():
            raise DisconnectionError
