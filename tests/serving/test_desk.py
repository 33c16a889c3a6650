"""The next answer knows what was just done and stated, and one that cannot know it says so."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.events import EventType
from features.ids import IdMap
from serving.lists import Answer
from serving.road import Road
from tests.serving.living import Living, Told, living
from tests.shops import some_bundle
from training.bundle import Bundle

BUY = EventType.PURCHASE.code
N_ITEMS = 40
KEEN = "user-001"
"""Of those who want the second half of the shop."""


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return some_bundle(3, n_users=40, n_items=N_ITEMS)


@pytest.fixture
def shop(tmp_path: Path, bundle: Bundle) -> Iterator[Living]:
    with living(tmp_path, bundle) as opened:
        yield opened


def _sources(answer: Told) -> dict[str, str]:
    return {item["item_id"]: item["source"] for item in answer["items"]}


def _codes(answer: Told) -> list[str]:
    return [one["code"] for one in answer["warnings"]]


def _not_seen(bundle: Bundle, user_id: str, n: int) -> list[str]:
    """Name items of the first half that can be shown and that somebody never touched."""
    one = bundle.histories.take(np.array([bundle.users.row_of(user_id)]))
    free = bundle.catalogue.recommendable.copy()
    free[one.item_rows] = False
    names: list[str] = bundle.items.ids(np.flatnonzero(free)[:n])
    return names


# What people do


@pytest.mark.parametrize("kind", ["view", "click", "cart", "wishlist"])
def test_what_is_done_now_changes_the_next_list(shop: Living, bundle: Bundle, kind: str) -> None:
    new = _not_seen(bundle, KEEN, 3)
    before, of_others = _ranks(shop, KEEN), shop.recommend(user_id="user-003")["items"]

    for item_id in new:
        shop.did(kind, item_id, user_id=KEEN)
    after = _ranks(shop, KEEN)

    assert all(after[one] < before[one] for one in new)
    assert {_sources(shop.recommend(user_id=KEEN, num_results=500))[one] for one in new} == {
        "unfinished"
    }
    assert shop.recommend(user_id="user-003")["items"] == of_others


def _ranks(shop: Living, user_id: str) -> dict[str, int]:
    """Tell where each item of the shop stands in somebody's list."""
    items = shop.recommend(user_id=user_id, num_results=500)["items"]
    return {item["item_id"]: item["rank"] for item in items}


def test_what_was_put_into_the_cart_is_in_the_next_list(shop: Living, bundle: Bundle) -> None:
    new = _not_seen(bundle, KEEN, 1)[0]

    shop.did("cart", new, user_id=KEEN)

    assert new in shop.shown(user_id=KEEN)


def test_an_impression_changes_nothing(shop: Living, bundle: Bundle) -> None:
    before = shop.recommend(user_id=KEEN)["items"]

    shop.did("impression", _not_seen(bundle, KEEN, 1)[0], user_id=KEEN)

    assert shop.recommend(user_id=KEEN)["items"] == before


def test_an_event_that_is_sent_twice_counts_once(shop: Living) -> None:
    event = {"event_id": "e1", "event_type": "cart", "item_id": "item-003", "user_id": KEEN}
    shop.told("/v1/events", {"events": [event]})
    once = shop.recommend(user_id=KEEN)["items"]

    again = shop.told("/v1/events", {"events": [event, event]})

    assert (again["accepted"], again["duplicates"]) == (0, 2)
    assert shop.recommend(user_id=KEEN)["items"] == once


@pytest.mark.parametrize("placement", ["home", "discover", "product", "cart", "trending_now"])
def test_what_was_just_bought_is_in_no_list_or_due_again(shop: Living, placement: str) -> None:
    asked: dict[str, Any] = {"user_id": KEEN, "placement": placement, "num_results": 5}
    bought = shop.shown(**asked)[:3]

    for item_id in bought:
        shop.did("purchase", item_id, user_id=KEEN)
    after = _sources(shop.recommend(**asked))

    assert {after.get(one, "due_again") for one in bought} == {"due_again"}
    assert len(after) == 5


def test_what_was_bought_and_sent_back_was_not_bought(shop: Living) -> None:
    before = shop.recommend(user_id=KEEN, placement="discover")["items"]
    first = before[0]["item_id"]
    shop.did("purchase", first, user_id=KEEN)
    without = shop.shown(user_id=KEEN, placement="discover")

    shop.now += timedelta(minutes=5)
    shop.did("return", first, user_id=KEEN)

    assert first not in without
    assert first in shop.shown(user_id=KEEN, placement="discover")


def test_a_shortfall_counts_what_was_just_bought(shop: Living, bundle: Bundle) -> None:
    everything: dict[str, Any] = {"user_id": KEEN, "placement": "discover", "num_results": 500}
    before = shop.recommend(**everything)
    bought = before["items"][0]["item_id"]

    shop.did("purchase", bought, user_id=KEEN)
    after = shop.recommend(**everything)

    assert after["shortfall"]["purchased"] == before["shortfall"]["purchased"] + 1
    assert after["returned"] + sum(after["shortfall"].values()) == len(bundle.items)


# Visitors without an account


def test_a_visitors_first_view_is_what_the_next_list_is_about(shop: Living) -> None:
    new = shop.recommend(anonymous_id="tab", explain=True)

    shop.did("view", "item-025", anonymous_id="tab")
    after = shop.recommend(anonymous_id="tab", explain=True)

    assert _codes(new) == ["no_history"]
    assert _codes(after) == []
    reasons = [one for item in after["items"] for one in item["reasons"] if "item_id" in one]
    assert reasons
    assert {(one["type"], one["item_id"]) for one in reasons} == {("viewed", "item-025")}
    second_half = [sum(one >= "item-020" for one in _sources(a)) for a in (new, after)]
    assert second_half[1] > second_half[0]


def test_a_visitor_who_logs_in_is_the_user_at_once(shop: Living) -> None:
    for item_id in ("item-003", "item-004"):
        shop.did("cart", item_id, anonymous_id="tab")
    alone = shop.shown(user_id=KEEN)

    told = shop.links("tab", KEEN)
    merged = shop.recommend(user_id=KEEN)

    assert (told["linked"], told["merged_events"]) == (1, 2)
    assert not {"item-003", "item-004"} & {*alone}
    assert {"item-003", "item-004"} <= {*_sources(merged)}
    # Under either name it is the same person.
    assert shop.recommend(anonymous_id="tab")["items"] == merged["items"]


def test_what_the_bundle_knows_of_a_linked_visitor_is_the_users_too(tmp_path: Path) -> None:
    known = some_bundle(3, n_users=40, n_items=N_ITEMS)
    names = known.users.ids(np.arange(40))
    names[2] = "anonymous:tab"
    with living(tmp_path, replace(known, users=IdMap.of(names))) as shop:
        apart = [shop.shown(user_id=KEEN), shop.shown(anonymous_id="tab")]

        shop.links("tab", KEEN)

        together = shop.shown(user_id=KEEN)
        assert shop.shown(anonymous_id="tab") == together
        assert together not in apart
        # Odd ones want the second half and even ones the first: now both.
        assert len({item_id < "item-020" for item_id in together}) == 2


def test_a_user_whom_the_bundle_does_not_know_gets_a_list_of_their_own(shop: Living) -> None:
    shop.did("purchase", "item-025", user_id="new-customer")

    answer = shop.recommend(user_id="new-customer")

    assert _codes(answer) == []
    assert "item-025" not in _sources(answer)
    assert "near_user" in _sources(answer).values()


# What the shop states


def test_a_new_price_is_what_pages_and_filters_see(shop: Living) -> None:
    first = shop.shown(user_id=KEEN)[0]
    below = {"filter": "price < 0.5", "num_results": 500}
    assert shop.shown(user_id=KEEN, **below) == []

    shop.states(first, price=0.25)
    told = {item["item_id"]: item["properties"] for item in shop.recommend(user_id=KEEN)["items"]}

    assert told[first]["price"] == 0.25
    assert shop.shown(user_id=KEEN, **below) == [first]


def test_a_new_item_can_be_found(shop: Living) -> None:
    shop.states("brand-new", title="Fresh", category="Right", price=3.0, available=True)

    everything = shop.recommend(user_id=KEEN, num_results=500)
    like_it = shop.told("/v1/similar", {"item_id": "brand-new", "num_results": 5})

    listed = {item["item_id"]: item for item in everything["items"]}
    assert listed["brand-new"]["properties"]["title"] == "Fresh"
    assert shop.shown(user_id=KEEN, filter="title = 'Fresh'") == ["brand-new"]
    assert {item["properties"]["category"] for item in like_it["items"]} == {"Right"}


def test_a_new_items_events_count(shop: Living) -> None:
    shop.states("brand-new", title="Fresh", category="Right", price=3.0, available=True)

    shop.did("cart", "brand-new", user_id=KEEN)

    assert _sources(shop.recommend(user_id=KEEN))["brand-new"] == "unfinished"


# Consent


def test_a_withdrawn_consent_is_obeyed_at_once_and_so_is_one_that_is_given(shop: Living) -> None:
    agreed, silent = "user-001", "user-002"
    asked = {"placement": "weekly_email", "user_ids": [agreed, silent], "num_results": 3}
    before = [line["status"] for line in shop.lines(asked)]

    shop.agrees(agreed, "email", granted=False)
    shop.agrees(silent, "email", granted=True)

    assert before == ["ok", "no_consent"]
    after = shop.lines(asked)
    assert [line["status"] for line in after] == ["no_consent", "ok"]
    assert [line["returned"] for line in after] == [0, 3]
    refused = shop.asked("/v1/recommend", {"user_id": agreed, "placement": "weekly_email"})
    assert (refused.status, refused.error["code"]) == (403, "no_consent")
    assert len(shop.shown(user_id=silent, placement="weekly_email")) == 10


# The recommendation log


def test_a_list_that_was_given_is_in_the_log_as_it_was(shop: Living, bundle: Bundle) -> None:
    answer = shop.recommend(user_id=KEEN)
    new = shop.recommend(anonymous_id="tab")
    similar = shop.told("/v1/similar", {"item_id": "item-025"})
    shop.write_the_log()

    kept = shop.store.recommendation(answer["recommendation_id"])

    assert kept is not None
    assert (kept.person, kept.placement, kept.scenario) == (KEEN, "home", answer["scenario"])
    assert kept.model_version == answer["model_version"] == bundle.manifest.bundle_id
    assert kept.config_version == answer["config_version"]
    assert kept.item_ids == tuple(item["item_id"] for item in answer["items"])
    assert kept.positions == tuple(range(1, 11))
    assert kept.scores == pytest.approx([item["score"] for item in answer["items"]])
    assert kept.propensities == (1.0,) * 10
    of_a_visitor = shop.store.recommendation(new["recommendation_id"])
    assert of_a_visitor is not None
    assert (of_a_visitor.person, of_a_visitor.scenario) == ("anonymous:tab", "new_visitor")
    about_an_item = shop.store.recommendation(similar["recommendation_id"])
    assert about_an_item is not None
    assert about_an_item.person is None


def test_rows_and_batches_are_logged_list_by_list(shop: Living) -> None:
    rows = shop.told("/v1/rows", {"user_id": KEEN})["rows"]
    requests = [{"user_id": KEEN}, {"placement": "nowhere"}, {"user_id": "user-002"}]
    batch = shop.told("/v1/recommend/batch", {"requests": requests})["answers"]
    shop.write_the_log()

    given: list[tuple[Answer, str]] = [(row, KEEN) for row in rows]
    given += [(batch[0], KEEN), (batch[2], "user-002")]
    assert len(rows) >= 2
    for answer, person in given:
        kept = shop.store.recommendation(answer["recommendation_id"])
        assert kept is not None
        assert kept.person == person
        assert list(kept.item_ids) == [item["item_id"] for item in answer["items"]]


def test_an_event_that_names_its_list_is_joined_to_it(shop: Living) -> None:
    answer = shop.recommend(user_id=KEEN)
    second = answer["items"][1]
    named = {"user_id": KEEN, "recommendation_id": answer["recommendation_id"]}
    shop.did("click", second["item_id"], **named)
    shop.did("purchase", "item-003", **named)
    shop.did("view", second["item_id"], user_id=KEEN)
    shop.write_the_log()

    click, purchase = shop.store.outcomes(since_us=0)

    assert (click.event_type, click.person) == (EventType.CLICK, KEEN)
    assert (click.position, click.propensity) == (2, 1.0)
    assert click.score == pytest.approx(second["score"])
    assert click.recommendation_id == purchase.recommendation_id == answer["recommendation_id"]
    assert click.placement == "home"
    # What was bought did not stand in the list.
    assert (purchase.item_id, purchase.position) == ("item-003", None)


# A store that is away


def test_without_the_store_the_bundle_answers_and_says_so(shop: Living) -> None:
    before = shop.recommend(user_id=KEEN)
    shop.did("cart", "item-003", user_id=KEEN)
    known = shop.shown(user_id=KEEN)

    shop.lose_the_store()
    away = shop.recommend(user_id=KEEN)

    assert away["degraded"]
    assert _codes(away) == ["degraded"]
    assert [item["item_id"] for item in away["items"]] == [
        item["item_id"] for item in before["items"]
    ]
    shop.find_the_store()
    back = shop.recommend(user_id=KEEN)
    assert not back["degraded"]
    assert [item["item_id"] for item in back["items"]] == known


def test_every_list_is_answered_without_the_store(shop: Living) -> None:
    shop.lose_the_store()

    similar = shop.told("/v1/similar", {"item_id": "item-025"})
    rows = shop.told("/v1/rows", {"user_id": KEEN})
    batch = shop.told("/v1/recommend/batch", {"requests": [{"user_id": KEEN}]})["answers"][0]

    for answer in (similar, rows, batch):
        assert answer["degraded"]
        assert _codes(answer) == ["degraded"]
        assert answer["returned"] > 0


def test_without_the_store_what_the_shop_changed_before_still_holds(shop: Living) -> None:
    first, second = shop.shown(user_id=KEEN)[:2]
    shop.states(first, hidden=True)
    shop.states(second, price=0.25)
    shop.recommend(user_id=KEEN)

    shop.lose_the_store()
    away = shop.recommend(user_id=KEEN, num_results=500)

    told = {item["item_id"]: item["properties"] for item in away["items"]}
    assert first not in told
    assert told[second]["price"] == 0.25


def test_without_the_store_nothing_is_taken_in_and_nobody_is_written_to(shop: Living) -> None:
    shop.lose_the_store()

    event = {"event_id": "e", "event_type": "view", "item_id": "item-003", "user_id": KEEN}
    asked = [
        ("/v1/events", {"events": [event]}),
        ("/v1/items", {"items": [{"item_id": "item-003", "hidden": True}]}),
        ("/v1/identities", {"links": [{"anonymous_id": "tab", "user_id": KEEN}]}),
        ("/v1/consents", {"consents": [{"user_id": KEEN, "purpose": "email", "granted": True}]}),
        ("/v1/picks", {"placement": "weekly_email", "user_ids": [KEEN]}),
        ("/v1/audience", {"item_id": "item-025", "purpose": "email"}),
    ]

    for path, body in asked:
        answer = shop.asked(path, body)
        assert (answer.status, answer.error["code"]) == (503, "store_unavailable"), path
        assert answer.headers["retry-after"] == "1"
    assert shop.lines({"placement": "discover", "user_ids": [KEEN]})[0]["status"] == "ok"


# What is said of every item


@pytest.mark.parametrize("who", [{"user_id": KEEN}, {"anonymous_id": "tab"}, {"user_id": "no"}])
def test_every_item_says_where_it_comes_from_and_why(shop: Living, who: dict[str, str]) -> None:
    answer = shop.recommend(**who, explain=True, num_results=30)

    for item in answer["items"]:
        assert item["source"]
        for reason in item["reasons"]:
            assert ("share" in reason) == ("item_id" in reason)
    # What is not about the person is told as a fact.
    facts = {"trending", "popular", "new_arrival", "trending_in_country"}
    told = [item["reasons"] for item in answer["items"] if item["source"] in facts]
    assert all(one and "share" not in one[0] for one in told)


# A new bundle


def test_an_old_bundle_is_let_go_of_at_once(shop: Living) -> None:
    placements = shop.house.live.ready().placements
    shop.states("item-003", price=0.5)
    with _no_collector():
        old = some_bundle(3)
        shop.house.live.road = Road(old, placements)
        changed = asyncio.run(shop.house.desk.look([]))[0].bundle
        arrays = [weakref.ref(one.catalogue.recommendable) for one in (old, changed)]
        del old, changed
        for name in ("home", "discover", "cart_together"):
            shop.recommend(user_id=KEEN, placement=name, explain=True)
        shop.told("/v1/similar", {"item_id": "item-020", "filter": "price > 1"})
        shop.told("/v1/rows", {"user_id": KEEN})
        shop.told("/v1/recommend/batch", {"requests": [{"user_id": KEEN}]})
        shop.lines({"placement": "discover", "user_ids": [KEEN]})

        shop.house.live.road = Road(some_bundle(4), placements)
        asyncio.run(shop.house.desk.refresh())

        # Nobody has to look for circles: what a worker has frozen is never looked at.
        assert all(array() is None for array in arrays)


@contextmanager
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
