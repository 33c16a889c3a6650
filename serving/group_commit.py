"""Group commit: how many small writes share one, so that none waits for a disk of its own.

A call that finds nobody writing is written at once. Calls that come while a write is under way
are joined into the next one. So the disk sets the pace and no timer does: a quiet shop waits for
nobody, and a busy one writes hundreds of calls at a time.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from serving.errors import Overloaded, StoreUnavailable

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class _Call(Generic[T, R]):
    """What one caller wants written, and where it waits; nobody waits for what was put."""

    items: Sequence[T]
    answer: "Future[list[R]] | None" = None

    def succeed(self, results: list[R]) -> None:
        # A caller that hung up waits no longer; its items are written all the same.
        if self.answer is not None and self.answer.set_running_or_notify_cancel():
            self.answer.set_result(results)

    def fail(self, error: Exception) -> None:
        if self.answer is not None and self.answer.set_running_or_notify_cancel():
            self.answer.set_exception(error)


class GroupCommit(Generic[T, R]):
    """Joins what many callers write into few writes, made in one thread behind the event loop.

    Parameters
    ----------
    write : callable
        Writes items in one transaction, and gives one result for each, in their order. It
        writes all or, where it raises, none; writing items again does no harm.
    most : int
        Items in one write; a larger call is written by itself.
    most_waiting : int
        Items that may wait for the write after the one under way.
    linger_s : float
        How long each write waits for more to come, in seconds; for what nobody waits for, since
        a commit costs more than what is in it.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], list[R]],
        *,
        most: int = 2_000,
        most_waiting: int = 50_000,
        linger_s: float = 0.0,
    ) -> None:
        self._write = write
        self._most = most
        self._most_waiting = most_waiting
        self._linger_s = linger_s
        self._closing = threading.Event()
        self._calls: deque[_Call[T, R]] = deque()
        self._n_waiting = 0
        self._n_dropped = 0
        self._n_failed = 0
        self._is_writing = False
        self._is_closed = False
        # Held for moments only, never during a write.
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="group-commit")

    @property
    def n_waiting(self) -> int:
        """Items that wait for the write after the one under way."""
        return self._n_waiting

    @property
    def n_dropped(self) -> int:
        """Items that were put when there was no room for them."""
        return self._n_dropped

    @property
    def n_failed(self) -> int:
        """Items that were put and could not be written."""
        return self._n_failed

    async def add(self, items: Sequence[T]) -> list[R]:
        """Write items, and wait until it is done.

        A caller that is cancelled no longer waits; its items are written all the same, once.

        Parameters
        ----------
        items : sequence
            What to write.

        Returns
        -------
        list
            One result for each item, in their order.

        Raises
        ------
        Overloaded
            Too many items wait already, or the commit is closed. Nothing was written.
        StoreUnavailable
            The store is away.
        Exception
            Whatever `write` raises for these items; not for those of another caller.
        """
        if not items:
            return []
        answer: Future[list[R]] = Future()
        if not self._enqueue(_Call(items, answer)):
            raise Overloaded("more is written than the store can take; send it again in a second")
        return await asyncio.wrap_future(answer)

    def put(self, item: T) -> None:
        """Have an item written some time soon, from any thread; never raises, never waits.

        Where there is no room it is counted in `n_dropped`, where its write fails in `n_failed`.
        """
        if not self._enqueue(_Call([item])):
            with self._lock:
                self._n_dropped += 1

    async def close(self) -> None:
        """Take nothing more, and return when everything that waits is written."""
        with self._lock:
            self._is_closed = True
        self._closing.set()
        await asyncio.to_thread(self._thread.shutdown)

    def _enqueue(self, call: _Call[T, R]) -> bool:
        with self._lock:
            if self._is_closed or self._n_waiting + len(call.items) > self._most_waiting:
                return False
            self._calls.append(call)
            self._n_waiting += len(call.items)
            if not self._is_writing:
                self._is_writing = True
                self._thread.submit(self._write_what_waits)
        return True

    def _write_what_waits(self) -> None:
        while True:
            if self._linger_s:
                self._closing.wait(self._linger_s)
            group = self._next_group()
            if not group:
                return
            self._commit(group)

    def _next_group(self) -> list[_Call[T, R]]:
        group: list[_Call[T, R]] = []
        n_items = 0
        with self._lock:
            while self._calls and (not group or n_items + len(self._calls[0].items) <= self._most):
                group.append(self._calls.popleft())
                n_items += len(group[-1].items)
            self._n_waiting -= n_items
            self._is_writing = bool(group)
        return group

    def _commit(self, group: list[_Call[T, R]]) -> None:
        try:
            results = self._write([item for call in group for item in call.items])
        except StoreUnavailable as error:
            # It is away for everybody: to ask for each caller would only take longer.
            self._fail(group, error)
        except Exception as error:  # noqa: BLE001 -- told to whom it concerns
            # One caller's items may spoil the write: the others must not suffer for it.
            self._split(group) if len(group) > 1 else self._fail(group, error)
        else:
            self._succeed(group, results)

    def _split(self, group: list[_Call[T, R]]) -> None:
        for call in group:
            self._commit([call])

    def _succeed(self, group: list[_Call[T, R]], results: list[R]) -> None:
        start = 0
        for call in group:
            call.succeed(results[start : start + len(call.items)])
            start += len(call.items)

    def _fail(self, group: list[_Call[T, R]], error: Exception) -> None:
        for call in group:
            call.fail(error)
        n_lost = sum(len(call.items) for call in group if call.answer is None)
        with self._lock:
            self._n_failed += n_lost
