"""The house: everything that one worker holds, wired in one place."""

import asyncio
import gc

from threadpoolctl import threadpool_limits

from serving import logs
from serving.auth import ApiKey, LiveKeys, Scope
from serving.desk import Desk
from serving.ledger import Ledger
from serving.live_bundle import LiveBundle
from serving.purposes import purposes_of
from serving.reach import Reach
from serving.schemas import Wire
from serving.scopes import scope_for
from serving.settings import ServerSettings
from serving.telemetry import Telemetry


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
        self.desk = Desk(self.live, self.reach, when_degraded=self.telemetry.degraded)
        self.keys = LiveKeys(self.reach, settings.shop.keys)
        self._following: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read the keys, open the promoted bundle and follow both from now on."""
        logs.write_to_stdout()
        if not self.settings.needs_keys:
            logs.warning("insecure_development", message="every request is answered without a key")
        # Two threads make one small product slower; workers are what uses the cores.
        threadpool_limits(limits=1)
        await self.look()
        await self.desk.warm()
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
        await self.reach.heal()
        if self.settings.needs_keys:
            # Before a bundle is opened, which takes a while: a revoked key must not open that long.
            await self.keys.look(now=self.desk.clock())
        await self.live.look()
        await self.desk.refresh()
        log = self.desk.log
        n_lost = log.n_dropped + log.n_failed
        self.telemetry.looked_at_store(is_up=self.reach.is_up, n_lost=n_lost)

    def admit(self, authorization: bytes | None, needed: Scope) -> ApiKey | None:
        """Let a request in, and give its key; None where keys are switched off.

        Raises
        ------
        StoreUnavailable, Unauthorised, MissingScope
            As `LiveKeys.admit`.
        """
        if not self.settings.needs_keys:
            return None
        return self.keys.admit(authorization, needed, now=self.desk.clock())

    def check_purposes(self, key: ApiKey | None, request: Wire) -> None:
        """Let a key ask only for what its own purposes are about.

        Raises
        ------
        MissingScope
            The request is about a purpose, such as email, that the key is not for.
        NotReady
            It names placements, and no bundle is live yet.
        """
        if key is None:
            return
        for purpose in purposes_of(request, self.live):
            key.check(scope_for(purpose))

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self.settings.poll_seconds)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 -- a failed look must not be the last one
                logs.failure("look_failed", error)
