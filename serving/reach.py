"""Reach: ask the store while it can be reached, and say at once when it cannot.

A list must not wait for a store that is away. One failure closes the way: from then on everybody
is told so at once, until a look from time to time finds that the store answers again.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from serving import logs
from serving.errors import StoreUnavailable
from serving.store import Store, open_store

ANSWER_WITHIN_S: Final = 0.4
"""How long a list waits for a store on another machine."""

_AT_ONCE: Final = 4

T = TypeVar("T")


class Reach:
    """The way to one store.

    Parameters
    ----------
    url : str
        The store's.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._store: Store | None = None
        self._is_up = False
        # A file is read in less time than another thread takes to wake up.
        self._is_near = url.startswith("sqlite")
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="store")

    @property
    def is_up(self) -> bool:
        """Whether the store answered when it was last asked."""
        return self._is_up

    def store(self) -> Store:
        """Give the store.

        Raises
        ------
        StoreUnavailable
            It is away.
        """
        if self._store is None or not self._is_up:
            raise StoreUnavailable("the store cannot be reached right now; try again in a second")
        return self._store

    async def ask(self, question: Callable[[Store], T]) -> T:
        """Ask the store something that takes no time.

        Raises
        ------
        StoreUnavailable
            It is away, or did not answer in time.
        """
        store = self.store()
        try:
            if self._is_near:
                return question(store)
            waiting = asyncio.get_running_loop().run_in_executor(self._threads, question, store)
            return await asyncio.wait_for(waiting, ANSWER_WITHIN_S)
        except (StoreUnavailable, TimeoutError) as error:
            self._close_way(error)
            raise StoreUnavailable("the store did not answer; try again in a second") from error

    async def work(self, task: Callable[[Store], T]) -> T:
        """Have the store do something that may take longer, behind the event loop.

        Raises
        ------
        StoreUnavailable
            It is away.
        """
        store = self.store()
        return await asyncio.get_running_loop().run_in_executor(self._threads, task, store)

    async def heal(self) -> None:
        """Look whether a store that was away is back; once it is, everybody may ask again."""
        if self._is_up:
            return
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._try)
        except StoreUnavailable as error:
            logs.warning("store_unreachable", reason=error.message)
        else:
            self._is_up = True
            logs.info("store_reached")

    def close(self) -> None:
        """Let go of the store."""
        self._threads.shutdown(cancel_futures=True)
        if self._store is not None:
            self._store.close()

    def _try(self) -> None:
        if self._store is None:
            self._store = open_store(self._url)
        self._store.ping()

    def _close_way(self, error: Exception) -> None:
        if self._is_up:
            self._is_up = False
            logs.warning("store_lost", error=type(error).__name__)
