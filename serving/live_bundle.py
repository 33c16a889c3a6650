"""The live bundle: follow what is promoted, check it, swap it in, or keep what works."""

import asyncio

from features.errors import CorruptBundle, NoBundle, VitrineError
from features.home import Home
from serving import logs
from serving.errors import NotReady
from serving.placements import Placements
from serving.recommend import answer_recommend
from serving.road import Road
from serving.schemas import RecommendRequest
from serving.telemetry import Telemetry
from serving.watch import Watch
from training.bundle import CURRENT, Bundle, current


def open_road(home: Home) -> Road:
    """Open, verify and warm what is promoted now.

    Parameters
    ----------
    home : Home
        The shop.

    Raises
    ------
    NoBundle
        Nothing has been promoted yet.
    CorruptBundle
        A file is missing or changed, or the bundle cannot answer.
    InvalidSettings
        The placements file is wrong, or does not fit the bundle's catalogue.
    """
    placements = Placements.load(home.placements)
    bundle = Bundle.open(current(home.bundles))
    placements.check(bundle.catalogue.table.schema)
    road = Road(bundle, placements)
    open_to_all = [name for name, one in placements.by_name.items() if one.purpose is None]
    if open_to_all and len(bundle.users):
        somebody = RecommendRequest(user_id=bundle.users.id_of(0), placement=open_to_all[0])
        # One search touches what every search touches.
        answer = answer_recommend(road, [somebody], now=bundle.manifest.as_of)[0]
        if isinstance(answer, VitrineError):
            raise CorruptBundle(f"the bundle cannot answer ({answer.code}); train again")
    return road


class LiveBundle:
    """What requests are answered from; a request reads `road` once.

    Parameters
    ----------
    home : Home
        The shop.
    telemetry : Telemetry
        Where swaps and refusals are counted.
    """

    def __init__(self, home: Home, telemetry: Telemetry) -> None:
        self.road: Road | None = None
        self._home = home
        self._telemetry = telemetry
        self._watch = Watch(home.bundles / CURRENT, home.placements)

    def ready(self) -> Road:
        """Give what to answer from.

        Raises
        ------
        NotReady
            No bundle is live yet.
        """
        if self.road is None:
            raise NotReady("no bundle is live yet; run vitrine promote, or read the server's log")
        return self.road

    async def look(self) -> None:
        """Swap in what has been promoted since the last look; refuse it if it is bad."""
        if not self._watch.changed():
            return
        try:
            road = await asyncio.to_thread(open_road, self._home)
        except NoBundle as error:
            logs.warning("no_bundle", reason=str(error))
        except VitrineError as error:
            self._refuse(error)
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with it, the old one serves
            logs.failure("bundle_unreadable", error)
            self._refuse(CorruptBundle("the bundle cannot be opened; train again"))
        else:
            self.road = road
            self._telemetry.swapped(road.bundle)
            logs.info("bundle_live", model_version=road.bundle.manifest.bundle_id)

    def _refuse(self, error: VitrineError) -> None:
        self._telemetry.refused()
        kept = None if self.road is None else self.road.bundle.manifest.bundle_id
        logs.warning("bundle_refused", code=error.code, reason=str(error), keeps_serving=kept)
