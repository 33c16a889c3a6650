"""Baskets: the events that browsing leaves behind, from impression to return."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.events import EventType
from features.simulated_shop.browsing import BOUGHT, CARTED, CLICKED, Exposures
from features.simulated_shop.seasons import DAY_S
from features.simulated_shop.sessions import Sessions
from features.simulated_shop.world import World

WISHLIST_SHARE: Final = 0.04
REMOVED_SHARE: Final = 0.3
"""Of the items viewed and not carted; of the items carted and not bought."""

CHECKOUT_ITEMS: Final = 10
CHECKOUT_S: Final = 120
"""Checkout takes as long as looking at ten items, and two minutes."""

EXTRA_CONSUMABLES: Final = 0.4
PAIR_SHARE: Final = 0.06
"""Units beyond the first: their mean for what is used up; how often two of anything else."""

MOST_RETURNED: Final = 0.9
RETURN_DAYS: Final = (3.0, 30.0)
WHOLE_RETURN_SHARE: Final = 0.7
"""When things come back, and how often all the units of a line do."""


@dataclass(frozen=True, slots=True)
class Events:
    """Events as arrays of shape (n_events,).

    Parameters
    ----------
    event_type : ndarray of int8
        `EventType.code`.
    session : ndarray of int64
        Row of the visit; a return's is the visit in which it was bought.
    item : ndarray of int64
        Row.
    at_s : ndarray of int64
        Seconds since 1970.
    quantity : ndarray of int32
        Units.
    """

    event_type: NDArray[np.int8]
    session: NDArray[np.int64]
    item: NDArray[np.int64]
    at_s: NDArray[np.int64]
    quantity: NDArray[np.int32]


def make_events(
    exposures: Exposures, sessions: Sessions, world: World, rng: np.random.Generator
) -> Events:
    """Write down what the shop sees of people's responses.

    Parameters
    ----------
    exposures : Exposures
        What was shown, with the responses.
    sessions : Sessions
        The visits.
    world : World
        The shop; what comes back after its period is not seen.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    Events
        In no particular order.
    """
    consumed = np.array([shelf.restock_days > 0 for shelf in world.words.shelves])
    once = ~consumed[world.truth.item_shelf]
    settled = _settled(exposures, sessions, bought_once=once)
    quantity = _quantities(~once[settled.item], rng)
    purchases = _purchases(settled, quantity, sessions)
    return _together(
        [
            _viewed(settled, sessions, rng),
            _carted(settled, quantity, sessions, rng),
            purchases,
            _returned(purchases, sessions, world, rng),
        ]
    )


def _settled(
    exposures: Exposures, sessions: Sessions, *, bought_once: NDArray[np.bool_]
) -> Exposures:
    """Nobody carts the same item twice in a visit, nor buys again what lasts."""
    carted = np.flatnonzero(exposures.outcome >= CARTED)
    outcome = exposures.outcome.copy()
    at_s = exposures.at_s(sessions)
    outcome[carted[_repeated(exposures.session[carted], exposures.item[carted], at_s[carted])]] = (
        CLICKED
    )
    bought = np.flatnonzero((outcome == BOUGHT) & bought_once[exposures.item])
    person = sessions.person[exposures.session]
    outcome[bought[_repeated(person[bought], exposures.item[bought], at_s[bought])]] = CLICKED
    return replace(exposures, outcome=outcome)


def _repeated(
    who: NDArray[Any], item: NDArray[np.int64], at_s: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Mark all but the first of each (who, item)."""
    order = np.lexsort((at_s, item, who))
    same = (np.diff(who[order]) == 0) & (np.diff(item[order]) == 0)
    repeated = np.zeros(len(order), dtype=np.bool_)
    repeated[order[1:]] = same
    return repeated


def _quantities(consumable: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int32]:
    extra = rng.poisson(EXTRA_CONSUMABLES, size=len(consumable))
    pair = rng.random(len(consumable)) < PAIR_SHARE
    return (1 + np.where(consumable, extra, pair)).astype(np.int32)


def _viewed(exposures: Exposures, sessions: Sessions, rng: np.random.Generator) -> Events:
    """Impressions and clicks where the visit is tracked, views, and some wishes."""
    n = len(exposures.item)
    at_s = exposures.at_s(sessions)
    view_s = at_s + rng.integers(2, 7, size=n)
    tracked = sessions.tracked[exposures.session]
    clicked = exposures.outcome >= CLICKED
    wished = (exposures.outcome == CLICKED) & (rng.random(n) < WISHLIST_SHARE)
    return _together(
        [
            _events(EventType.IMPRESSION, exposures, at_s, chosen=tracked),
            _events(EventType.CLICK, exposures, view_s - 1, chosen=tracked & clicked),
            _events(EventType.VIEW, exposures, view_s, chosen=clicked),
            _events(EventType.WISHLIST, exposures, view_s + 15, chosen=wished),
        ]
    )


def _carted(
    exposures: Exposures,
    quantity: NDArray[np.int32],
    sessions: Sessions,
    rng: np.random.Generator,
) -> Events:
    """Put into carts, and take out again some of what is not bought."""
    n = len(exposures.item)
    cart_s = exposures.at_s(sessions) + rng.integers(20, 40, size=n)
    removed_s = cart_s + rng.integers(15, 60, size=n)
    carted = exposures.outcome >= CARTED
    removed = (exposures.outcome == CARTED) & (rng.random(n) < REMOVED_SHARE)
    return _together(
        [
            _events(EventType.CART, exposures, cart_s, chosen=carted, quantity=quantity),
            _events(
                EventType.REMOVE_FROM_CART, exposures, removed_s, chosen=removed, quantity=quantity
            ),
        ]
    )


def _purchases(exposures: Exposures, quantity: NDArray[np.int32], sessions: Sessions) -> Events:
    """Pay for all that is bought in a visit at once, as one order, at the end."""
    items_s = (sessions.n_shown + CHECKOUT_ITEMS) * sessions.pace_s
    checkout_s = sessions.start_s + items_s.astype(np.int64) + CHECKOUT_S
    return _events(
        EventType.PURCHASE,
        exposures,
        checkout_s[exposures.session],
        chosen=exposures.outcome == BOUGHT,
        quantity=quantity,
    )


def _returned(
    purchases: Events, sessions: Sessions, world: World, rng: np.random.Generator
) -> Events:
    """Send some purchases back, as often as their shelf and their buyer do."""
    n = len(purchases.item)
    usual = np.array([shelf.returned for shelf in world.words.shelves])
    sends_back = world.people.sends_back[sessions.person[purchases.session]]
    chance = usual[world.truth.item_shelf[purchases.item]] * sends_back
    at_s = purchases.at_s + (rng.uniform(*RETURN_DAYS, size=n) * DAY_S).astype(np.int64)
    some = rng.integers(1, purchases.quantity, endpoint=True)
    quantity = np.where(rng.random(n) < WHOLE_RETURN_SHARE, purchases.quantity, some)
    returned = (rng.random(n) < np.minimum(chance, MOST_RETURNED)) & (at_s < world.settings.end_s)
    return Events(
        event_type=np.full(int(returned.sum()), EventType.RETURN.code, dtype=np.int8),
        session=purchases.session[returned],
        item=purchases.item[returned],
        at_s=at_s[returned],
        quantity=quantity[returned].astype(np.int32),
    )


def _events(
    event_type: EventType,
    exposures: Exposures,
    at_s: NDArray[np.int64],
    *,
    chosen: NDArray[np.bool_],
    quantity: NDArray[np.int32] | None = None,
) -> Events:
    n = int(chosen.sum())
    return Events(
        event_type=np.full(n, event_type.code, dtype=np.int8),
        session=exposures.session[chosen],
        item=exposures.item[chosen],
        at_s=at_s[chosen],
        quantity=np.ones(n, dtype=np.int32) if quantity is None else quantity[chosen],
    )


def _together(parts: list[Events]) -> Events:
    return Events(
        **{
            each.name: np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(Events)
        }
    )
