"""Engines: how one database is opened for each kind of use."""

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
    """

    asking: Engine
    reading: Engine
    patient: Engine
    writing: Engine

    def close(self) -> None:
        """Let go of every connection."""
        for engine in (self.asking, self.reading, self.patient, self.writing):
            engine.dispose()
