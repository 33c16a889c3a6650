"""A shop whose people keep to their tastes until the last fold, in which they all change."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from features.home import Home
from tests.shops import Row, event, item, write_lake
from training.settings import TrainingSettings

NOW: Final = datetime(2025, 1, 1, tzinfo=UTC)
HORIZON_DAYS: Final = 10
N_FOLDS: Final = 2
SETTINGS: Final = TrainingSettings.model_validate(
    {
        "models": {"als": {"factors": 16, "iterations": 3}},
        "evaluation": {"horizon_days": HORIZON_DAYS, "k": 5},
    }
)


def bought(first_day: float, last_day: float, *, each: int, turned: bool = False) -> list[Row]:
    """Let even users buy the first ten items and odd ones the others, or the other way round."""
    rng = np.random.default_rng(int(first_day) + 1_000)
    return [
        event(
            f"user-{row:02d}", f"item-{rng.integers(10) + 10 * ((row + turned) % 2):02d}", days=day
        )
        for row in range(30)
        for day in rng.uniform(first_day, last_day, each)
    ]


EARLIER: Final = [*bought(-60, -30, each=5), *bought(-30, -10.1, each=6)]
"""All that a search may know: its folds are of days -30 to -20 and -20 to -10."""

END: Final = event(None, "item-00", "view", days=0)
"""The log's last event, which says where the folds are."""

ITEMS: Final = [item(f"item-{row:02d}") for row in range(20)]


def shop_of(root: Path, events: list[Row]) -> Home:
    """Write a shop of these events and the last one."""
    home = Home(root)
    write_lake(home.lake, [*events, END], items=ITEMS)
    return home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return shop_of(tmp_path / "shop", [*EARLIER, *bought(-9.9, -0.1, each=3, turned=True)])
