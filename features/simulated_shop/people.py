"""The simulated people: where they live, how they shop, when they come and stay away."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.catalog import USER_SCHEMA
from features.simulated_shop.seasons import DAY_S, YEAR_DAYS
from features.simulated_shop.settings import SimulationSettings
from features.simulated_shop.truth import NO_SHELF, Floats
from features.simulated_shop.vocabulary import Vocabulary

DEVICES: Final = ("mobile", "desktop", "tablet")
_DEVICE_SHARES: Final = (0.55, 0.35, 0.10)

VISITORS_PER_USER_YEAR: Final = 3.0
"""People without an account, who come for a few days and are only known by a cookie."""

VISITOR_VISITS: Final = 1.6
USER_VISITS_PER_YEAR: Final = 46.0
ACTIVITY_SPREAD: Final = 1.0
"""Visits while active; the spread is a log, so that a few people come very often."""

BROWSER_SHARE: Final = 0.12
BROWSER_LOGIT: Final = -40.0
"""Who only ever browses."""

GIFT_BUYER_SHARE: Final = 0.2
CHRISTMAS_SHARE: Final = 0.55
CHRISTMAS_DAY: Final = 355.0
"""Who buys presents does so for Christmas (delivered in time), or for somebody's birthday."""

SENDS_BACK_SHARE: Final = 0.02
SENDS_BACK_FACTOR: Final = 8.0

PURPOSES: Final = ("personalisation", "email")
_CONSENT_SHARES: Final = (0.86, 0.62)
CONSENT_UNKNOWN_SHARE: Final = 0.04

KNOWN_SHARE: Final = 0.45
KNOWN_DAYS: Final = 730
"""Nearly half of the users arrived in the two years before the period."""

ACTIVE_DAYS: Final = 270.0
SLIPPING_DAYS: Final = 50.0
AWAY_DAYS: Final = 100.0
RETURNING_SHARE: Final = 0.35
VISITOR_DAYS: Final = (2.0, 14.0)
"""Mean lengths of the users' phases, and who returns; how long visitors are interested."""

PHASE_PACE: Final = (1.0, 0.35, 0.0, 0.7)
"""Visits in each phase (arrived, slipping, lapsed, returned), against the person's usual."""


@dataclass(frozen=True, slots=True)
class People:
    """The users, then the visitors, as arrays of shape (n_people,).

    Parameters
    ----------
    n_users : int
        How many of them have an account.
    place : ndarray of int64
        Row of the place where they live.
    device : ndarray of int8
        Row in `DEVICES` of the one they mostly use.
    visits_per_s : ndarray of float64
        How often they come while active.
    phase_starts_s : ndarray of int64, shape (n_people, 4)
        When they arrive, slip, lapse and return, in seconds since 1970.
    buy_logit : ndarray of float32
        Readiness to buy what is in the cart.
    gift_shelf, gift_day : ndarray of int16 and of float32
        Where they look for presents and when these are due; -1: nowhere.
    sends_back : ndarray of float64
        Returns against what is usual for the shelf.
    """

    n_users: int
    place: NDArray[np.int64]
    device: NDArray[np.int8]
    visits_per_s: NDArray[np.float64]
    phase_starts_s: NDArray[np.int64]
    buy_logit: Floats
    gift_shelf: NDArray[np.int16]
    gift_day: Floats
    sends_back: NDArray[np.float64]

    @property
    def anonymous_ids(self) -> NDArray[np.str_]:
        """The ids of the cookies, shape (n_people,)."""
        return np.array([f"a{row:07d}" for row in range(1, len(self.place) + 1)])

    @property
    def person_ids(self) -> NDArray[np.str_]:
        """The user ids, then the visitors' anonymous ids, shape (n_people,)."""
        users = [f"u{row:07d}" for row in range(1, self.n_users + 1)]
        return np.concatenate([np.array(users), self.anonymous_ids[self.n_users :]])


def make_people(
    settings: SimulationSettings, words: Vocabulary, rng: np.random.Generator
) -> People:
    """Draw the people.

    Parameters
    ----------
    settings : SimulationSettings
        How many, and the period.
    words : Vocabulary
        The places, and the shelves that presents come from.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    People
    """
    n_visitors = int(settings.n_users * VISITORS_PER_USER_YEAR * settings.days / YEAR_DAYS)
    n_people = settings.n_users + n_visitors
    is_user = np.arange(n_people) < settings.n_users
    places = np.array([place.share for place in words.places])
    giftable = np.flatnonzero([shelf.giftable for shelf in words.shelves])
    gives = is_user & (rng.random(n_people) < GIFT_BUYER_SHARE)
    browses = rng.random(n_people) < BROWSER_SHARE
    phases = _phases(settings, is_user, rng)
    at_christmas = rng.random(n_people) < CHRISTMAS_SHARE
    birthday = rng.random(n_people) * YEAR_DAYS
    sends_back = rng.random(n_people) < SENDS_BACK_SHARE
    return People(
        n_users=settings.n_users,
        place=rng.choice(len(places), size=n_people, p=places / places.sum()),
        device=rng.choice(len(DEVICES), size=n_people, p=_DEVICE_SHARES).astype(np.int8),
        visits_per_s=_visits_per_s(phases, is_user, rng),
        phase_starts_s=phases,
        buy_logit=np.where(browses, BROWSER_LOGIT, rng.normal(-0.2, 0.8, size=n_people)).astype(
            np.float32
        ),
        gift_shelf=np.where(gives, rng.choice(giftable, size=n_people), NO_SHELF).astype(np.int16),
        gift_day=np.where(at_christmas, CHRISTMAS_DAY, birthday).astype(np.float32),
        sends_back=np.where(sends_back, SENDS_BACK_FACTOR, 1.0),
    )


def _phases(
    settings: SimulationSettings, is_user: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw when people arrive, slip, lapse and return; who is known already is active at first."""
    n_people = len(is_user)
    period_s = settings.end_s - settings.start_s
    before = is_user & (rng.random(n_people) < KNOWN_SHARE)
    arrives = settings.start_s + np.where(
        before, -rng.random(n_people) * KNOWN_DAYS * DAY_S, rng.random(n_people) * period_s
    )
    active_days = np.where(
        is_user, rng.exponential(ACTIVE_DAYS, n_people), rng.uniform(*VISITOR_DAYS, n_people)
    )
    slipping_days = np.where(is_user, rng.exponential(SLIPPING_DAYS, n_people), 0)
    away_days = rng.exponential(AWAY_DAYS, n_people)
    returns = is_user & (rng.random(n_people) < RETURNING_SHARE)
    slips = np.maximum(arrives, settings.start_s) + active_days * DAY_S
    lapses = slips + slipping_days * DAY_S
    comes_back = np.where(returns, lapses + away_days * DAY_S, settings.end_s)
    phases = np.column_stack([arrives, slips, lapses, comes_back])
    return np.asarray(np.minimum(phases, settings.end_s), dtype=np.int64)


def _visits_per_s(
    phases: NDArray[np.int64], is_user: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw how often people come; a visitor's few days hold their few visits."""
    n_people = len(is_user)
    mean_one = rng.lognormal(-(ACTIVITY_SPREAD**2) / 2, ACTIVITY_SPREAD, size=n_people)
    stay_s = np.maximum(phases[:, 1] - phases[:, 0], 1)
    usual = np.where(is_user, USER_VISITS_PER_YEAR / (YEAR_DAYS * DAY_S), VISITOR_VISITS / stay_s)
    return usual * np.where(is_user, mean_one, 1.0)


def is_active(phase_starts_s: NDArray[np.int64], at_s: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say whether people are in a phase in which they come.

    Parameters
    ----------
    phase_starts_s : ndarray of int64, shape (n, 4)
        When each arrives, slips, lapses and returns.
    at_s : ndarray of int64, shape (n,)
        Seconds since 1970.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> is_active(np.array([[10, 20, 30, 40]] * 3), np.array([9, 25, 35])).tolist()
    [False, True, False]
    """
    arrives, _, lapses, returns = phase_starts_s.T
    return np.asarray(((arrives <= at_s) & (at_s < lapses)) | (at_s >= returns))


def user_table(people: People, words: Vocabulary, rng: np.random.Generator) -> pa.Table:
    """Write the people with an account as the shop would export them.

    Parameters
    ----------
    people : People
        Everybody.
    words : Vocabulary
        The places.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    pyarrow.Table
        `USER_SCHEMA` with the column `device` behind it.
    """
    n_users = people.n_users
    agreed = rng.random((n_users, len(PURPOSES))) < _CONSENT_SHARES
    unknown = rng.random(n_users) < CONSENT_UNKNOWN_SHARE
    consent = [
        None if silent else [purpose for purpose, yes in zip(PURPOSES, row, strict=True) if yes]
        for silent, row in zip(unknown, agreed, strict=True)
    ]
    places = [words.places[row] for row in people.place[:n_users]]
    columns = {
        "user_id": people.person_ids[:n_users],
        "country": [place.country for place in places],
        "timezone": [place.timezone for place in places],
        "consent": consent,
        "created_at": people.phase_starts_s[:n_users, 0].astype("datetime64[s]"),
        "device": [DEVICES[row] for row in people.device[:n_users]],
    }
    return pa.table(columns, schema=pa.schema([*USER_SCHEMA, pa.field("device", pa.string())]))
