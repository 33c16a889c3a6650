"""A full disk: lists go on, events are refused, and nothing that was acknowledged is lost."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.faults.callers import Caller, calling
from tests.faults.conftest import MakeLean
from tests.faults.databases import Database, in_a_file
from tests.faults.servers import LeanServer, started

pytestmark = pytest.mark.server

ROOM, DISK, UNLIMITED = 300_000, 4_000_000, -1
AT_ONCE, MOST_POSTS = 200, 100


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the store lies, and ways to have the disk fill up and be cleared."""

    database: Database
    fill: Callable[[LeanServer], None]
    clear: Callable[[LeanServer], None]


@contextmanager
def of_limited_files(folder: Path) -> Iterator[Disk]:
    """Limit the size of the server's files, which everybody may do."""
    yield Disk(
        in_a_file(folder),
        lambda server: server.limit_files(ROOM),
        lambda server: server.limit_files(UNLIMITED),
    )


@contextmanager
def of_its_own(folder: Path) -> Iterator[Disk]:
    """Mount a small disk, which the system's administrator may do."""
    place = folder / "disk"
    place.mkdir()
    options = ("-t", "tmpfs", "-o", f"size={DISK}", "tmpfs")
    if subprocess.run(["mount", *options, place], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small disk; the limit on files is tested instead")
    other = place / "other"

    def fill(_: LeanServer) -> None:
        taken = sum(one.stat().st_size for one in place.iterdir())
        other.write_bytes(bytes(DISK - taken - ROOM))

    try:
        yield Disk(in_a_file(place), fill, lambda _: other.unlink())
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture(params=[of_limited_files, of_its_own], ids=["a limit", "a disk"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with request.param(tmp_path) as disk:
        yield disk


def batch(number: int) -> list[dict[str, object]]:
    return [
        {
            "event_id": f"{number}-{place}",
            "event_type": "view",
            "item_id": "item-30",
            "anonymous_id": f"visitor-{number}",
        }
        for place in range(AT_ONCE)
    ]


def post_until_refused(caller: Caller) -> int:
    """Give the number of the first post that was refused."""
    for number in count():
        answer = caller.post(*batch(number))
        if answer.status == 503:
            assert answer.error_code == "store_unavailable"
            assert answer.headers["retry-after"]
            return number
        assert answer.json()["accepted"] == AT_ONCE
        assert number < MOST_POSTS, "the disk does not fill up"
    raise AssertionError


def test_a_full_disk_refuses_events_and_takes_them_once_there_is_room(
    lean: MakeLean, disk: Disk
) -> None:
    server = lean(disk.database.url)
    with started(server), calling(server.port) as caller:
        disk.fill(server)
        refused = post_until_refused(caller)
        answer = caller.recommend(user_id="user-00")
        still = caller.post(*batch(refused))
        disk.clear(server)
        again = caller.post(*batch(refused))

        assert answer.items
        assert still.status == 503
        assert again.json()["accepted"] == AT_ONCE
        kept = disk.database.ask("SELECT count(*), count(DISTINCT event_id) FROM events")
        assert kept == [((refused + 1) * AT_ONCE,) * 2]
