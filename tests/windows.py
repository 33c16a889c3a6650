"""Shops that live from one window to the next by a rule, for what a ranker can learn."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from features.home import Home
from tests.shops import AS_OF, Row, event, item, write_lake
from training.second_stage import FEWEST_WINDOWS
from training.settings import TrainingSettings
from training.split import Fold

HORIZON_DAYS = 10
FOLD = Fold(AS_OF, horizon_days=HORIZON_DAYS)
N_USERS, N_ITEMS = 40, 30
SMALL = {
    "serve": "als",
    "beside": [],
    "models": {"als": {"factors": 4, "iterations": 3}},
    "evaluation": {"horizon_days": HORIZON_DAYS, "k": 5},
    "ranker": {
        "windows": FEWEST_WINDOWS,
        "trees_everything": 15,
        "trees_new": 15,
        "leaves": 7,
        "learning_rate": 0.2,
        "smallest_leaf": 5,
        "feature_share": 1.0,
        "row_share": 1.0,
    },
}
SETTINGS = TrainingSettings.model_validate(SMALL)
Shop = Callable[[np.random.Generator, int, int], list[tuple[str, int, float]]]
"""What a user does in a window: event types, item rows, and days into the window."""


def lived(shop: Shop, *, first_window: int = -8, seed: int = 0) -> list[Row]:
    """Let everybody live from one window to the next; the fold's own targets are window 0."""
    rng = np.random.default_rng(seed)
    return [
        event(f"user-{user:02d}", f"item-{row:02d}", kind, days=HORIZON_DAYS * window + days)
        for window in range(first_window, 1)
        for user in range(N_USERS)
        for kind, row, days in shop(rng, user, window)
    ]


def alternating(rng: np.random.Generator, user: int, window: int) -> list[tuple[str, int, float]]:
    """Buy what was bought two windows ago, and never what was bought last."""
    own = np.random.default_rng(user).permutation(N_ITEMS)[:6].reshape(2, 3)
    return [
        ("purchase", int(row), float(rng.uniform(0.1, 9.9))) for row in own[window % 2].tolist()
    ] + [("purchase", int(rng.integers(N_ITEMS)), float(rng.uniform(0.1, 9.9)))]


def loyal(rng: np.random.Generator, user: int, _window: int) -> list[tuple[str, int, float]]:
    """Buy one's own item again and again, which the blend says first, and one by chance."""
    return [
        *(("purchase", user % N_ITEMS, day) for day in (2.0, 5.0, 8.0)),
        ("purchase", int(rng.integers(N_ITEMS)), float(rng.uniform(0.1, 9.9))),
    ]


def opened(events: list[Row], folder: Path) -> Home:
    """Open a shop for what was lived."""
    shop = Home(folder)
    items = [item(f"item-{row:02d}", category="Left", price=row + 1.0) for row in range(N_ITEMS)]
    write_lake(shop.lake, events, items=items)
    return shop
