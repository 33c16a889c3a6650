"""Engines: how one database is opened for each kind of use."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class Engines:
    """SQLAlchemy's engines of one database; some may be the same.

    Parameters
    ----------
    asking : Engine
        For the prepared questions of every request; without transactions.
    reading : Engine
        For other questions.
    patient : Engine
        For questions and changes that may take minutes because no request waits for them.
    writing : Engine
        For changes.
    turn : callable
        Gives what to hold while a change is made.
    """

    asking: Engine
    reading: Engine
    patient: Engine
    writing: Engine
    turn: Callable[[], AbstractContextManager[None]] = nullcontext

    def close(self) -> None:
        """Let go of every connection."""
        for engine in (self.asking, self.reading, self.patient, self.writing):
            engine.dispose()
