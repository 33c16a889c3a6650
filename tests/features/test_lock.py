"""A lock is held by one, and freed with its holder."""

import fcntl
from pathlib import Path

import pytest

from features.lock import waiting_for


def _is_free(path: Path) -> bool:
    with path.open("a") as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_nobody_else_gets_a_lock_that_is_held(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "lock"

    with waiting_for(path):
        held = not _is_free(path)

    assert held
    assert _is_free(path)


def test_a_failure_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with pytest.raises(ZeroDivisionError), waiting_for(path):
        _ = 1 / 0

    assert _is_free(path)
