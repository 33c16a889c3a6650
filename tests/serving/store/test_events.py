"""The laws of adding events: each is kept once, all or none, as it was given."""

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import InvalidInput
from features.events import EventType
from serving.store import Event, Store
from tests.serving.store.planted import EVERYTHING, NOW_US, ids_kept, news_of, view, views

EXAMPLES = count()
ODD = [
    "'; DROP TABLE events; --",
    '"quoted" \\ % %% :name ? $1',
    "Größe 漢字 🏺 \u202e\u0301",
    "{1,2}",
    "NULL",
    " line\nbreak\ttab ",
    "x" * 10_000,
]


def test_an_event_is_new_once(store: Store) -> None:
    first = store.add_events([view("a"), view("b"), view("a")])
    second = store.add_events([view("c"), view("b")])

    assert first == [True, True, False]
    assert second == [True, False]
    assert sorted(ids_kept(store)) == ["a", "b", "c"]


def test_of_two_events_with_one_id_the_first_counts(store: Store) -> None:
    store.add_events([view("a", item_id="mug", user_id="ann"), view("a", item_id="lamp")])
    store.add_events([view("a", item_id="vase", user_id="bob")])

    assert news_of(store, "ann").item_ids == ["mug"]
    assert news_of(store, "bob").item_ids == []


def test_no_events_are_no_change(store: Store) -> None:
    assert store.add_events([]) == []


def test_an_event_is_kept_as_it_was_given(store: Store) -> None:
    whole = Event(
        event_id="e",
        event_type=EventType.PURCHASE,
        user_id="ann",
        anonymous_id=None,
        item_id="mug",
        timestamp_us=NOW_US - 1,
        quantity=3,
        price=0.1,
        order_id="order",
        session_id="session",
        country="GB",
        device="mobile",
        recommendation_id="list",
    )

    store.add_events([whole, replace(view("bare"), user_id=None)])

    assert [event for _, event in store.unsynced_events(EVERYTHING)] == [view("bare"), whole]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_text_is_only_text(store: Store, odd: str) -> None:
    event = replace(view(odd), user_id=odd, item_id=odd, order_id=odd, country=odd, device=odd)

    assert store.add_events([event, event]) == [True, False]

    assert [kept for _, kept in store.unsynced_events(EVERYTHING)] == [event]
    assert news_of(store, odd).item_ids == [odd]


@pytest.mark.parametrize("broken", ["nul\0", "half \ud800 of a pair"])
@pytest.mark.parametrize("column", ["event_id", "user_id", "item_id", "session_id"])
def test_what_one_database_cannot_hold_neither_takes(
    store: Store, broken: str, column: str
) -> None:
    with pytest.raises(InvalidInput):
        store.add_events([view("good"), replace(view("bad"), **{column: broken})])

    assert ids_kept(store) == []


@pytest.mark.parametrize(
    "named",
    [{"price": float("nan")}, {"price": float("inf")}, {"quantity": 2**63}],
    ids=["nan", "infinite", "too-large"],
)
def test_a_number_out_of_range_is_refused_without_quoting_it(
    store: Store, named: dict[str, float]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        store.add_events([view("good"), view("bad", **named)])

    assert str(2**63) not in str(refused.value)
    assert ids_kept(store) == []


def test_thousands_of_events_fit_into_one_call(store: Store) -> None:
    many = views(*(f"{n:05}" for n in range(5_000)))

    assert store.add_events(many) == [True] * 5_000
    assert store.add_events(many[2_500:] + views("new")) == [False] * 2_500 + [True]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=6),
)
def test_however_events_are_split_and_repeated_each_is_new_once(
    store: Store, calls: list[list[int]]
) -> None:
    example = f"{next(EXAMPLES)}"
    posted = {number for call in calls for number in call}

    answers = [
        store.add_events([view(f"{example}.{number}", user_id=example) for number in call])
        for call in calls
    ]

    new = [
        number
        for call, answer in zip(calls, answers, strict=True)
        for number, is_new in zip(call, answer, strict=True)
        if is_new
    ]
    assert sorted(new) == sorted(posted)
    assert len(news_of(store, example).item_ids) == len(posted)
