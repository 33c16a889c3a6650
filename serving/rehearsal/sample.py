"""A sample: on whom scenarios are tried, and what is known of them by then."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeVar

import numpy as np

from features.events import ANONYMOUS_PREFIX
from serving.news import News
from serving.schemas import RecommendRequest
from serving.store import PersonNews
from training.bundle import Bundle

_NEWCOMER_IN: Final = 10

T = TypeVar("T")


def sample_people(bundle: Bundle, n_users: int, *, seed: int) -> list[str]:
    """Draw people by key: users of a bundle in its order, then newcomers whom nobody has seen.

    Parameters
    ----------
    bundle : Bundle
        The shop.
    n_users : int
        How many users; all where there are fewer. One newcomer joins ten of them.
    seed : int
        The same seed draws the same users of the same bundle.
    """
    n_all = len(bundle.users)
    drawn = np.random.default_rng(seed).choice(n_all, min(n_users, n_all), replace=False)
    newcomers = range(1, max(n_users // _NEWCOMER_IN, 1) + 1)
    return [
        *(bundle.users.id_of(row) for row in np.sort(drawn).tolist()),
        *(f"{ANONYMOUS_PREFIX}newcomer-{number}" for number in newcomers),
    ]


def ask_as(person: str) -> RecommendRequest:
    """Ask for a list as a person, who says who they are as their key does.

    Examples
    --------
    >>> ask_as("anonymous:tab-7").anonymous_id, ask_as("u1").user_id
    ('tab-7', 'u1')
    """
    if person.startswith(ANONYMOUS_PREFIX):
        return RecommendRequest(anonymous_id=person.removeprefix(ANONYMOUS_PREFIX))
    return RecommendRequest(user_id=person)


def latest(bundle: Bundle, news: News) -> datetime:
    """Give the moment of the last thing that is known: the bundle's, or one of these people's."""
    times = [at_s for person in news.people for at_s in person.timestamps_s]
    newest = datetime.fromtimestamp(max(times, default=0), UTC)
    return max(bundle.manifest.as_of, newest)


def known_by(news: News, at: datetime) -> News:
    """Leave out what people did later than a moment."""
    return replace(news, people=[_until(person, at.timestamp()) for person in news.people])


def _until(person: PersonNews, at_s: float) -> PersonNews:
    kept = [place for place, time_s in enumerate(person.timestamps_s) if time_s <= at_s]
    return replace(
        person,
        item_ids=_taken(person.item_ids, kept),
        event_types=_taken(person.event_types, kept),
        timestamps_s=_taken(person.timestamps_s, kept),
        counts=_taken(person.counts, kept),
    )


def _taken(values: Sequence[T], places: Sequence[int]) -> list[T]:
    return [values[place] for place in places]
