"""Staples: what a person keeps in the house and buys again at their own steady interval."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.simulated_shop.catalogue import Catalogue
from features.simulated_shop.display import Display
from features.simulated_shop.people import BROWSER_LOGIT, People
from features.simulated_shop.seasons import DAY_S
from features.simulated_shop.settings import SimulationSettings
from features.simulated_shop.tastes import THEMES, ItemTraits
from features.simulated_shop.truth import Floats, Truth
from features.simulated_shop.vocabulary import Vocabulary

KEEPER_SHARE: Final = 0.18
MORE_STAPLES: Final = 0.5
"""Users who buy staples here, and how many more than one each of them has."""

INTERVAL_SPREAD: Final = 0.25
"""How much people differ in how fast they use things up, as a log."""

LATENESS: Final = 0.07
"""How far from its due day a staple is bought, as a share of the interval."""

_TRIED: Final = 12  # a person chooses a staple among this many displayed items
_OUT_OF_REACH: Final = -100.0  # far below any liking


@dataclass(frozen=True, slots=True)
class Staples:
    """Who keeps what, ascending by person, then item; arrays of shape (n_staples,).

    Parameters
    ----------
    person, item : ndarray of int32
        Rows.
    first_s, interval_s : ndarray of int64
        When it is first due (seconds since 1970), and how often (seconds).
    """

    person: NDArray[np.int32]
    item: NDArray[np.int32]
    first_s: NDArray[np.int64]
    interval_s: NDArray[np.int64]


def draw_staples(
    settings: SimulationSettings,
    words: Vocabulary,
    *,
    people: People,
    catalogue: Catalogue,
    display: Display,
    taste: Floats,
    traits: ItemTraits,
    rng: np.random.Generator,
) -> Staples:
    """Let people settle on their staples by the same taste that moves their clicks.

    Parameters
    ----------
    settings : SimulationSettings
        The period.
    words : Vocabulary
        Which shelves people run out of, and how fast.
    people, catalogue, display, taste, traits
        The shop so far.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    Staples
    """
    buyers = np.flatnonzero(people.buy_logit[: people.n_users] > BROWSER_LOGIT)
    keepers = buyers[rng.random(len(buyers)) < KEEPER_SHARE]
    person = np.repeat(keepers, 1 + rng.poisson(MORE_STAPLES, size=len(keepers)))
    restock_days = np.array([shelf.restock_days for shelf in words.shelves])
    consumed = np.flatnonzero(restock_days)
    interest = np.einsum("pt,st->ps", taste[person, :THEMES], traits.themes[consumed])
    shelf = consumed[_choose(interest, rng)]
    interval = restock_days[shelf] * rng.lognormal(0.0, INTERVAL_SPREAD, size=len(person))
    interval_s = (interval * DAY_S).astype(np.int64)
    known_s = np.maximum(people.phase_starts_s[person, 0], settings.start_s)
    first_s = known_s + (rng.random(len(person)) * interval_s).astype(np.int64)
    tried = display.pick(shelf[:, None], rng.random((len(person), _TRIED)))
    on_sale = catalogue.released_s[tried] <= first_s[:, None]
    item = _settle(taste[person], tried, on_sale, traits, rng)
    _, unique = np.unique(person * len(catalogue.shelf) + item, return_index=True)
    return Staples(
        person=person[unique].astype(np.int32),
        item=item[unique].astype(np.int32),
        first_s=first_s[unique],
        interval_s=interval_s[unique],
    )


def _settle(
    taste: Floats,
    tried: NDArray[np.int64],
    on_sale: NDArray[np.bool_],
    traits: ItemTraits,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Choose for each person one of the items tried; what is not on sale only if nothing is."""
    liking = np.einsum("pd,pid->pi", taste, traits.vectors[tried]) + traits.appeal[tried]
    choice = _choose(np.where(on_sale, liking, _OUT_OF_REACH), rng)
    return tried[np.arange(len(tried)), choice]


def _choose(liking: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose one column of each row, in proportion to `exp(liking)`."""
    return np.asarray(np.argmax(liking + rng.gumbel(size=liking.shape), axis=1))


def due_visits(
    truth: Truth, settings: SimulationSettings, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Say when people come because they run out of something.

    Parameters
    ----------
    truth : Truth
        Who keeps what.
    settings : SimulationSettings
        The period.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    ndarray of int64, shape (n_visits,)
        Row in the `staple_` arrays.
    ndarray of int64, shape (n_visits,)
        When, in seconds since 1970; may lie outside the period by a day or two.
    """
    left_s = np.maximum(settings.end_s - truth.staple_first_s, 0)
    times = -(-left_s // truth.staple_interval_s)
    staple = np.repeat(np.arange(len(times)), times)
    nth = np.arange(len(staple)) - np.repeat(np.cumsum(times) - times, times)
    late = LATENESS * rng.standard_normal(len(staple))
    at_s = truth.staple_first_s[staple] + (nth + late) * truth.staple_interval_s[staple]
    return staple, at_s.astype(np.int64)
