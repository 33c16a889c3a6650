"""Histories: ragged arrays that behave like one list for each person."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InvalidInput
from features.history import SECONDS_PER_DAY, Histories

Entry = tuple[int, int, int]

entries = st.tuples(st.integers(0, 50), st.integers(0, 7), st.integers(0, 2**33))
people = st.lists(st.lists(entries, max_size=5), max_size=8)


def listed(histories: Histories) -> list[list[Entry]]:
    """Read histories in a second, slow way."""
    columns = histories.item_rows, histories.event_types, histories.timestamps
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    return [
        rows[histories.indptr[person] : histories.indptr[person + 1]]
        for person in range(len(histories))
    ]


@given(people)
def test_histories_hold_what_they_were_made_of(events: list[list[Entry]]) -> None:
    histories = Histories.of(events)

    assert listed(histories) == events
    assert histories.lengths.tolist() == [len(one) for one in events]
    assert histories.person_of_entry.tolist() == [
        person for person, one in enumerate(events) for _ in one
    ]


@given(people, st.data())
def test_taken_people_come_in_the_order_asked_and_strangers_with_nothing(
    events: list[list[Entry]], data: st.DataObject
) -> None:
    rows = data.draw(st.lists(st.integers(-1, len(events) - 1), max_size=10))

    taken = Histories.of(events).take(np.array(rows, dtype=np.int64))

    assert listed(taken) == [events[row] if row >= 0 else [] for row in rows]


@given(people, st.data())
def test_a_batch_of_one_is_that_person_of_the_whole(
    events: list[list[Entry]], data: st.DataObject
) -> None:
    histories = Histories.of([*events, [(1, 2, 3)]])
    row = data.draw(st.integers(0, len(events)))

    alone = histories.take(np.array([row]))

    assert listed(alone) == [listed(histories)[row]]


def in_time(events: list[Entry]) -> list[Entry]:
    return sorted(events, key=lambda event: event[2])


@given(st.lists(st.tuples(st.lists(entries, max_size=4), st.lists(entries, max_size=4))))
def test_joining_puts_what_each_person_did_into_the_order_of_time(
    pairs: list[tuple[list[Entry], list[Entry]]],
) -> None:
    older = Histories.of([one for one, _ in pairs])

    joined = older.joined(Histories.of([other for _, other in pairs]))

    assert listed(joined) == [in_time(one + other) for one, other in pairs]
    assert listed(older) == [one for one, _ in pairs]


@given(people)
def test_joining_nothing_changes_nothing(events: list[list[Entry]]) -> None:
    ordered = [in_time(one) for one in events]
    histories = Histories.of(ordered)

    assert listed(histories.joined(Histories.empty(len(events)))) == ordered
    assert listed(Histories.empty(len(events)).joined(histories)) == ordered


@given(people)
def test_single_events_add_up_by_item_type_and_day_as_in_a_snapshot(
    events: list[list[Entry]],
) -> None:
    ordered = [
        in_time([(i % 3, kind % 2, s % (2 * SECONDS_PER_DAY)) for i, kind, s in one])
        for one in events
    ]

    counted = Histories.counted(ordered)

    for person, one in enumerate(listed(counted)):
        days = Counter((i, kind, s // SECONDS_PER_DAY) for i, kind, s in ordered[person])
        last = {(i, kind, s // SECONDS_PER_DAY): s for i, kind, s in ordered[person]}
        assert [s for *_, s in one] == sorted(s for *_, s in one)
        assert {(i, kind, s // SECONDS_PER_DAY): s for i, kind, s in one} == last
        counts = counted.counts[counted.indptr[person] : counted.indptr[person + 1]].tolist()
        keys = [(i, kind, s // SECONDS_PER_DAY) for i, kind, s in one]
        assert dict(zip(keys, counts, strict=True)) == days


@given(people, st.integers(0, 2**33))
def test_what_is_later_happens_on_the_day_of_as_of_in_its_order(
    events: list[list[Entry]], as_of_s: int
) -> None:
    ordered = [in_time(one) for one in events]

    seen = Histories.of(ordered).up_to(as_of_s)

    assert (seen.age_days(as_of_s) >= 0).all()
    for before, after in zip(ordered, listed(seen), strict=True):
        assert [event[:2] for event in after] == [event[:2] for event in before]
        times = [event[2] for event in after]
        assert times == sorted(times)
        known = [event[2] for event in before if event[2] <= as_of_s]
        assert times[: len(known)] == known


def test_a_cart_after_the_purchase_stays_after_it() -> None:
    day = SECONDS_PER_DAY
    bought, carted = (0, 5, 9 * day), (0, 2, 12 * day)

    (one,) = listed(Histories.of([[bought, carted]]).up_to(3 * day))

    assert [event[2] for event in one] == [3 * day + 1, 3 * day + 2]


@given(people, st.integers(0, 7))
def test_selecting_keeps_the_marked_entries_and_all_people(
    events: list[list[Entry]], event_type: int
) -> None:
    histories = Histories.of(events)

    selected = histories.select(histories.event_types == event_type)

    assert listed(selected) == [
        [event for event in one if event[1] == event_type] for one in events
    ]


@given(people)
def test_selecting_in_two_ways_adds_up_to_the_whole(events: list[list[Entry]]) -> None:
    histories = Histories.of(events)
    even = histories.item_rows % 2 == 0

    both = histories.select(even).lengths + histories.select(~even).lengths

    np.testing.assert_array_equal(both, histories.lengths)


def test_counts_travel_with_their_entries() -> None:
    histories = Histories.of([[(5, 0, 60)], [(6, 0, 60), (7, 0, 60)]])
    counted = Histories(**{**histories.arrays(), "counts": np.array([1, 2, 3], dtype=np.float32)})

    assert counted.take(np.array([1, 0])).counts.tolist() == [2, 3, 1]
    assert counted.select(np.array([True, False, True])).counts.tolist() == [1, 3]
    assert counted.joined(counted).counts.tolist() == [1, 1, 2, 3, 2, 3]


def test_people_that_are_not_the_same_cannot_be_joined() -> None:
    with pytest.raises(InvalidInput, match="2 histories cannot take the events of 3 people"):
        Histories.empty(2).joined(Histories.empty(3))


def test_ages_are_counted_from_date_to_date() -> None:
    midnight = 100 * SECONDS_PER_DAY
    histories = Histories.of([[(0, 0, midnight - 1), (0, 0, midnight), (0, 0, midnight + 90_000)]])

    ages = histories.age_days(midnight + 5)

    assert ages.tolist() == [1, 0, -1]


@given(people)
def test_histories_open_from_their_stored_arrays(
    tmp_path_factory: pytest.TempPathFactory, events: list[list[Entry]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("histories")
    stored = Histories.of(events).arrays()
    for name, array in stored.items():
        np.save(folder / f"{name}.npy", array)

    opened = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in stored}

    assert listed(Histories(**opened)) == events
    assert listed(Histories(**opened).take(np.array([-1]))) == [[]]
