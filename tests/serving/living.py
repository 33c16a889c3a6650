"""A living service in this process: a bundle, a real store beside it, and a clock that stands."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from serving.desk import Desk
from serving.endpoints import ENDPOINTS
from serving.front import Front
from serving.house import House
from serving.placements import Placements
from serving.road import Road
from serving.settings import ServerSettings
from serving.store import Store
from tests.serving.asking import Answer, ask_in_process, nothing_behind
from tests.shops import AS_OF
from training.bundle import Bundle

NOW = AS_OF + timedelta(hours=1)
"""An hour after the bundle of `tests.shops` was made."""

Told = dict[str, Any]


class Living:
    """What tests ask of a service; its clock shows `now` until a test moves it on."""

    def __init__(self, house: House, now: datetime) -> None:
        self.now = now
        self.house = house
        house.desk = Desk(house.live, house.reach, clock=lambda: self.now)
        self._ask = ask_in_process(Front(nothing_behind, house=house))
        self._numbers = count()

    @property
    def store(self) -> Store:
        """The store itself."""
        return self.house.reach.store()

    def asked(self, path: str, body: Mapping[str, object]) -> Answer:
        """Ask an endpoint, whatever comes back."""
        return self._ask(ENDPOINTS[path].method, path, body)

    def told(self, path: str, body: Mapping[str, object]) -> Told:
        """Ask an endpoint that must answer."""
        answer = self.asked(path, body)
        assert answer.status == 200, answer.body
        told: Told = answer.json()
        return told

    def lines(self, body: Mapping[str, object]) -> list[Told]:
        """Ask for picks; give the lines without the trailer."""
        answer = self.asked("/v1/picks", body)
        assert answer.status == 200, answer.body
        return [json.loads(line) for line in answer.body.splitlines()][:-1]

    def recommend(self, **request: object) -> Told:
        """Ask for a list."""
        return self.told("/v1/recommend", request)

    def shown(self, **request: object) -> list[str]:
        """Ask for a list; give its items."""
        return [item["item_id"] for item in self.recommend(**request)["items"]]

    def did(self, kind: str, item_id: str, **event: object) -> None:
        """Post one event."""
        named = {"event_id": f"event-{next(self._numbers)}", "event_type": kind}
        told = self.told("/v1/events", {"events": [{**named, "item_id": item_id, **event}]})
        assert told == {"accepted": 1, "duplicates": 0, "rejected": []}

    def states(self, item_id: str, **columns: object) -> None:
        """Put one item."""
        told = self.told("/v1/items", {"items": [{"item_id": item_id, **columns}]})
        assert told == {"updated": 1, "rejected": []}

    def links(self, anonymous_id: str, user_id: str) -> Told:
        """Tell who a visitor turned out to be."""
        link = {"anonymous_id": anonymous_id, "user_id": user_id}
        return self.told("/v1/identities", {"links": [link]})

    def agrees(self, user_id: str, purpose: str, *, granted: bool) -> None:
        """Put one consent."""
        stated = {"user_id": user_id, "purpose": purpose, "granted": granted}
        assert self.told("/v1/consents", {"consents": [stated]})["updated"] == 1

    def lose_the_store(self) -> None:
        """Let the store be away, as after a failure that nobody has found healed."""
        self.house.reach._close_way(TimeoutError())

    def find_the_store(self) -> None:
        """Look whether the store is back."""
        asyncio.run(self.house.reach.heal())

    def write_the_log(self) -> None:
        """Have the lists that were given written down."""
        asyncio.run(self.house.desk.log.close())


@contextmanager
def living(
    root: Path, bundle: Bundle, *, placements: str | None = None, now: datetime = NOW
) -> Iterator[Living]:
    """Open a service.

    Parameters
    ----------
    root : Path
        An empty folder, for the store and the placements.
    bundle : Bundle
        What is live.
    placements : str, optional
        The shop's own placements file.
    now : datetime
        What the clock shows.
    """
    chosen = Placements.load()
    if placements is not None:
        path = root / "placements.toml"
        path.write_text(placements)
        chosen = Placements.load(path)
    house = House(ServerSettings(home=root, insecure_development="1"))
    one = Living(house, now)
    asyncio.run(house.reach.heal())
    house.live.road = Road(bundle, chosen)
    try:
        yield one
    finally:
        asyncio.run(house.close())
