"""Trials: each of the sample in some situations, with what a scenario waits for done by hand."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from features.events import EventType
from serving.news import News
from serving.placements.scenario import Scenario
from serving.rehearsal.sample import ask_as
from serving.rehearsal.situations import Coming, comings
from serving.schemas import RecommendRequest
from serving.schemas.requests import Context
from serving.store import PersonNews
from training.bundle import Bundle

EACH: Final = 4
"""How often each of the sample comes."""

_ON_THE_PAGE: Final = 2
_MOST_DEEDS: Final = 3
_HOUR_S: Final = 3600

Deeds = tuple[tuple[EventType, float], ...]
"""What somebody did just now, and how many hours ago."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One of the sample who comes once.

    Parameters
    ----------
    place : int
        Which of the sample.
    person : str
        By key.
    coming : Coming
        How.
    on_the_page : tuple of str
        Items that they look at, or have in the cart.
    touched : tuple of str
        Items for what a scenario waits for; one for each deed.
    """

    place: int
    person: str
    coming: Coming
    on_the_page: tuple[str, ...]
    touched: tuple[str, ...]

    def request(self, placement: str) -> RecommendRequest:
        """Ask for a placement's list."""
        context = Context(country=self.coming.country, device=self.coming.device)
        asked = {"placement": placement, "context": context}
        return ask_as(self.person).model_copy(
            update={**asked, "session_items": list(self.on_the_page)}
        )

    def news(self, known: PersonNews, deeds: Deeds) -> PersonNews:
        """Add deeds to what is known of the person."""
        at_s = int(self.coming.at.timestamp())
        times = [at_s - round(hours * _HOUR_S) for _, hours in deeds]
        return replace(
            known,
            item_ids=[*known.item_ids, *self.touched[: len(deeds)]],
            event_types=[*known.event_types, *(kind.code for kind, _ in deeds)],
            timestamps_s=[*known.timestamps_s, *times],
            counts=[*known.counts, *(1 for _ in deeds)],
        )

    def __str__(self) -> str:
        page = f", {', '.join(self.on_the_page)} on the page" if self.on_the_page else ""
        return f"{self.person}, {self.coming}{page}"


def draw_trials(
    bundle: Bundle, people: Sequence[str], *, after: datetime, seed: int
) -> list[Trial]:
    """Let everybody come in some situations of the grid, every second time with a page.

    Parameters
    ----------
    bundle : Bundle
        Items are drawn as often as its people did something with them.
    people : sequence of n str
        Their keys.
    after : datetime
        Aware; everybody comes later.
    seed : int
        The same seed draws the same.

    Returns
    -------
    list of EACH n Trial
        Those of the same moment together. The situations come equally often.
    """
    rng = np.random.default_rng(seed)
    grid, n_trials = comings(after), EACH * len(people)
    rounds = math.ceil(n_trials / len(grid))
    chosen = np.concatenate([rng.permutation(len(grid)) for _ in range(rounds)])[:n_trials]
    items = _seen_items(bundle, rng, n_trials)
    trials = [
        Trial(
            place=number // EACH,
            person=people[number // EACH],
            coming=grid[situation],
            on_the_page=tuple(items[number][:_ON_THE_PAGE]) if number % 2 else (),
            touched=tuple(items[number][_ON_THE_PAGE:]),
        )
        for number, situation in enumerate(chosen.tolist())
    ]
    return sorted(trials, key=lambda trial: trial.coming.at)


def awaited(scenario: Scenario) -> Deeds:
    """Give the deeds that a scenario waits for, each in good time.

    Examples
    --------
    >>> awaited(Scenario(name="one", situation={"carted_within_hours": 24}))
    ((<EventType.CART: 'cart'>, 1.0),)
    """
    hours = {
        EventType.CART: scenario.situation.carted_within_hours,
        EventType.VIEW: scenario.situation.viewed_within_hours,
        EventType.PURCHASE: scenario.situation.purchased_within_hours,
    }
    return tuple(
        (kind, min(1.0, within / 2)) for kind, within in hours.items() if within is not None
    )


def news_for(news: News, trials: Sequence[Trial], deeds: Deeds = ()) -> News:
    """Give what is known in each of n trials.

    Parameters
    ----------
    news : News
        Of the sample.
    trials : sequence of n Trial
        Who comes.
    deeds : tuple of (EventType, float)
        What everybody did just now.
    """
    return replace(
        news,
        people=[trial.news(news.people[trial.place], deeds) for trial in trials],
        shown=[news.shown[trial.place] for trial in trials] if news.shown else (),
    )


def _seen_items(bundle: Bundle, rng: np.random.Generator, n_trials: int) -> list[list[str]]:
    """Draw items that may be shown: for each trial those of a page, and one for each deed."""
    shown, done_with = bundle.catalogue.recommendable, bundle.histories.item_rows
    wanted = done_with[shown[done_with]]
    drawn = rng.choice(
        wanted if len(wanted) else np.flatnonzero(shown), (n_trials, _ON_THE_PAGE + _MOST_DEEDS)
    )
    return [bundle.items.ids(rows) for rows in drawn]
