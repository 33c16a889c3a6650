"""The law of the turnstile: who waits comes before whoever has just had a turn."""

import fcntl
import threading
from pathlib import Path

import pytest

from serving.errors import StoreUnavailable
from serving.store.turnstile import Turnstile


def wait_until_somebody_waits(path: Path) -> None:
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            fcntl.flock(file, fcntl.LOCK_UN)


def test_who_waits_is_next(tmp_path: Path) -> None:
    patient = Turnstile(tmp_path / "store.db", longest_wait_s=60)
    hasty = Turnstile(tmp_path / "store.db", longest_wait_s=0)
    may_leave = threading.Event()

    def wait_and_stay() -> None:
        with patient.passing():
            may_leave.wait()

    other = threading.Thread(target=wait_and_stay)
    with patient.passing():
        other.start()
        wait_until_somebody_waits(tmp_path / "store.db-next")

    # Between these two lines the other has waited; it does not matter whether it has got up yet.
    with pytest.raises(StoreUnavailable), hasty.passing():
        pass

    may_leave.set()
    other.join()
    with hasty.passing():
        pass


def test_a_turn_ends_however_it_ends(tmp_path: Path) -> None:
    hasty = Turnstile(tmp_path / "store.db", longest_wait_s=0)

    with pytest.raises(ZeroDivisionError), hasty.passing():
        _ = 1 / 0

    with hasty.passing():
        pass
