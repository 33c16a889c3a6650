"""The simulated shop on disk: how it is simulated and what it leaves there."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from features.simulated_shop.baskets import make_events
from features.simulated_shop.browsing import browse
from features.simulated_shop.catalogue import item_table
from features.simulated_shop.event_table import event_table
from features.simulated_shop.people import user_table
from features.simulated_shop.sessions import make_sessions
from features.simulated_shop.settings import SimulationSettings
from features.simulated_shop.truth import Truth
from features.simulated_shop.world import make_world

_ROW_GROUP: Final = 131_072


@dataclass(frozen=True, slots=True)
class SimulatedShop:
    """Where a simulated shop lies, and how large it is.

    Parameters
    ----------
    folder : Path
        What `simulate` wrote to.
    n_events, n_users, n_items : int
        Rows of the three files.

    Examples
    --------
    >>> SimulatedShop(Path("shop"), n_events=0, n_users=0, n_items=0).events.as_posix()
    'shop/events.parquet'
    """

    folder: Path
    n_events: int
    n_users: int
    n_items: int

    @property
    def events(self) -> Path:
        """The events, with the columns of `EVENT_SCHEMA`."""
        return self.folder / "events.parquet"

    @property
    def items(self) -> Path:
        """The catalogue at the end of the period: `ITEM_SCHEMA` and more."""
        return self.folder / "items.parquet"

    @property
    def users(self) -> Path:
        """The people with an account: `USER_SCHEMA` and more."""
        return self.folder / "users.parquet"

    @property
    def truth(self) -> Path:
        """The folder that `open_truth` opens."""
        return self.folder / "truth"


def simulate(settings: SimulationSettings, out: Path) -> SimulatedShop:
    """Simulate a shop and write it.

    Parameters
    ----------
    settings : SimulationSettings
        How large, for how long, and the seed.
    out : Path
        The folder to write to; made where it is absent. A shop that is there is replaced.

    Returns
    -------
    SimulatedShop
        What was written.
    """
    world = make_world(settings)
    sessions = make_sessions(world, settings.generator("sessions"))
    exposures = browse(sessions, world, settings.generator("browsing"))
    events = make_events(exposures, sessions, world, settings.generator("baskets"))
    items = item_table(world.catalogue, world.words, settings.generator("item table"))
    users = user_table(world.people, world.words, settings.generator("user table"))
    log = event_table(events, sessions, world)
    shop = SimulatedShop(out, n_events=log.num_rows, n_users=users.num_rows, n_items=items.num_rows)
    _write({shop.items: items, shop.users: users, shop.events: log}, world.truth, shop)
    return shop


def _write(tables: dict[Path, pa.Table], truth: Truth, shop: SimulatedShop) -> None:
    """Write everything beside its place and move it there: a reader never sees half a file."""
    shop.truth.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=shop.folder, prefix=".partial-") as partial:
        truth.save(Path(partial))
        for written in Path(partial).iterdir():
            written.replace(shop.truth / written.name)
        for place, table in tables.items():
            written = Path(partial) / place.name
            pq.write_table(table, written, compression="zstd", row_group_size=_ROW_GROUP)
            written.replace(place)
