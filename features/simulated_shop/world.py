"""The world: everything about a simulated shop that holds before anybody comes to it."""

from dataclasses import dataclass

import numpy as np

from features.simulated_shop.catalogue import Catalogue, make_catalogue
from features.simulated_shop.display import Display, make_display
from features.simulated_shop.people import People, make_people
from features.simulated_shop.settings import SimulationSettings
from features.simulated_shop.staples import Staples, draw_staples
from features.simulated_shop.tastes import THEMES, ItemTraits, draw_item_traits, draw_tastes
from features.simulated_shop.truth import Floats, Truth
from features.simulated_shop.vocabulary import Vocabulary, vocabulary


@dataclass(frozen=True, slots=True)
class World:
    """A shop and its people.

    Parameters
    ----------
    settings : SimulationSettings
        How large, for how long, and the seed.
    words : Vocabulary
        Shelves, brands, places.
    catalogue : Catalogue
        What is sold.
    display : Display
        What is shown first.
    people : People
        Who may come.
    interest : ndarray of float32, shape (n_people, n_shelves)
        Log odds that a person goes to a shelf, the season apart.
    truth : Truth
        What they want.
    """

    settings: SimulationSettings
    words: Vocabulary
    catalogue: Catalogue
    display: Display
    people: People
    interest: Floats
    truth: Truth


def make_world(settings: SimulationSettings) -> World:
    """Draw a shop and its people.

    Parameters
    ----------
    settings : SimulationSettings
        How large, for how long, and the seed.

    Returns
    -------
    World
    """
    words = vocabulary()
    goods = settings.generator("catalogue")
    catalogue = make_catalogue(settings, words, goods)
    display = make_display(catalogue.shelf, goods)
    traits = draw_item_traits(catalogue, display, words, goods)
    people = make_people(settings, words, settings.generator("people"))
    tastes = settings.generator("tastes")
    taste = draw_tastes(len(people.place), traits.themes, words, tastes)
    staples = draw_staples(
        settings,
        words,
        people=people,
        catalogue=catalogue,
        display=display,
        taste=taste,
        traits=traits,
        rng=settings.generator("staples"),
    )
    demand = np.log([shelf.demand for shelf in words.shelves], dtype=np.float32)
    return World(
        settings=settings,
        words=words,
        catalogue=catalogue,
        display=display,
        people=people,
        interest=demand + np.einsum("pt,st->ps", taste[:, :THEMES], traits.themes),
        truth=_truth(words, catalogue, people, taste=taste, traits=traits, staples=staples),
    )


def _truth(
    words: Vocabulary,
    catalogue: Catalogue,
    people: People,
    *,
    taste: Floats,
    traits: ItemTraits,
    staples: Staples,
) -> Truth:
    seasons = [shelf.season for shelf in words.shelves]
    hemispheres = np.array([place.hemisphere for place in words.places], dtype=np.int8)
    return Truth(
        person_ids=people.person_ids,
        anonymous_ids=people.anonymous_ids,
        taste=taste,
        hemisphere=hemispheres[people.place],
        buy_logit=people.buy_logit,
        gift_shelf=people.gift_shelf,
        gift_day=people.gift_day,
        phase_starts_s=people.phase_starts_s,
        item_ids=catalogue.item_ids,
        item_vectors=traits.vectors,
        item_appeal=traits.appeal,
        item_shelf=catalogue.shelf,
        released_s=catalogue.released_s,
        retired_s=catalogue.retired_s,
        shelf_paths=np.array([shelf.path for shelf in words.shelves]),
        season_amplitude=np.array([each.amplitude for each in seasons], dtype=np.float32),
        season_peak_day=np.array([each.peak_day for each in seasons], dtype=np.float32),
        season_sharpness=np.array([each.sharpness for each in seasons], dtype=np.float32),
        season_everywhere=np.array([each.everywhere for each in seasons]),
        staple_person=staples.person,
        staple_item=staples.item,
        staple_first_s=staples.first_s,
        staple_interval_s=staples.interval_s,
    )
