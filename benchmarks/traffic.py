"""Traffic: what a shop's pages ask and tell, drawn from a bundle."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final

import numpy as np
import orjson

from benchmarks.load import post
from features.ids import IdMap
from training.bundle import Bundle

RECOMMEND: Final = "recommend"
SIMILAR: Final = "similar"
EVENTS: Final = "events"

_AWAKE_OF: Final = 2
_NEW_EVENTS: Final = 3
_NEW_ONE_IN: Final = 4

Body = dict[str, Any]


def drawn(ids: IdMap, n: int, *, seed: int) -> list[str]:
    """Draw ids, each once while there are any."""
    rows = np.random.default_rng(seed).permutation(len(ids))
    return list(ids.ids(np.resize(rows, n)))


def lists(bundle: Bundle, n: int) -> dict[str, list[Body]]:
    """Ask for n lists of ten for known users, and about n items, by endpoint."""
    users, items = drawn(bundle.users, n, seed=0), drawn(bundle.items, n, seed=1)
    return {
        RECOMMEND: [{"user_id": one, "num_results": 10} for one in users],
        SIMILAR: [{"item_id": one, "num_results": 10} for one in items],
    }


def as_posts(endpoint: str, bodies: Sequence[Body], *, key: str) -> list[bytes]:
    """Give requests as the bytes that go over the wire."""
    return [post(f"/v1/{endpoint}", orjson.dumps(one), key=key) for one in bodies]


def news_of(bundle: Bundle, n_users: int) -> list[Body]:
    """Let every second of the first n users that `lists` asks for do three things.

    So a list is made from what the bundle knows and, for half of the people, from what the store
    adds to it, as in a shop between two trainings.
    """
    users = drawn(bundle.users, n_users, seed=0)[::_AWAKE_OF]
    items = drawn(bundle.items, _NEW_EVENTS * len(users), seed=2)
    return [
        view(f"news-{n}", item, user_id=users[n // _NEW_EVENTS]) for n, item in enumerate(items)
    ]


def view(event_id: str, item_id: str, **person: str) -> Body:
    """Give the event that somebody looks at an item."""
    return {"event_id": event_id, "event_type": "view", "item_id": item_id, **person}


def event_batches(bundle: Bundle, name: str, *, n: int, size: int) -> list[Body]:
    """Give n posts of events, all different, with what storefronts send of an event.

    Parameters
    ----------
    bundle : Bundle
        Whose people look at whose items.
    name : str
        Begins every `event_id`; each call has another one.
    n : int
        How many posts.
    size : int
        How many events in each.
    """
    items, users = drawn(bundle.items, n * size, seed=3), drawn(bundle.users, n * size, seed=4)
    events = [
        {
            **view(f"{name}-{number}", item, user_id=user),
            "session_id": f"session-{number // 5}",
            "price": 9.5,
            "device": "mobile",
        }
        for number, (item, user) in enumerate(zip(items, users, strict=True))
    ]
    return [{"events": events[start : start + size]} for start in range(0, n * size, size)]


def day(bundle: Bundle, *, key: str) -> Iterator[bytes]:
    """Give requests without end as a shop's day has them, each different.

    Of ten 7 ask for a person's list, 2 about an item, and 1 tells of a view. Every fourth person
    is a visitor never seen before.
    """
    users = drawn(bundle.users, len(bundle.users), seed=5)
    items = drawn(bundle.items, len(bundle.items), seed=6)
    for n in count():
        item, user = items[n % len(items)], users[n % len(users)]
        is_new = n % _NEW_ONE_IN == 0
        person = {"anonymous_id": f"visitor-{n}"} if is_new else {"user_id": user}
        match n % 10:
            case 0:
                told = view(f"day-{n}", item, **person)
                yield post("/v1/events", orjson.dumps({"events": [told]}), key=key)
            case 1 | 2:
                yield post("/v1/similar", orjson.dumps({"item_id": item}), key=key)
            case _:
                yield post("/v1/recommend", orjson.dumps(person), key=key)
