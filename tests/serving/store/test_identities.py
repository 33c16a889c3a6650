"""The laws of links: a visitor's past and future become the user's, once and for good."""

import pytest

from features.events import EventType
from serving.store import Link, Store, identities
from tests.serving.store.planted import NOW_US, logged, news_of, view, views


def test_a_linked_visitors_events_become_the_users(store: Store) -> None:
    store.add_events(views("a", "b", anonymous_id="browser"))
    store.add_events([view("own", user_id="ann", item_id="lamp", timestamp_us=NOW_US - 1)])

    moved = store.link_all([Link("browser", "ann")], at_us=NOW_US)

    assert moved == 2
    news = news_of(store, "ann")
    assert news.item_ids == ["lamp", "mug", "mug"]
    assert news.aliases == ("anonymous:browser",)
    # Whoever still comes under the visitor's name is the user.
    assert news_of(store, "anonymous:browser") == news


def test_what_a_linked_visitor_does_later_is_the_users(store: Store) -> None:
    store.link_all([Link("browser", "ann")], at_us=NOW_US)

    store.add_events(
        [view("a", anonymous_id="browser"), view("b", anonymous_id="other"), view("c")]
    )

    assert news_of(store, "ann").counts == [1]
    assert news_of(store, "anonymous:other").counts == [1]


def test_impressions_and_logged_lists_move_along(store: Store) -> None:
    seen = view("a", anonymous_id="browser", event_type=EventType.IMPRESSION)
    store.add_events([seen, view("b", anonymous_id="browser", recommendation_id="list")])
    store.add_recommendations([logged("list", person="anonymous:browser")])

    assert store.link_all([Link("browser", "ann")], at_us=NOW_US) == 2

    assert store.shown_to(["ann", "anonymous:browser"], since_us=0) == [{"mug": 1, "lamp": 1}, {}]
    assert [outcome.person for outcome in store.outcomes(since_us=0)] == ["ann"]


def test_linking_again_changes_nothing(store: Store) -> None:
    store.add_events(views("a", "b", anonymous_id="browser"))
    store.link_all([Link("browser", "ann")], at_us=NOW_US)
    before = store.revisions()

    assert store.link_all([Link("browser", "ann")], at_us=NOW_US + 1) == 0

    assert store.revisions() == before
    assert store.links() == [(Link("browser", "ann"), NOW_US)]


def test_a_link_to_another_user_counts_from_then_on(store: Store) -> None:
    store.add_events([view("then", anonymous_id="browser")])
    store.link_all([Link("browser", "ann")], at_us=NOW_US)

    assert store.link_all([Link("browser", "bob")], at_us=NOW_US) == 0
    store.add_events([view("now", anonymous_id="browser", item_id="lamp")])

    assert news_of(store, "ann").item_ids == ["mug"]
    assert news_of(store, "ann").aliases == ()
    assert news_of(store, "bob").item_ids == ["lamp"]
    assert store.links() == [(Link("browser", "bob"), NOW_US)]


def test_a_user_may_have_been_several_visitors(store: Store) -> None:
    for browser in ("one", "two"):
        store.add_events([view(browser, anonymous_id=browser)])
        store.link_all([Link(browser, "ann")], at_us=NOW_US)

    news = news_of(store, "anonymous:two")

    assert news.person == "ann"
    assert set(news.aliases) == {"anonymous:one", "anonymous:two"}
    assert news.counts == [1, 1]


def test_a_user_who_is_named_like_a_visitor_is_not_the_visitor(store: Store) -> None:
    store.link_all([Link("browser", "ann")], at_us=NOW_US)

    assert news_of(store, "browser").person == "browser"


def test_very_many_events_are_moved_bit_by_bit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Three events at once instead of ten thousand.
    monkeypatch.setattr(identities, "_AT_ONCE", 3)
    store.add_events(views(*"abcdefgh", anonymous_id="browser"))

    assert store.link_all([Link("browser", "ann")], at_us=NOW_US) == 8

    assert len(news_of(store, "ann").counts) == 8


def test_many_visitors_are_linked_in_one_change(store: Store) -> None:
    names = [f"browser{n}" for n in range(300)]
    store.add_events([view(f"{name}.{n}", anonymous_id=name) for name in names for n in "ab"])
    store.add_events([view("other", anonymous_id="other")])

    moved = store.link_all(
        [Link(name, f"user{n % 3}") for n, name in enumerate(names)], at_us=NOW_US
    )

    assert moved == 600
    assert [len(news_of(store, f"user{n}").counts) for n in range(3)] == [200] * 3
    assert len(news_of(store, "anonymous:other").counts) == 1
    assert store.revisions().identities == 1


def test_of_two_links_of_one_visitor_the_last_counts(store: Store) -> None:
    store.add_events([view("a", anonymous_id="browser")])

    store.link_all([Link("browser", "ann"), Link("browser", "bob")], at_us=NOW_US)

    assert news_of(store, "bob").counts == [1]
    assert store.links() == [(Link("browser", "bob"), NOW_US)]


def test_no_links_are_no_change(store: Store) -> None:
    assert store.link_all([], at_us=NOW_US) == 0
    assert store.revisions().identities == 0
