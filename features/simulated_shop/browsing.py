"""Browsing: what is shown in each visit, and how people respond by the truth."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.simulated_shop.responses import (
    gift_pull,
    is_on_sale,
    response_chances,
    shelf_season,
)
from features.simulated_shop.seasons import day_of_year
from features.simulated_shop.sessions import NO_STAPLE, Sessions
from features.simulated_shop.world import World

SHOWN: Final = 0
CLICKED: Final = 1
CARTED: Final = 2
BOUGHT: Final = 3

MOST_SHELVES: Final = 3
SECOND_SHELF_SHARE: Final = 0.45
THIRD_SHELF_SHARE: Final = 0.15

COMES_BACK_TO_VIEWED: Final = 0.12
COMES_BACK_TO_CARTED: Final = 0.5
ROUNDS: Final = 2
"""In the next visit people are shown again some of what they left; so also in the one after."""

GOLDEN_RATIO: Final = (np.sqrt(5) - 1) / 2
"""Steps of this length spread evenly over the display, however many there are."""

_BLOCK: Final = 16_384  # sessions at once: bounds the memory, keeps the arrays in the cache


@dataclass(frozen=True, slots=True)
class Exposures:
    """Items shown to people; arrays of shape (n_exposures,).

    Parameters
    ----------
    session, item : ndarray of int64
        Rows.
    position : ndarray of int64
        How many items were shown before in the visit.
    outcome : ndarray of int8
        The last step taken: `SHOWN`, `CLICKED`, `CARTED` or `BOUGHT`.
    """

    session: NDArray[np.int64]
    item: NDArray[np.int64]
    position: NDArray[np.int64]
    outcome: NDArray[np.int8]

    def at_s(self, sessions: Sessions) -> NDArray[np.int64]:
        """When each item was shown, in seconds since 1970."""
        waited_s = self.position * sessions.pace_s[self.session]
        return sessions.start_s[self.session] + waited_s.astype(np.int64)

    def where(self, chosen: NDArray[Any]) -> "Exposures":
        """Keep the chosen ones."""
        return Exposures(
            self.session[chosen], self.item[chosen], self.position[chosen], self.outcome[chosen]
        )


def browse(sessions: Sessions, world: World, rng: np.random.Generator) -> Exposures:
    """Show items in every visit and let people respond.

    Parameters
    ----------
    sessions : Sessions
        The visits.
    world : World
        Its display says what is shown, its truth how people respond.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    Exposures
        All that were clicked, and the others where the visit is tracked.
    """
    n_sessions = len(sessions.person)
    shown = [_restocked(sessions, world, rng)]
    for first in range(0, n_sessions, _BLOCK):
        rows = np.arange(first, min(first + _BLOCK, n_sessions))
        visits = _visit_shelves(rows, sessions, world, rng)
        shown.append(_recorded(_shown(visits, sessions, world, rng), sessions))
    latest = _concatenated(shown)
    rounds = [latest]
    for _ in range(ROUNDS):
        latest = _left_before(latest, sessions, world, rng)
        rounds.append(latest)
    return _recorded(_concatenated(rounds), sessions)


def _recorded(exposures: Exposures, sessions: Sessions) -> Exposures:
    """Keep what the shop's log would know."""
    return exposures.where((exposures.outcome > SHOWN) | sessions.tracked[exposures.session])


def _concatenated(parts: list[Exposures]) -> Exposures:
    return Exposures(
        session=np.concatenate([part.session for part in parts]),
        item=np.concatenate([part.item for part in parts]),
        position=np.concatenate([part.position for part in parts]),
        outcome=np.concatenate([part.outcome for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class _ShelfVisits:
    """A session's way through the shop: shelf after shelf, how many items on each."""

    session: NDArray[np.int64]
    shelf: NDArray[np.int64]
    n_shown: NDArray[np.int64]


def _visit_shelves(
    rows: NDArray[np.int64], sessions: Sessions, world: World, rng: np.random.Generator
) -> _ShelfVisits:
    """Choose up to three shelves for each visit, by interest, season and presents to buy."""
    truth, person = world.truth, sessions.person[rows]
    day = day_of_year(sessions.start_s[rows])[:, None]
    shelves = np.arange(len(truth.shelf_paths))
    season = shelf_season(truth, shelves, hemisphere=truth.hemisphere[person, None], day=day)
    pull = world.interest[person] + season + gift_pull(truth, person[:, None], shelves, day=day)
    until = np.cumsum(np.exp(pull), axis=1)
    draw = rng.random((len(rows), MOST_SHELVES), dtype=np.float32) * until[:, -1:]
    shelf = np.stack([(until <= draw[:, [nth]]).sum(axis=1) for nth in range(MOST_SHELVES)], axis=1)
    more = rng.random(len(rows))
    n_shelves = 1 + (more < SECOND_SHELF_SHARE) + (more < THIRD_SHELF_SHARE)
    n_each = sessions.n_shown[rows] // n_shelves
    n_shown = np.where(np.arange(MOST_SHELVES) < n_shelves[:, None], n_each[:, None], 0)
    return _ShelfVisits(
        session=np.repeat(rows, MOST_SHELVES),
        shelf=np.minimum(shelf, len(shelves) - 1).ravel(),
        n_shown=n_shown.ravel(),
    )


def _shown(
    visits: _ShelfVisits, sessions: Sessions, world: World, rng: np.random.Generator
) -> Exposures:
    """Show items of each visited shelf, spread evenly over its display."""
    visit = np.repeat(np.arange(len(visits.shelf)), visits.n_shown)
    before = np.cumsum(visits.n_shown) - visits.n_shown
    nth = np.arange(len(visit)) - before[visit]
    offset = rng.random(len(visits.shelf))
    draw = (offset[visit] + nth * GOLDEN_RATIO) % 1.0
    item = world.display.pick(visits.shelf[visit], draw)
    session = visits.session[visit]
    index = np.arange(len(session))
    begins = np.diff(session, prepend=-1) > 0
    position = index - np.maximum.accumulate(np.where(begins, index, 0))
    age_s = sessions.start_s[session] - world.truth.released_s[item]
    kept = world.display.kept(item, age_s, rng.random(len(item), dtype=np.float32))
    offered = _offered(session, item, position).where(kept)
    return _responded(offered, sessions, world, rng)


def _restocked(sessions: Sessions, world: World, rng: np.random.Generator) -> Exposures:
    """Show people the staple that they came for."""
    session = np.flatnonzero(sessions.staple != NO_STAPLE)
    item = world.truth.staple_item[sessions.staple[session]].astype(np.int64)
    position = np.zeros(len(session), dtype=np.int64)
    return _responded(_offered(session, item, position), sessions, world, rng)


def _left_before(
    earlier: Exposures, sessions: Sessions, world: World, rng: np.random.Generator
) -> Exposures:
    """Show people in their next visit some of what they viewed or carted and did not buy."""
    share = np.array([0.0, COMES_BACK_TO_VIEWED, COMES_BACK_TO_CARTED, 0.0])
    again = earlier.where(rng.random(len(earlier.item)) < share[earlier.outcome])
    session = again.session + 1
    last = len(sessions.person) - 1
    same = (session <= last) & (
        sessions.person[np.minimum(session, last)] == sessions.person[again.session]
    )
    session, item = session[same], again.item[same]
    position = sessions.n_shown[session] + rng.integers(0, 5, size=len(session))
    return _responded(_offered(session, item, position), sessions, world, rng)


def _offered(
    session: NDArray[np.int64], item: NDArray[np.int64], position: NDArray[np.int64]
) -> Exposures:
    return Exposures(session, item, position, np.full(len(item), SHOWN, dtype=np.int8))


def _responded(
    offered: Exposures, sessions: Sessions, world: World, rng: np.random.Generator
) -> Exposures:
    """Show what is on sale and let people respond."""
    at_s = offered.at_s(sessions)
    on_sale = is_on_sale(world.truth, offered.item, at_s=at_s)
    shown, n = offered.where(on_sale), int(on_sale.sum())
    person = sessions.person[shown.session]
    chances = response_chances(world.truth, person, shown.item, at_s=at_s[on_sale])
    clicked = rng.random(n, dtype=np.float32) < chances.click
    carted = clicked & (rng.random(n, dtype=np.float32) < chances.cart)
    bought = carted & (sessions.checkout_draw[shown.session] < chances.buy)
    return replace(shown, outcome=clicked.astype(np.int8) + carted + bought)
