"""A turnstile: who waits to write a file comes before whoever has just written it.

SQLite's own wait is a lottery: it looks again ever more seldom, and a process that writes without
a pause lets it look in vain for seconds.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from serving.errors import StoreUnavailable
from serving.store.faults import BUSY

_LOOK_AGAIN_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class Turnstile:
    """Two locks, which the system frees when a process ends, however it ends.

    Whoever waits for the second lock holds the first. So who lets go of the second and wants it
    again comes after whoever waits.

    Parameters
    ----------
    path : Path
        The file that is written; the locks lie beside it.
    longest_wait_s : float
        How long one waits for each.
    """

    path: Path
    longest_wait_s: float

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Wait for one's turn, and hold it.

        Raises
        ------
        StoreUnavailable
            Somebody held the turn for too long.
        """
        first = self.path.with_name(f"{self.path.name}-next")
        second = self.path.with_name(f"{self.path.name}-turn")
        with second.open("a") as turn:
            with first.open("a") as next_turn:
                self._lock(next_turn.fileno())
                self._lock(turn.fileno())
            yield

    def _lock(self, descriptor: int) -> None:
        until_s = monotonic() + self.longest_wait_s
        while not _is_mine(descriptor):
            if monotonic() > until_s:
                raise StoreUnavailable(BUSY)
            sleep(_LOOK_AGAIN_S)


def _is_mine(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
