"""Who may write to a lake: one at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import LakeBusy


@contextmanager
def writing(lake: Path) -> Iterator[None]:
    """Hold the lake's lock; the system frees it when the process ends, however it ends.

    Raises
    ------
    LakeBusy
        Another process is writing to this lake.
    """
    lake.mkdir(parents=True, exist_ok=True)
    with (lake / ".lock").open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LakeBusy(
                f"another process is writing to {lake}; wait until it has finished and try again"
            ) from None
        yield
