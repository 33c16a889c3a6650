"""The laws of people's news: what the bundle does not know, the oldest first, the newest kept."""

import re
from dataclasses import replace

import pytest

from features.errors import InvalidInput
from features.events import EventType
from serving.store import Link, PersonNews, Store
from tests.serving.store.planted import NOW_US, SECOND_US, news_of, view, views

NOTHING = {"item_ids": [], "event_types": [], "timestamps_s": [], "counts": []}


def test_a_persons_events_come_by_time_whatever_the_order_they_came_in(store: Store) -> None:
    store.add_events([view("late", user_id="ann", item_id="lamp", timestamp_us=NOW_US + 1)])
    store.add_events(
        [
            view("early", user_id="ann", timestamp_us=NOW_US - SECOND_US, quantity=2),
            view("other", user_id="bob", item_id="vase"),
            view("nobody", item_id="vase"),
        ]
    )

    assert news_of(store, "ann") == PersonNews(
        person="ann",
        aliases=(),
        item_ids=["mug", "lamp"],
        event_types=[EventType.VIEW.code, EventType.VIEW.code],
        timestamps_s=[NOW_US // SECOND_US - 1, NOW_US // SECOND_US],
        counts=[2, 1],
    )


def test_every_type_but_impressions_is_told_by_its_code(store: Store) -> None:
    store.add_events(
        [
            view(f"{code}", user_id="ann", event_type=EventType.of_code(code), timestamp_us=code)
            for code in range(len(EventType))
        ]
    )

    told = news_of(store, "ann", after_us=-1).event_types

    assert told == [one.code for one in EventType if one is not EventType.IMPRESSION]


def test_each_asked_person_is_answered_in_the_order_of_asking(store: Store) -> None:
    store.add_events([view("a", user_id="ann"), view("b", anonymous_id="browser", item_id="lamp")])
    asked = ["nobody knows", "anonymous:browser", None, "ann", "anonymous:browser", None]

    answered = store.people(asked, after_us=0, after_batch=None)

    assert [news.person for news in answered] == asked
    assert [news.item_ids for news in answered] == [[], ["lamp"], [], ["mug"], ["lamp"], []]


def test_nobody_asked_is_nobody_answered(store: Store) -> None:
    assert store.people([], after_us=0, after_batch=0) == []


def test_what_happened_up_to_as_of_is_the_bundles(store: Store) -> None:
    store.add_events(views("at", "after", user_id="ann"))

    assert news_of(store, "ann", after_us=NOW_US - 1).counts == [1, 1]
    assert news_of(store, "ann", after_us=NOW_US).timestamps_s == [NOW_US // SECOND_US + 1]
    assert news_of(store, "ann", after_us=NOW_US + SECOND_US).counts == []


def test_an_earlier_event_counts_while_the_bundles_batches_do_not_hold_it(store: Store) -> None:
    later_us = NOW_US + 10 * SECOND_US
    store.add_events(views("in-first", "in-second", "unsynced", user_id="ann"))
    seqs = {event.event_id: seq for seq, event in store.unsynced_events(3)}
    first, second = store.next_batch(), store.next_batch()
    store.mark_synced([seqs["in-first"]], first)
    store.mark_synced([seqs["in-second"]], second)

    def seconds(after_batch: int | None) -> list[int]:
        news = news_of(store, "ann", after_us=later_us, after_batch=after_batch)
        return [second - NOW_US // SECOND_US for second in news.timestamps_s]

    assert seconds(None) == []
    assert seconds(second) == [2]
    assert seconds(first) == [1, 2]
    assert seconds(0) == [0, 1, 2]
    # What is later than as_of counts in any batch, and never twice.
    told = news_of(store, "ann", after_us=NOW_US, after_batch=0)
    assert [second - NOW_US // SECOND_US for second in told.timestamps_s] == [0, 1, 2]


@pytest.mark.parametrize("after_batch", [None, 0])
@pytest.mark.parametrize("after_us", [0, NOW_US + 1, NOW_US + 10 * SECOND_US])
def test_of_very_many_the_newest_are_told(
    store: Store, after_us: int, after_batch: int | None
) -> None:
    store.add_events(views(*"abcde", user_id="ann"))
    asked = {"after_us": after_us, "after_batch": after_batch}

    everything = news_of(store, "ann", **asked)
    some = news_of(store, "ann", **asked, most=2)

    assert some.timestamps_s == everything.timestamps_s[-2:]


def test_of_very_many_that_came_late_those_that_were_synced_last_are_told(store: Store) -> None:
    store.add_events(views("b", "a", user_id="ann"))
    later, earlier = store.unsynced_events(2)
    for seq, _ in (later, earlier):
        store.mark_synced([seq], store.next_batch())

    told = news_of(store, "ann", after_us=NOW_US + 10 * SECOND_US, after_batch=0, most=1)

    assert told.timestamps_s == [earlier[1].timestamp_us // SECOND_US]


def test_no_question_of_a_request_reads_what_it_does_not_tell(store: Store) -> None:
    database = store._database
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    reading, shown = store._people, store._shown._shown
    given = {"after_us": 0, "after_batch": 0, "most": 1, "since_us": 0}
    for question in (reading._links, reading._newer, reading._newer_or_late, shown):
        ((prepared, values),) = question.questions(["ann"], **given)
        explained = replace(prepared, sql=explain + prepared.sql)

        ((*plan,),) = database.ask([(explained, values)])

        steps = "\n".join(str(step[-1]) for step in plan)
        assert not re.search(r"SCAN (events|identities|recommendations)|Seq Scan", steps), steps
        assert not re.search(r"TEMP B-TREE|Sort  \(|Bitmap", steps), steps


def test_impressions_do_not_crowd_out_what_counts(store: Store) -> None:
    store.add_events([view("seen", user_id="ann")])
    store.add_events(views(*"abcde", user_id="ann", event_type=EventType.IMPRESSION))

    assert news_of(store, "ann", most=1).counts == [1]


def test_a_batch_of_people_is_told_what_each_is_told_alone(store: Store) -> None:
    people = [f"user{n}" for n in range(100)] + [f"anonymous:browser{n}" for n in range(100)]
    store.add_events([view(f"u{n}", user_id=f"user{n % 100}") for n in range(300)])
    store.add_events([view(f"b{n}", anonymous_id=f"browser{n % 50}") for n in range(300)])
    for n in range(30):
        store.link_all([Link(f"browser{n}", f"user{n % 7}")], at_us=NOW_US)

    together = store.people(people, after_us=0, after_batch=0)

    assert together == [news_of(store, person, after_batch=0) for person in people]


@pytest.mark.parametrize("broken", ["nul\0", "half \ud800 of a pair"])
def test_nobody_has_a_name_that_neither_database_holds(store: Store, broken: str) -> None:
    with pytest.raises(InvalidInput):
        store.people(["ann", broken], after_us=0, after_batch=None)
