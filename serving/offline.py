"""Offline: a desk without a server, for the commands that look at lists or make picks."""

import asyncio
import os
from collections.abc import Sequence

from features.home import Home
from serving.desk import Desk, Moment
from serving.live_bundle import LiveBundle, open_road
from serving.picks import Picker
from serving.reach import Reach
from serving.settings import ServerSettings
from serving.telemetry import Telemetry


def open_desk(home: Home) -> Desk:
    """Open what is promoted, and the store beside it; commands answer as the server would.

    Parameters
    ----------
    home : Home
        The shop.

    Raises
    ------
    NoBundle, CorruptBundle, InvalidSettings
        As `open_road`.
    """
    settings = ServerSettings.from_environment({**os.environ, "VITRINE_HOME": str(home.root)})
    live = LiveBundle(home, Telemetry())
    live.road = open_road(home)
    desk = Desk(live, Reach(settings.store))
    asyncio.run(desk.reach.heal())
    return desk


def look(desk: Desk, persons: Sequence[str | None], *, placements: Sequence[str] = ()) -> Moment:
    """Look up what an answer is made from; see `Desk.look`."""
    return asyncio.run(desk.look(persons, placements=placements))


def picker(desk: Desk, placement: str, num_results: int) -> Picker:
    """Prepare to pick for a placement; see `Desk.picker`."""
    return asyncio.run(desk.picker(placement, num_results))
