"""Whose turn it is: a file that one process holds while the others wait or go away."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import VitrineError


@contextmanager
def waiting_for(path: Path) -> Iterator[None]:
    """Wait for a lock and hold it; the system frees it when the process ends, however it ends.

    Parameters
    ----------
    path : Path
        The file that stands for the lock; made where it is missing, and left there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def holding(path: Path, *, busy: VitrineError) -> Iterator[None]:
    """Hold a lock like `waiting_for`, or give up at once where another process has it.

    Parameters
    ----------
    path : Path
        The file that stands for the lock; made where it is missing, and left there.
    busy : VitrineError
        What to raise when it is taken.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        yield
