"""The laws of the recommendation log: what was shown is kept, counted, and joined to what came."""

from dataclasses import replace

import pytest

from features.errors import InvalidInput
from features.events import EventType
from serving.store import HOUR_US, GivenLists, Outcome, Store
from tests.serving.store.planted import NOW_US, logged, view


def test_a_list_is_kept_as_it_was_given_and_once(store: Store) -> None:
    whole = logged("whole", scenario="lapsed")
    nobodys = logged("nobodys", person=None, item_ids=(), positions=(), scores=(), propensities=())

    store.add_recommendations([whole, nobodys, whole])
    store.add_recommendations([replace(whole, placement="cart")])
    store.add_recommendations([])

    assert store.recommendation("whole") == whole
    assert store.recommendation("nobodys") == nobodys
    assert store.recommendation("unknown") is None


def test_what_a_person_was_shown_is_counted_by_list(store: Store) -> None:
    store.add_recommendations(
        [
            logged("old", at_us=NOW_US - 1),
            logged("one"),
            logged("two", item_ids=("mug", "vase")),
            logged("bobs", person="bob", item_ids=("pot", "pan")),
            logged("nobodys", person=None),
        ]
    )

    shown = store.shown_to(["ann", None, "bob", "cid"], since_us=NOW_US)

    assert shown == [{"mug": 2, "lamp": 1, "vase": 1}, {}, {"pot": 1, "pan": 1}, {}]


def test_an_event_is_joined_to_the_list_that_it_followed(store: Store) -> None:
    store.add_recommendations([logged("list", scenario="lapsed")])
    followed = {"recommendation_id": "list", "user_id": "ann", "event_type": EventType.CLICK}
    store.add_events(
        [
            view("in", **followed, item_id="lamp"),
            view("beside", **followed, item_id="vase", timestamp_us=NOW_US + 1),
            view("early", **followed, timestamp_us=NOW_US - 1),
            view("lost", recommendation_id="unknown"),
            view("without"),
        ]
    )

    outcomes = store.outcomes(since_us=NOW_US)

    inside = Outcome(
        event_type=EventType.CLICK,
        at_us=NOW_US,
        item_id="lamp",
        person="ann",
        recommendation_id="list",
        given_us=NOW_US,
        placement="home",
        scenario="lapsed",
        model_version="model",
        position=2,
        score=0.5,
        propensity=0.25,
    )
    beside = replace(
        inside, at_us=NOW_US + 1, item_id="vase", position=None, score=None, propensity=None
    )
    assert outcomes == [inside, beside]
    # The one that named an unknown list is known only by number.
    assert store.n_following(since_us=NOW_US) == 2 + 1


def test_lists_are_counted_by_placement_scenario_and_hour(store: Store) -> None:
    nothing = {"item_ids": (), "positions": (), "scores": (), "propensities": ()}
    an_hour_later = NOW_US + HOUR_US
    store.add_recommendations(
        [
            logged("early", at_us=NOW_US - 1),
            logged("one"),
            logged("two", at_us=an_hour_later - 1),
            logged("three", at_us=an_hour_later),
            logged("lapsed", scenario="lapsed"),
            logged("cart", placement="cart", **nothing),
        ]
    )

    given = store.lists_given(since_us=NOW_US)

    assert sorted(given, key=str) == [
        GivenLists("cart", None, NOW_US, n_lists=1, n_items=0),
        GivenLists("home", "lapsed", NOW_US, n_lists=1, n_items=2),
        GivenLists("home", None, NOW_US, n_lists=2, n_items=4),
        GivenLists("home", None, an_hour_later, n_lists=1, n_items=2),
    ]


def test_what_is_sought_now_is_counted_by_country_and_type(store: Store) -> None:
    store.add_events(
        [
            view("a", country="GB", timestamp_us=5),
            view("b", country="GB", user_id="ann"),
            view("c"),
            view("d", country="GB", event_type=EventType.CART),
        ]
    )

    # When they were received counts, not when they happened.
    assert sorted(store.trending(since_us=NOW_US), key=repr) == [
        ("mug", "GB", EventType.VIEW.code, 2),
        ("mug", "GB", EventType.CART.code, 1),
        ("mug", None, EventType.VIEW.code, 1),
    ]
    assert store.trending(since_us=NOW_US + 1) == []


@pytest.mark.parametrize(
    "named", [{"item_ids": ("mug", "nul\0")}, {"person": "\ud800"}, {"scores": (1.0, float("nan"))}]
)
def test_a_list_that_cannot_be_kept_is_refused(store: Store, named: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        store.add_recommendations([logged("good"), logged("bad", **named)])

    assert store.recommendation("good") is None
