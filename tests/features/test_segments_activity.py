"""Activity is plain counting over a person's own history."""

from dataclasses import fields

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.segments.activity import Activity, activity

TODAY = 1_000
BUY, VIEW, RETURN = (one.code for one in (EventType.PURCHASE, EventType.VIEW, EventType.RETURN))

Person = list[tuple[int, int, int]]
events = st.tuples(
    st.integers(0, 5), st.sampled_from([BUY, VIEW, RETURN]), st.integers(0, TODAY * SECONDS_PER_DAY)
)
people_lists = st.lists(
    st.lists(events, max_size=8).map(lambda one: sorted(one, key=lambda event: event[2])),
    max_size=6,
)


def _active(people: list[Person]) -> Activity:
    """Count for people given as (item row, type code, day)."""
    seconds = [[(row, kind, day * SECONDS_PER_DAY) for row, kind, day in one] for one in people]
    return activity(Histories.of(seconds), as_of_s=TODAY * SECONDS_PER_DAY + 7)


def _arrays(known: Activity) -> dict[str, np.ndarray]:
    return {field.name: getattr(known, field.name) for field in fields(known)}


def test_gaps_are_days_between_dates_with_a_purchase() -> None:
    known = _active([[(1, BUY, 100), (2, BUY, 100), (3, VIEW, 105), (1, BUY, 110), (1, BUY, 140)]])

    assert known.orders.tolist() == [3]
    assert known.mean_gap_days.tolist() == [((110 - 100) + (140 - 110)) / 2]
    assert known.last_gap_days.tolist() == [140 - 110]
    assert known.since_order_days.tolist() == [TODAY - 140]
    assert known.known_days.tolist() == [TODAY - 100]


def test_idleness_counts_every_event_and_orders_only_purchases() -> None:
    known = _active([[(1, BUY, 900), (1, RETURN, 950), (2, VIEW, 990)]])

    assert known.idle_days.tolist() == [TODAY - 990]
    assert known.since_order_days.tolist() == [TODAY - 900]
    assert known.orders.tolist() == [1]


def test_a_repeat_is_an_item_bought_on_a_later_date() -> None:
    known = _active([[(1, BUY, 1), (2, BUY, 1), (1, BUY, 9), (1, BUY, 20)]])

    assert known.items.tolist() == [2]
    assert known.repeat_share.tolist() == [2 / 4]


def test_nobody_without_events_has_days_and_everybody_has_counts() -> None:
    known = _active([[]])

    for name, values in _arrays(known).items():
        assert np.isnan(values).all() == name.endswith("days"), name
        assert values.dtype == np.float32, name


def test_what_came_after_as_of_counts_as_of_that_date() -> None:
    known = _active([[(1, BUY, TODAY + 3)]])

    assert known.since_order_days.tolist() == [0]


@given(people_lists)
def test_a_batch_gives_what_single_people_get(people: list[Person]) -> None:
    histories = Histories.of(people)
    together = _arrays(activity(histories, as_of_s=TODAY * SECONDS_PER_DAY))

    for row in range(len(people)):
        alone = activity(histories.take(np.array([row])), as_of_s=TODAY * SECONDS_PER_DAY)
        for name, values in _arrays(alone).items():
            assert_array_equal(values, together[name][row : row + 1])


@given(people_lists, st.randoms(use_true_random=False))
def test_people_in_another_order_have_the_same_numbers(
    people: list[Person], random: object
) -> None:
    order = np.arange(len(people))
    random.shuffle(order)  # type: ignore[attr-defined]  # Hypothesis's own random
    histories = Histories.of(people)

    given_order = _arrays(activity(histories, as_of_s=TODAY * SECONDS_PER_DAY))
    shuffled = _arrays(activity(histories.take(order), as_of_s=TODAY * SECONDS_PER_DAY))

    for name, values in shuffled.items():
        assert_array_equal(values, given_order[name][order])


@given(people_lists)
def test_counts_agree_with_counting_one_by_one(people: list[Person]) -> None:
    known = activity(Histories.of(people), as_of_s=TODAY * SECONDS_PER_DAY)

    bought = [
        [(row, t // SECONDS_PER_DAY) for row, kind, t in one if kind == BUY] for one in people
    ]
    assert known.orders.tolist() == [len({day for _, day in one}) for one in bought]
    assert known.items.tolist() == [len({row for row, _ in one}) for one in bought]
