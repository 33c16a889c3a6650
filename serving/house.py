"""The house: everything that one worker holds, wired in one place."""

import asyncio
import gc
from collections.abc import Iterable

from threadpoolctl import threadpool_limits

from features.errors import InvalidSettings
from serving import logs
from serving.auth import ApiKey, KeyRing, Scope
from serving.desk import Desk
from serving.ledger import Ledger
from serving.live_bundle import LiveBundle
from serving.reach import Reach
from serving.settings import ServerSettings
from serving.telemetry import Telemetry
from serving.watch import Watch


class House:
    """One worker's live bundle, keys, ledger and telemetry.

    Parameters
    ----------
    settings : ServerSettings
        What the environment says.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.telemetry = Telemetry()
        self.ledger = Ledger(self.telemetry)
        self.live = LiveBundle(settings.shop, self.telemetry)
        self.reach = Reach(settings.store)
        self.desk = Desk(self.live, self.reach)
        self.keys = KeyRing(())
        self._keys_watch = Watch(settings.shop.keys)
        self._following: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read the keys, open the promoted bundle and follow both from now on."""
        logs.write_to_stdout()
        if not self.settings.needs_keys:
            logs.warning("insecure_development", message="every request is answered without a key")
        # Two threads make one small product slower; workers are what uses the cores.
        threadpool_limits(limits=1)
        await self.look()
        # What is here now stays: collections need not walk through it again.
        gc.collect()
        gc.freeze()
        self._following = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Follow no longer, and write down what is not written yet."""
        self.ledger.write()
        await self.desk.close()
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def look(self) -> None:
        """Take in what has changed: the keys, what is promoted, and what is trending now."""
        if self._keys_watch.changed():
            self._read_keys()
        await self.live.look()
        await self.reach.heal()
        await self.desk.refresh()

    def admit(self, authorization: bytes | None, needed: Scope) -> ApiKey | None:
        """Let a request in, and give its key; None where keys are switched off.

        Raises
        ------
        Unauthorised, MissingScope
            As `KeyRing.admit`.
        """
        if not self.settings.needs_keys:
            return None
        return self.keys.admit(authorization, needed)

    def check_purposes(self, key: ApiKey | None, placements: Iterable[str]) -> None:
        """Let a key ask only for placements of its own purpose.

        Raises
        ------
        MissingScope
            A placement is for a purpose, such as email, that the key is not for.
        """
        if key is None:
            return
        known = self.live.ready().placements.by_name
        for name in placements:
            purpose = known[name].purpose if name in known else None
            if purpose is not None:
                key.check(Scope(purpose) if purpose in tuple(Scope) else Scope.ADMIN)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self.settings.poll_seconds)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 -- a failed look must not be the last one
                logs.failure("look_failed", error)

    def _read_keys(self) -> None:
        try:
            self.keys = KeyRing.load(self.settings.shop.keys)
        except InvalidSettings as error:
            # The keys that were good stay good.
            logs.warning("keys_refused", reason=str(error))
