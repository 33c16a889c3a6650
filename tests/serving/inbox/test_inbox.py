"""The inbox on the real store: each event once, durable, and the next reader knows."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalog import ITEM_SCHEMA
from serving.errors import StoreUnavailable
from serving.group_commit import GroupCommit
from serving.inbox.inbox import Inbox, post_events, post_identities, put_consents, put_items
from serving.inbox.wire import (
    ConsentsRequest,
    EventsAnswer,
    EventsRequest,
    IdentitiesAnswer,
    IdentitiesRequest,
    ItemsRequest,
    UpdatedAnswer,
)
from serving.store import Store, open_store
from serving.store.events import Event
from serving.store.items import ItemChange

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
SQL = "'; DROP TABLE events; --"

EXAMPLES = count()

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def any_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Open one store for all examples of a law."""
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('any') / 'store.db'}")
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open a store of its own for a test."""
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


def run(store: Store, scenario: Callable[[Inbox], Awaitable[Any]]) -> Any:  # noqa: ANN401
    async def all_of_it() -> Any:  # noqa: ANN401
        inbox = Inbox.of(store)
        try:
            return await scenario(inbox)
        finally:
            await inbox.events.close()

    return asyncio.run(all_of_it())


def view(event_id: str, **columns: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return {"event_id": event_id, "event_type": "view", "item_id": "lamp", **columns}


def post(store: Store, *posts: Sequence[Any]) -> list[Answer]:
    """Post events, all posts at once."""

    async def scenario(inbox: Inbox) -> list[Answer]:
        requests = [EventsRequest(events=list(events)) for events in posts]
        return await asyncio.gather(*(post_events(inbox, one, now=NOW) for one in requests))

    answers: list[Answer] = run(store, scenario)
    for answer in answers:
        EventsAnswer.model_validate(answer)
    return answers


def seen_of(store: Store, person: str) -> list[str]:
    (news,) = store.people([person], after_us=0, after_batch=None)
    return list(news.item_ids)


def test_events_are_accepted_once_and_wrong_ones_are_told(store: Store) -> None:
    events = [view("e1", user_id="anna"), view("e2", price=-1), view("e1", user_id="anna")]

    (first,) = post(store, events)
    (again,) = post(store, events)

    assert (first["accepted"], first["duplicates"]) == (1, 1)
    assert (again["accepted"], again["duplicates"]) == (0, 2)
    assert [one["index"] for one in first["rejected"]] == [1]
    assert seen_of(store, "anna") == ["lamp"]


def test_a_post_of_wrong_events_only_is_answered(store: Store) -> None:
    (answer,) = post(store, [7, None])

    assert (answer["accepted"], answer["duplicates"], len(answer["rejected"])) == (0, 0, 2)


def test_fifty_callers_with_the_same_events_have_each_accepted_once(store: Store) -> None:
    ids = [f"e{number}" for number in range(60)]
    posts = [[view(ids[(7 * caller + n) % 60]) for n in range(20)] for caller in range(50)]

    answers = post(store, *posts)

    assert sum(answer["accepted"] for answer in answers) == 60
    assert sum(answer["duplicates"] for answer in answers) == 50 * 20 - 60


def test_two_workers_with_the_same_events_have_each_accepted_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    stores = [open_store(url), open_store(url)]
    requests = [EventsRequest(events=[view(f"e{n}") for n in range(k, k + 30)]) for k in range(20)]

    async def scenario() -> list[Answer]:
        inboxes = [Inbox.of(store) for store in stores]
        posts = [post_events(inbox, one, now=NOW) for one in requests for inbox in inboxes]
        answers = await asyncio.gather(*posts)
        await asyncio.gather(*(inbox.events.close() for inbox in inboxes))
        return answers

    answers = asyncio.run(scenario())

    assert sum(answer["accepted"] for answer in answers) == 49
    assert sum(answer["duplicates"] for answer in answers) == 2 * 20 * 30 - 49
    for store in stores:
        store.close()


def test_sql_in_every_text_is_text(store: Store) -> None:
    said = dict.fromkeys(("order_id", "session_id", "country", "device", "recommendation_id"), SQL)

    (answer,) = post(store, [view(SQL, item_id=SQL, user_id=SQL, **said)])

    assert answer["accepted"] == 1
    assert seen_of(store, SQL) == [SQL]


@given(
    ids=st.lists(
        st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4), min_size=1, max_size=6
    )
)
def test_each_id_is_accepted_once_however_it_is_posted(
    any_store: Store, ids: list[list[str]]
) -> None:
    example = next(EXAMPLES)

    answers = post(any_store, *([view(f"{example}-{one}") for one in together] for together in ids))

    posted = [one for together in ids for one in together]
    assert sum(answer["accepted"] for answer in answers) == len(set(posted))
    assert sum(answer["duplicates"] for answer in answers) == len(posted) - len(set(posted))


def test_an_item_that_is_put_is_changed_in_what_was_stated(store: Store) -> None:
    async def scenario(inbox: Inbox) -> Answer:
        items = [{"item_id": "lamp", "hidden": True}, {"item_id": "mug", "price": -1}]
        request = ItemsRequest(items=items)
        return await put_items(inbox, request, schema=ITEM_SCHEMA, now=NOW)

    before = store.revisions().items
    answer = run(store, scenario)

    UpdatedAnswer.model_validate(answer)
    assert (answer["updated"], [one["index"] for one in answer["rejected"]]) == (1, [1])
    assert store.item_changes() == [ItemChange("lamp", {"hidden": True})]
    assert store.revisions().items > before


def test_what_an_anonymous_visitor_did_is_the_users_after_a_link(store: Store) -> None:
    post(store, [view("e1", anonymous_id="a1"), view("e2", anonymous_id="a2")])

    async def scenario(inbox: Inbox) -> Answer:
        links = [{"anonymous_id": "a1", "user_id": "anna"}, {"anonymous_id": "a2"}]
        return await post_identities(inbox, IdentitiesRequest(links=links), now=NOW)

    answer = run(store, scenario)

    IdentitiesAnswer.model_validate(answer)
    assert (answer["linked"], answer["merged_events"], len(answer["rejected"])) == (1, 1, 1)
    assert seen_of(store, "anna") == ["lamp"]


def test_consent_is_given_and_taken_back(store: Store) -> None:
    async def scenario(inbox: Inbox) -> list[Answer]:
        given_, taken = (
            ConsentsRequest(consents=[{"user_id": "anna", "purpose": "email", "granted": granted}])
            for granted in (True, False)
        )
        answers = [await put_consents(inbox, given_, now=NOW)]
        assert store.consents(["anna"], "email") == {"anna": True}
        return [*answers, await put_consents(inbox, taken, now=NOW)]

    for answer in run(store, scenario):
        assert UpdatedAnswer.model_validate(answer).updated == 1

    assert store.consents(["anna"], "email") == {"anna": False}


def away(_: Sequence[Event]) -> list[bool]:
    """Write to a store that is away."""
    raise StoreUnavailable("the store is away; send it again")


def test_events_are_refused_and_not_dropped_while_the_store_is_away(store: Store) -> None:
    async def scenario(inbox: Inbox) -> Answer:
        cut_off = replace(inbox, events=GroupCommit(away))
        request = EventsRequest(events=[view("e1")])
        with pytest.raises(StoreUnavailable):
            await post_events(cut_off, request, now=NOW)
        await cut_off.events.close()
        return await post_events(inbox, request, now=NOW)

    assert run(store, scenario)["accepted"] == 1


@pytest.mark.parametrize("n_events", [0, 1_001])
def test_a_post_has_one_to_a_thousand_events(n_events: int) -> None:
    with pytest.raises(ValueError, match=r"at (least|most)"):
        EventsRequest(events=[view("e")] * n_events)
