"""The simulation's settings: how large a shop, for how long, until when, and the seed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from features.errors import InvalidSettings
from features.simulated_shop.vocabulary import vocabulary

MOST_DAYS: Final = 3_650


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationSettings:
    """How large a shop to simulate.

    Parameters
    ----------
    n_users : int
        People with an account; visitors without one come on top.
    n_items : int
        Items in the catalogue; at least one for each shelf.
    days : int
        Length of the simulated period.
    seed : int
        The same settings with the same seed give the same files, byte for byte, on the same
        machine with the same libraries.
    end : datetime
        The end of the period, exclusive; aware.

    Raises
    ------
    InvalidSettings
        A value is outside its range; each is named in the details.

    Examples
    --------
    >>> SimulationSettings(days=1).start.isoformat()
    '2025-12-31T00:00:00+00:00'
    """

    n_users: int = 5_000
    n_items: int = 2_000
    days: int = 365
    seed: int = 0
    end: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __post_init__(self) -> None:
        """Refuse values that no shop can have."""
        n_shelves = len(vocabulary().shelves)
        findings = [
            message
            for wrong, message in (
                (self.n_users < 1, f"n_users is {self.n_users}; give at least 1"),
                (
                    self.n_items < n_shelves,
                    f"n_items is {self.n_items}; give at least {n_shelves}, one for each shelf",
                ),
                (
                    not 1 <= self.days <= MOST_DAYS,
                    f"days is {self.days}; give 1 to {MOST_DAYS}",
                ),
                (self.seed < 0, f"seed is {self.seed}; give 0 or more"),
                (self.end.utcoffset() is None, f"end is {self.end}; give it a UTC offset"),
            )
            if wrong
        ]
        if findings:
            raise InvalidSettings("the simulation's settings cannot be used", details=findings)

    @property
    def start(self) -> datetime:
        """The beginning of the period, inclusive."""
        return self.end - timedelta(days=self.days)

    @property
    def start_s(self) -> int:
        """The beginning in seconds since 1970."""
        return int(self.start.timestamp())

    @property
    def end_s(self) -> int:
        """The end in seconds since 1970."""
        return int(self.end.timestamp())

    def generator(self, purpose: str) -> np.random.Generator:
        """Start this seed's stream of draws for one purpose, independent of all others."""
        return np.random.default_rng([self.seed, *purpose.encode()])
