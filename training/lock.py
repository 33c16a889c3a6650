"""Whose turn it is: a file that one process holds while the others wait."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
