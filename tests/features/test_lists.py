"""A list holds each item once, the best first, and is filled from behind."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.candidates import Source
from features.lists import Lists

scores = arrays(
    np.float32,
    (3, 7),
    elements=st.sampled_from([-np.inf, -1.5, 0.0, 0.25, 2.0]),
)


def _lists(scores: np.ndarray, *, num_results: int) -> Lists:
    rows = np.tile(np.arange(7, dtype=np.int32) * 10, (3, 1))
    sources = np.full((3, 7), Source.NEAR_USER.code, dtype=np.uint8)
    return Lists.best(rows, scores, sources, num_results=num_results)


@given(scores, st.integers(1, 10))
def test_the_best_are_those_that_sorting_puts_first(scores: np.ndarray, num_results: int) -> None:
    lists = _lists(scores, num_results=num_results)

    assert lists.item_rows.shape == (3, num_results)
    for place in range(3):
        # Sorting is stable: of equal scores the earlier candidate stands first.
        ranked = sorted(range(7), key=lambda column: -scores[place, column])
        wanted = [column for column in ranked if scores[place, column] > -np.inf][:num_results]
        n = len(wanted)
        assert lists.item_rows[place].tolist() == [c * 10 for c in wanted] + [-1] * (
            num_results - n
        )
        assert lists.scores[place, :n].tolist() == scores[place, wanted].tolist()
        assert np.isneginf(lists.scores[place, n:]).all()
        assert lists.returned[place] == n
        assert (place in lists.short) == (n < num_results)


@given(
    scores,
    st.integers(1, 12),
    st.lists(st.sampled_from(range(0, 120, 10)), unique=True),
)
def test_filling_appends_what_is_not_there_yet(
    scores: np.ndarray, num_results: int, further: list[int]
) -> None:
    lists = _lists(scores, num_results=num_results)
    held = lists.item_rows[0, : lists.returned[0]].tolist()

    lists.fill(0, np.array(further, dtype=np.int64), Source.POPULAR)

    wanted = held + [row for row in further if row not in held]
    filled = lists.item_rows[0, : lists.returned[0]].tolist()
    assert filled == wanted[:num_results]
    assert (np.diff(lists.scores[0, : len(filled)]) <= 0).all()
    assert set(lists.sources[0, len(held) : len(filled)].tolist()) <= {Source.POPULAR.code}


def test_filling_one_list_leaves_the_others() -> None:
    lists = Lists.empty(2, 3)

    lists.fill(1, np.array([4, 5]), Source.TRENDING)

    assert lists.item_rows.tolist() == [[-1, -1, -1], [4, 5, -1]]
    assert lists.scores[1].tolist() == [-1, -2, -np.inf]
    assert lists.short == [0, 1]


def test_parts_are_joined_in_their_order() -> None:
    one, other = Lists.empty(1, 2), Lists.empty(2, 2)
    one.fill(0, np.array([7]), Source.POPULAR)
    other.fill(1, np.array([8, 9]), Source.POPULAR)

    joined = Lists.joined([one, other], num_results=2)

    assert joined.item_rows.tolist() == [[7, -1], [-1, -1], [8, 9]]


def test_no_parts_are_no_lists() -> None:
    assert Lists.joined([], num_results=4).item_rows.shape == (0, 4)


def test_lists_are_spread_to_their_places_and_the_others_are_empty() -> None:
    lists = Lists.empty(1, 2)
    lists.fill(0, np.array([7]), Source.POPULAR)

    assert lists.spread(np.array([1]), n=3).returned.tolist() == [0, 1, 0]
