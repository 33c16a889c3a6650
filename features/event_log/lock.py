"""Who may write to a lake: one at a time."""

from contextlib import AbstractContextManager
from pathlib import Path

from features.errors import LakeBusy
from features.lock import holding


def writing(lake: Path) -> AbstractContextManager[None]:
    """Hold the lake's lock.

    Raises
    ------
    LakeBusy
        Another process is writing to this lake.
    """
    busy = LakeBusy(
        f"another process is writing to {lake}; wait until it has finished and try again"
    )
    return holding(lake / ".lock", busy=busy)
