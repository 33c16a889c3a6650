"""Sessions: who comes to the shop when, on which device, and for what."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from features.simulated_shop.people import DEVICES, PHASE_PACE, People, is_active
from features.simulated_shop.responses import GIFT_WINDOW_DAYS
from features.simulated_shop.seasons import DAY_S, YEAR_DAYS, footfall, local_seconds
from features.simulated_shop.settings import SimulationSettings
from features.simulated_shop.staples import due_visits
from features.simulated_shop.truth import NO_SHELF, Floats
from features.simulated_shop.vocabulary import Vocabulary
from features.simulated_shop.world import World

LONGEST_S: Final = 3_600

NO_STAPLE: Final = -1

BROWSING_ITEMS: Final = 30.0
RESTOCKING_ITEMS: Final = 5.0
MOST_ITEMS: Final = 80
"""Items shown in a visit: while browsing, and when somebody only came for a staple."""

LOGGED_OUT_SHARE: Final = 0.1
TRACKED_SHARE: Final = 0.025
OTHER_DEVICE_SHARE: Final = 0.15
"""Visits of users that do not log in; visits whose impressions and clicks the shop records;
visits on another device than usual."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Visits, ascending by person, then start; arrays of shape (n_sessions,).

    Parameters
    ----------
    person : ndarray of int64
        Row of who comes.
    start_s : ndarray of int64
        When, in seconds since 1970.
    n_shown : ndarray of int64
        How many items they are shown.
    pace_s : ndarray of float64
        Seconds from one item to the next.
    staple : ndarray of int64
        What they ran out of; -1 for nothing.
    logged_out, tracked : ndarray of bool
        Whether they are only known by a cookie; whether impressions are recorded.
    device : ndarray of int8
        Row in `people.DEVICES`.
    checkout_draw : ndarray of float32
        What is in the cart is bought where its probability is above this draw, so that a
        basket is mostly bought or left as a whole.
    """

    person: NDArray[np.int64]
    start_s: NDArray[np.int64]
    n_shown: NDArray[np.int64]
    pace_s: NDArray[np.float64]
    staple: NDArray[np.int64]
    logged_out: NDArray[np.bool_]
    tracked: NDArray[np.bool_]
    device: NDArray[np.int8]
    checkout_draw: Floats


def make_sessions(world: World, rng: np.random.Generator) -> Sessions:
    """Draw the visits: to look around, for a present, or because something ran out.

    Parameters
    ----------
    world : World
        Who may come, from which time zone, what they run out of, and the period.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    Sessions
        Each within the period and in an active phase of its person.
    """
    people, settings = world.people, world.settings
    browser, browsing_s = _browsing_visits(people, settings, rng)
    giver, giving_s = _gift_visits(people, settings, rng)
    staple, due_s = due_visits(world.truth, settings, rng)
    person = np.concatenate([browser, giver, world.truth.staple_person[staple]]).astype(np.int64)
    wanted_s = np.concatenate([browsing_s, giving_s, due_s])
    no_staple = np.full(len(browser) + len(giver), NO_STAPLE)
    reason = np.concatenate([no_staple, staple])

    clock = _Clock.of(settings, world.words)
    start_s = clock.shopping_time(people.place[person], wanted_s, rng)
    inside = (settings.start_s <= start_s) & (start_s < settings.end_s - LONGEST_S)
    kept = np.flatnonzero(inside & is_active(people.phase_starts_s[person], start_s))
    kept = kept[np.lexsort((start_s[kept], person[kept]))]
    return _equip(people, person[kept], start_s[kept], reason[kept], rng)


def _equip(
    people: People,
    person: NDArray[np.int64],
    start_s: NDArray[np.int64],
    staple: NDArray[np.int64],
    rng: np.random.Generator,
) -> Sessions:
    """Draw what else there is to know about visits."""
    n = len(person)
    usual_items = np.where(staple == NO_STAPLE, BROWSING_ITEMS, RESTOCKING_ITEMS)
    other_device = rng.random(n) < OTHER_DEVICE_SHARE
    any_device = rng.integers(0, len(DEVICES), size=n)
    return Sessions(
        person=person,
        start_s=start_s,
        n_shown=np.clip(rng.geometric(1 / usual_items), 2, MOST_ITEMS),
        pace_s=rng.uniform(6, 25, size=n),
        staple=staple,
        logged_out=(person >= people.n_users)
        | ((rng.random(n) < LOGGED_OUT_SHARE) & (staple == NO_STAPLE)),
        tracked=rng.random(n) < TRACKED_SHARE,
        device=np.where(other_device, any_device, people.device[person]).astype(np.int8),
        checkout_draw=rng.random(n, dtype=np.float32),
    )


def _browsing_visits(
    people: People, settings: SimulationSettings, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw a Poisson number of visits for each person, spread over their phases by its pace."""
    starts = np.maximum(people.phase_starts_s, settings.start_s)
    ends = np.column_stack([starts[:, 1:], np.full(len(starts), settings.end_s)])
    pace = np.array(PHASE_PACE)
    until = np.cumsum((ends - starts) * pace, axis=1)
    person = np.repeat(np.arange(len(starts)), rng.poisson(people.visits_per_s * until[:, -1]))
    draw = rng.random(len(person)) * until[person, -1]
    phase = (draw[:, None] >= until[person]).sum(axis=1)
    paced_s = draw - np.where(phase > 0, until[person, phase - 1], 0)
    at_s = starts[person, phase] + (paced_s / pace[phase]).astype(np.int64)
    busy = rng.random(len(person)) < footfall(at_s)
    return person[busy], at_s[busy]


def _gift_visits(
    people: People, settings: SimulationSettings, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Send everybody who gives presents to the shop in the days before each is due."""
    givers = np.flatnonzero(people.gift_shelf != NO_SHELF)
    first_year = int(settings.start_s / DAY_S / YEAR_DAYS)
    last_year = int(settings.end_s / DAY_S / YEAR_DAYS)
    years = np.arange(first_year, last_year + 1)
    due_day = years * YEAR_DAYS + people.gift_day[givers, None]
    at_day = due_day - rng.uniform(1, GIFT_WINDOW_DAYS, size=due_day.shape)
    return np.repeat(givers, len(years)), (at_day.ravel() * DAY_S).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Clock:
    """Each place's offset from UTC on each day, in seconds."""

    first_day: int
    offset_s: NDArray[np.int64]  # (n_places, n_days)

    @classmethod
    def of(cls, settings: SimulationSettings, words: Vocabulary) -> "_Clock":
        """Ask the time zone database, with a few days around the period to spare."""
        margin = 4
        first_day = settings.start_s // DAY_S - margin
        noon = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=first_day)
        noons = [noon + timedelta(days=day) for day in range(settings.days + 2 * margin)]
        return cls(
            first_day=first_day,
            offset_s=np.array([_offsets_s(place.timezone, noons) for place in words.places]),
        )

    def shopping_time(
        self, place: NDArray[Any], wanted_s: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Move visits to an hour at which people shop, on the same local day."""
        last = self.offset_s.shape[1] - 1
        day = np.clip(wanted_s // DAY_S - self.first_day, 0, last)
        offset_s = self.offset_s[place, day]
        local_day = (wanted_s + offset_s) // DAY_S
        return np.asarray(local_day * DAY_S + local_seconds(local_day, rng) - offset_s)


def _offsets_s(timezone: str, moments: list[datetime]) -> list[int]:
    zone = ZoneInfo(timezone)
    offsets = [moment.astimezone(zone).utcoffset() or timedelta() for moment in moments]
    return [int(offset.total_seconds()) for offset in offsets]
