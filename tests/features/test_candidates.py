"""Every candidate stands once, is told by the first source that named it, and is not blocked."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.candidates import SOURCES, Budgets, Candidates, Named, Source, gather

N_ITEMS, N_PEOPLE = 12, 3


@st.composite
def named_and_blocked(draw: st.DrawFn) -> tuple[list[Named], np.ndarray]:
    """Draw what a few sources name: different items, in any order, with nothing in between."""
    named = []
    for source in draw(st.lists(st.sampled_from(SOURCES), max_size=4)):
        depth = draw(st.integers(0, 6))
        rows = [draw(st.permutations(range(-6, N_ITEMS)))[:depth] for _ in range(N_PEOPLE)]
        shaped = np.array(rows, dtype=np.int32).reshape(N_PEOPLE, depth)
        named.append((source, np.maximum(shaped, -1)))
    return named, draw(arrays(np.bool_, (N_PEOPLE, N_ITEMS)))


def _of(candidates: Candidates, person: int) -> list[tuple[int, Source]]:
    mine = candidates.person_rows == person
    codes = candidates.sources[mine].tolist()
    rows = candidates.item_rows[mine].tolist()
    return [(row, SOURCES[code]) for row, code in zip(rows, codes, strict=True)]


@given(named_and_blocked())
def test_gathering_is_a_plain_pass_over_what_is_named(
    given_: tuple[list[Named], np.ndarray],
) -> None:
    named, blocked = given_

    candidates = gather(named, blocked=blocked)

    assert len(candidates) == N_PEOPLE
    for person in range(N_PEOPLE):
        first: dict[int, Source] = {}
        for source, rows in named:
            for row in rows[person].tolist():
                if row >= 0 and not blocked[person, row]:
                    first.setdefault(row, source)
        assert _of(candidates, person) == list(first.items())


@given(named_and_blocked())
def test_what_is_blocked_stays_as_it_was(given_: tuple[list[Named], np.ndarray]) -> None:
    named, blocked = given_
    before = blocked.copy()

    gather(named, blocked=blocked)

    np.testing.assert_array_equal(blocked, before)


def test_pairs_have_the_types_that_are_promised() -> None:
    named: list[Named] = [(Source.TRENDING, np.array([[3, -1], [1, 2]], dtype=np.int64))]

    candidates = gather(named, blocked=np.zeros((2, 5), dtype=np.bool_))

    assert (candidates.item_rows.dtype, candidates.sources.dtype) == (np.int32, np.uint8)
    assert candidates.indptr.tolist() == [0, 1, 3]
    assert candidates.person_rows.tolist() == [0, 1, 1]


def test_for_nobody_there_are_no_candidates() -> None:
    named: list[Named] = [(Source.TRENDING, np.empty((0, 4), dtype=np.int32))]

    candidates = gather(named, blocked=np.zeros((0, 5), dtype=np.bool_))

    assert len(candidates) == len(candidates.item_rows) == 0


def test_a_source_keeps_its_number() -> None:
    # Bundles and recorded lists hold the numbers: a new source comes last.
    assert [source.value for source in SOURCES[:6]] == [
        *("own_history", "near_user", "trending", "popular", "similar", "same_category")
    ]
    assert [source.code for source in SOURCES] == list(range(len(SOURCES)))


@pytest.mark.parametrize("name", [one.name for one in fields(Budgets)])
def test_no_budget_is_below_nought(name: str) -> None:
    assert getattr(Budgets(), name) > 0
