"""Live keys: follow the store's keys, and keep those of the last look while it is away."""

from datetime import datetime
from functools import partial
from pathlib import Path

from features.errors import InvalidSettings
from serving import logs
from serving.auth import keys_file
from serving.auth.api_keys import ApiKey
from serving.auth.ring import KeyRing
from serving.errors import StoreUnavailable
from serving.reach import Reach
from serving.scopes import Scope
from serving.store import Store
from serving.watch import Watch


class LiveKeys:
    """The keys of now, and who may come in with them.

    Parameters
    ----------
    reach : Reach
        The way to the store that keeps them.
    file : Path
        Where earlier versions kept keys: what lies there moves into the store.
    """

    def __init__(self, reach: Reach, file: Path) -> None:
        self._reach = reach
        self._file = file
        self._watch = Watch(file)
        self._ring: KeyRing | None = None
        self._revision: int | None = None

    def admit(self, authorization: bytes | None, needed: Scope, *, now: datetime) -> ApiKey:
        """Let a request in, and give its key.

        Raises
        ------
        StoreUnavailable
            The keys have never been read yet: nobody can say whose key this is.
        Unauthorised, MissingScope
            As `KeyRing.admit`.
        """
        if self._ring is None:
            raise StoreUnavailable("the API keys cannot be read right now; try again in a second")
        return self._ring.admit(authorization, needed, now=now)

    async def look(self, *, now: datetime) -> None:
        """Take in what has changed; while the store is away, the keys of the last look hold."""
        if not self._reach.is_up:
            return
        try:
            if self._file.exists():
                await self._reach.work(partial(self._take_in, now=now))
            # Read first: a change in between is found by the next look.
            revision = (await self._reach.ask(Store.revisions)).keys
            if revision != self._revision:
                self._ring = KeyRing.of(await self._reach.work(Store.keys))
                self._revision = revision
        except StoreUnavailable as error:
            logs.warning("keys_not_read", reason=error.message)

    def _take_in(self, store: Store, *, now: datetime) -> None:
        try:
            keys_file.take_in(self._file, store, now=now)
        except (InvalidSettings, OSError) as error:
            if self._watch.changed():
                logs.warning("keys_refused", reason=str(error))
