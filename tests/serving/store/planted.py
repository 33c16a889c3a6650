"""Events and lists for the store's tests; what a test does not name is the same everywhere."""

from dataclasses import replace
from typing import Final

from features.events import EventType
from serving.store import Event, LoggedList, PersonNews, Store

NOW_US: Final = 1_717_200_000_000_000
"""What the clock of the tests' stores says: 1 June 2024."""
SECOND_US: Final = 1_000_000
EVERYTHING: Final = 10**9

_VIEW: Final = Event("", EventType.VIEW, None, None, "mug", NOW_US)
_LIST: Final = LoggedList(
    recommendation_id="list",
    person="ann",
    placement="home",
    scenario=None,
    model_version="model",
    config_version="config",
    at_us=NOW_US,
    item_ids=("mug", "lamp"),
    positions=(1, 2),
    scores=(0.75, 0.5),
    propensities=(1.0, 0.25),
)


def view(event_id: str, **named: object) -> Event:
    """Make a view of the mug, by nobody, now."""
    return replace(_VIEW, event_id=event_id, **named)


def views(*event_ids: str, **named: object) -> list[Event]:
    """Make such views, a second apart."""
    return [
        view(event_id, timestamp_us=NOW_US + place * SECOND_US, **named)
        for place, event_id in enumerate(event_ids)
    ]


def logged(recommendation_id: str, **named: object) -> LoggedList:
    """Make a list of the mug and the lamp for Ann on the home page, now."""
    return replace(_LIST, recommendation_id=recommendation_id, **named)


def news_of(store: Store, person: str | None, **named: object) -> PersonNews:
    """Ask for everything that one person ever did."""
    (news,) = store.people([person], **{"after_us": 0, "after_batch": None, **named})
    return news


def ids_kept(store: Store) -> list[str]:
    """Give the ids of the events that are in no batch, in the order of their numbers."""
    return [event.event_id for _, event in store.unsynced_events(EVERYTHING)]
