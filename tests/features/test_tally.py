"""A tally: an item differs from the shop only as far as counts against it say so."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.credibility import worth_of_rate
from features.tally import NO_GROUP, Observed, Tally


def _observed(events: list[tuple[int, int, int]], **changed: Any) -> Observed:  # noqa: ANN401 -- any field
    """Take events as (item, day, value), each worth 1, of one block."""
    items, days, values = np.array(events, dtype=np.int64).reshape(-1, 3).T
    fields = {"blocks": np.zeros_like(items), "worth": np.ones(len(items))} | changed
    return Observed(item_rows=items, days=days, values=values, **fields)


def _tally(events: list[tuple[int, int, int]], began: list[int], **changed: Any) -> Tally:  # noqa: ANN401 -- any field
    return Tally.of(_observed(events, **changed), np.array(began), n_blocks=1, n_values=2)


def test_an_item_is_expected_to_fall_as_the_whole_shop_does() -> None:
    tally = _tally(3 * [(0, 0, 0)] + [(0, 0, 1)] + 4 * [(1, 0, 0)], [0, 0])

    assert tally.counted[0].tolist() == [[3, 4], [1, 0]]
    assert tally.expected[0].tolist() == [[4 * 7 / 8, 4 * 7 / 8], [4 * 1 / 8, 4 * 1 / 8]]


def test_what_was_sold_before_an_item_came_is_not_expected_of_it() -> None:
    first, second = 0, 1
    events = 8 * [(0, first, 0)] + 4 * [(0, second, 1)] + 2 * [(1, second, 1)]

    tally = _tally(events, began=[first, second])

    assert tally.expected[0, :, 1].tolist() == [0, 2]


def test_a_group_is_moved_by_what_was_counted_over_what_was_expected() -> None:
    events = 30 * [(0, 0, 0)] + 10 * [(0, 0, 1)] + 10 * [(1, 0, 0)] + 30 * [(1, 0, 1)]
    tally = _tally(events, [0, 0])

    learnt = tally.learnt(np.array([0, 1]))

    usual = max(worth_of_rate(tally.counted, tally.expected), 2.0)
    assert learnt.lifts[0, :, 0] == pytest.approx(
        [(30 + usual) / (20 + usual), (10 + usual) / (20 + usual)]
    )


def test_an_item_starts_from_the_lift_of_its_group() -> None:
    events = 30 * [(0, 0, 0)] + 10 * [(0, 0, 1)] + 10 * [(2, 0, 0)] + 30 * [(2, 0, 1)]
    groups, items = np.array([0, 0, 1]), np.arange(3)

    lifts = _tally(events, [0, 0, 0]).learnt(groups).learnt(items).lifts[0]

    unseen_sibling = 1
    assert lifts[0, unseen_sibling] > 1 > lifts[1, unseen_sibling]


def test_an_item_without_a_group_stays_as_it_was() -> None:
    tally = _tally(30 * [(0, 0, 0)] + 30 * [(1, 0, 1)], [0, 0])

    lifts = tally.learnt(np.array([0, NO_GROUP])).lifts[0]

    assert lifts[:, 1].tolist() == [1, 1]
    assert lifts[0, 0] > 1


def test_blocks_are_learnt_together_or_apart() -> None:
    events = 30 * [(0, 0, 0)] + 30 * [(1, 0, 1)] + 3 * [(0, 0, 0)] + 3 * [(1, 0, 1)]
    blocks = np.array(60 * [0] + 6 * [1])
    tally = Tally.of(
        _observed(events, blocks=blocks), np.zeros(2, np.int64), n_blocks=2, n_values=2
    )

    together = tally.learnt(np.arange(2)).lifts
    apart = tally.learnt(np.arange(2), apart=True).lifts

    assert together[0].tolist() == together[1].tolist()
    assert apart[0, 0, 0] > apart[1, 0, 0] > 1


def test_several_events_of_one_wish_count_once() -> None:
    events = [(0, 0, 0), (0, 0, 0), (0, 0, 1), (0, 0, 1)]

    assert _tally(events, [0], worth_of_a_wish=2.0).counted[0].tolist() == [[1], [1]]


def test_without_events_nothing_is_learnt() -> None:
    lifts = _tally([], [0, 0]).learnt(np.arange(2)).lifts

    assert lifts.tolist() == np.ones((1, 2, 2)).tolist()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 1)), max_size=60))
def test_lifts_are_finite_whatever_was_counted_and_expectations_add_up(
    events: list[tuple[int, int, int]],
) -> None:
    tally = _tally(events, [0] * 5)

    lifts = tally.learnt(np.array([0, 0, 1, 1, NO_GROUP])).learnt(np.arange(5)).lifts

    assert np.isfinite(lifts).all()
    assert (lifts > 0).all()
    assert tally.expected.sum(axis=1) == pytest.approx(tally.counted.sum(axis=1))
