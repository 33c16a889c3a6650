"""Group commit: callers share writes, get what is theirs, and do not suffer for each other."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import VitrineError
from serving.errors import Overloaded, StoreUnavailable
from serving.group_commit import GroupCommit

Commit = GroupCommit[int, int]
POISON = -1


class Disk:
    """A slow disk: each write waits until it is let through, then doubles its items."""

    def __init__(self, *, open_: bool = False) -> None:
        self.writes: list[list[int]] = []
        self.tried: list[list[int]] = []
        self.error: Exception | None = None
        self.began = threading.Semaphore(0)
        self._through = threading.Semaphore(0)
        self._open = open_

    def write(self, items: Sequence[int]) -> list[int]:
        self.tried.append(list(items))
        self.began.release()
        if not self._open:
            self._through.acquire()
        if self.error is not None:
            raise self.error
        if POISON in items:
            raise ValueError("one of the items is poison")
        self.writes.append(list(items))
        return [2 * item for item in items]

    @property
    def written(self) -> list[int]:
        return [item for write in self.writes for item in write]

    async def is_writing(self) -> None:
        await asyncio.to_thread(self.began.acquire)

    def let_one_through(self) -> None:
        self._through.release()

    def open(self) -> None:
        self._open = True
        self._through.release()


def run(
    disk: Disk, scenario: Callable[[Commit], Awaitable[Any]], *, most: int = 10, **options: int
) -> Any:  # noqa: ANN401 -- whatever the scenario gives
    async def all_of_it() -> Any:  # noqa: ANN401
        commit: Commit = GroupCommit(disk.write, most=most, **options)
        try:
            return await asyncio.wait_for(scenario(commit), 30)
        finally:
            disk.open()
            await commit.close()

    return asyncio.run(all_of_it())


async def outcome(call: Awaitable[list[int]]) -> list[int] | str:
    try:
        return await call
    except (VitrineError, ValueError) as error:
        return type(error).__name__


async def adding(commit: Commit, *calls: list[int]) -> list["asyncio.Task[list[int] | str]"]:
    """Begin calls one after the other; each waits in the commit when this returns."""
    tasks = [asyncio.ensure_future(outcome(commit.add(items))) for items in calls]
    await asyncio.sleep(0)
    return tasks


def test_the_first_call_goes_at_once_and_those_that_come_meanwhile_share_the_next_write() -> None:
    disk = Disk()

    async def scenario(commit: Commit) -> list[Any]:
        first = await adding(commit, [1])
        await disk.is_writing()
        others = await adding(commit, [2, 3], [4], [5, 6])
        disk.open()
        return await asyncio.gather(*first, *others)

    answers = run(disk, scenario)

    assert disk.writes == [[1], [2, 3, 4, 5, 6]]
    assert answers == [[2], [4, 6], [8], [10, 12]]


def test_a_write_holds_at_most_what_it_may_and_a_larger_call_goes_alone() -> None:
    disk = Disk()

    async def scenario(commit: Commit) -> None:
        first = await adding(commit, [0])
        await disk.is_writing()
        others = await adding(commit, [1, 2], [3], [4], [5, 6, 7, 8, 9], [10])
        disk.open()
        await asyncio.gather(*first, *others)

    run(disk, scenario, most=3)

    assert disk.writes == [[0], [1, 2, 3], [4], [5, 6, 7, 8, 9], [10]]


def test_a_call_of_nothing_is_answered_without_a_write() -> None:
    disk = Disk()

    assert run(disk, lambda commit: commit.add([])) == []
    assert disk.tried == []


def test_one_bad_caller_fails_alone() -> None:
    disk = Disk()

    async def scenario(commit: Commit) -> list[Any]:
        first = await adding(commit, [1])
        await disk.is_writing()
        others = await adding(commit, [2], [3, POISON], [4])
        disk.open()
        return await asyncio.gather(*first, *others)

    answers = run(disk, scenario)

    assert answers == [[2], [4], "ValueError", [8]]
    assert disk.writes == [[1], [2], [4]]


def test_a_store_that_is_away_fails_everybody_in_the_write_and_nobody_after_it() -> None:
    disk = Disk()

    async def scenario(commit: Commit) -> list[Any]:
        first = await adding(commit, [1])
        await disk.is_writing()
        others = await adding(commit, [2], [3])
        disk.let_one_through()
        await disk.is_writing()
        disk.error = StoreUnavailable("the store is away")
        disk.let_one_through()
        failed = await asyncio.gather(*first, *others)
        disk.error = None
        disk.open()
        return [*failed, await commit.add([4])]

    answers = run(disk, scenario)

    assert answers == [[2], "StoreUnavailable", "StoreUnavailable", [8]]
    assert disk.tried == [[1], [2, 3], [4]]


def test_too_much_at_once_is_refused_and_not_written() -> None:
    disk = Disk()

    async def scenario(commit: Commit) -> list[Any]:
        first = await adding(commit, [1])
        await disk.is_writing()
        others = await adding(commit, [2, 3], [4, 5], [6])
        disk.open()
        return await asyncio.gather(*first, *others)

    answers = run(disk, scenario, most_waiting=3)

    assert answers == [[2], [4, 6], "Overloaded", [12]]
    assert disk.writes == [[1], [2, 3, 6]]


def test_a_caller_that_hangs_up_costs_nobody_anything() -> None:
    disk = Disk()

    async def scenario(commit: Commit) -> list[Any]:
        gone = await adding(commit, [1])
        await disk.is_writing()
        others = await adding(commit, [2], [3], [4])
        for one in (gone[0], others[1]):
            one.cancel()
        disk.open()
        return await asyncio.gather(*gone, *others, return_exceptions=True)

    answers = run(disk, scenario)

    assert [type(one) for one in answers] == [
        asyncio.CancelledError,
        list,
        asyncio.CancelledError,
        list,
    ]
    assert disk.writes == [[1], [2, 3, 4]]


def test_closing_writes_what_waits_and_takes_nothing_more() -> None:
    disk = Disk()

    async def scenario(commit: Commit) -> list[Any]:
        first = await adding(commit, [1])
        await disk.is_writing()
        others = await adding(commit, [2], [3])
        disk.open()
        await commit.close()
        late = await outcome(commit.add([4]))
        commit.put(5)
        return [*[one.result() for one in (*first, *others)], late, commit.n_dropped]

    assert run(disk, scenario) == [[2], [4], [6], "Overloaded", 1]
    assert disk.written == [1, 2, 3]


def test_what_is_put_is_written_without_waiting_and_dropped_where_there_is_no_room() -> None:
    disk = Disk()

    async def scenario(commit: Commit) -> Commit:
        commit.put(1)
        await disk.is_writing()
        for item in (2, 3, 4, 5):
            commit.put(item)
        assert commit.n_waiting == 3
        disk.open()
        await commit.close()
        return commit

    commit = run(disk, scenario, most_waiting=3)

    assert disk.writes == [[1], [2, 3, 4]]
    assert (commit.n_dropped, commit.n_failed) == (1, 0)


@pytest.mark.parametrize("error", [StoreUnavailable("away"), OSError("broken")])
def test_what_is_put_and_cannot_be_written_is_counted(error: Exception) -> None:
    disk = Disk()
    disk.error = error

    async def scenario(commit: Commit) -> Commit:
        commit.put(1)
        commit.put(2)
        disk.open()
        await commit.close()
        return commit

    commit = run(disk, scenario)

    assert (disk.writes, commit.n_failed, commit.n_dropped) == ([], 2, 0)


def test_other_threads_may_put() -> None:
    disk = Disk(open_=True)

    def put_some(commit: Commit, start: int) -> None:
        for item in range(start, start + 100):
            commit.put(item)

    async def scenario(commit: Commit) -> None:
        puts = [asyncio.to_thread(put_some, commit, start) for start in (0, 100, 200)]
        await asyncio.gather(*puts)

    run(disk, scenario)

    assert sorted(disk.written) == list(range(300))


class Callers:
    """Callers who do what Hypothesis thinks of."""

    def __init__(self, commit: Commit, disk: Disk) -> None:
        self._commit, self._disk = commit, disk
        self._numbers = count()
        self.calls: list[tuple[list[int], asyncio.Task[list[int] | str]]] = []
        self.put_items: list[int] = []

    async def add(self, length: int, is_poisoned: bool) -> None:
        items = [next(self._numbers) for _ in range(length)] + [POISON] * is_poisoned
        self.calls.append((items, (await adding(self._commit, items))[0]))

    async def put(self) -> None:
        self.put_items.append(next(self._numbers))
        self._commit.put(self.put_items[-1])

    async def hang_up(self, place: int) -> None:
        for _, task in self.calls[place : place + 1]:
            task.cancel()

    async def let_one_through(self) -> None:
        self._disk.let_one_through()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just(Callers.add), st.integers(1, 4), st.booleans()),
        st.tuples(st.just(Callers.put)),
        st.tuples(st.just(Callers.hang_up), st.integers(0, 9)),
        st.tuples(st.just(Callers.let_one_through)),
    ),
    max_size=25,
)


@given(steps=STEPS, most=st.integers(1, 6))
def test_every_item_is_written_once_and_every_caller_gets_its_own(
    steps: list[tuple[Any, ...]], most: int
) -> None:
    disk = Disk()

    async def scenario(commit: Commit) -> tuple[Callers, list[Any]]:
        callers = Callers(commit, disk)
        for act, *how in steps:
            await act(callers, *how)
        disk.open()
        await commit.close()
        tasks = [task for _, task in callers.calls]
        return callers, await asyncio.gather(*tasks, return_exceptions=True)

    callers, answers = run(disk, scenario, most=most)

    calls = [items for items, _ in callers.calls]
    good = [item for items in calls if POISON not in items for item in items]
    assert sorted(disk.written) == sorted([*good, *callers.put_items])
    for items, answer in zip(calls, answers, strict=True):
        mine = "ValueError" if POISON in items else [2 * item for item in items]
        assert isinstance(answer, asyncio.CancelledError) or answer == mine
    assert all(len(write) <= most or write in calls for write in disk.writes)


def test_overload_is_told_with_the_remedy() -> None:
    async def scenario(commit: Commit) -> None:
        with pytest.raises(Overloaded, match="send it again"):
            await commit.add([1, 2, 3])

    run(Disk(open_=True), scenario, most_waiting=2)
