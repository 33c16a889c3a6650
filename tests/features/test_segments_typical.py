"""What is typical of a group, what it is called, and how steadily it is bought."""

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.segments.names import names
from features.segments.steadiness import steadiness
from features.segments.tastes import Tastes
from features.segments.typical import interest, most_typical, typicality

BUY, VIEW, RETURN = (one.code for one in (EventType.PURCHASE, EventType.VIEW, EventType.RETURN))
TODAY = 3_000


def _wants(*rows: list[int]) -> sp.csr_array:
    return sp.csr_array(np.array(rows, dtype=np.float32))


def _table(*titles: str, categories: list[str | None] | None = None) -> pa.Table:
    columns = {"title": titles, "category": categories or [None] * len(titles)}
    return pa.table({name: pa.array(one, pa.string()) for name, one in columns.items()})


def test_interest_is_one_however_often_it_was_shown() -> None:
    histories = Histories.of([[(2, VIEW, 1), (2, BUY, 2), (0, RETURN, 3)], []])

    assert interest(histories, n_items=3).toarray().tolist() == [[0, 0, 1], [0, 0, 0]]


def test_typicality_is_the_share_times_the_log_of_its_lift() -> None:
    scores = typicality(
        _wants([1, 1], [1, 1], [1, 1], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]),
        np.array([0, 0, 0, 0, 1, 1, 1, 1]),
        n_groups=2,
    )

    # All four of the first group want item 0, nobody else; item 1 is wanted by 3, and by 7 of 8.
    expected = [[np.log(1 / (4 / 8)), 3 / 4 * np.log((3 / 4) / (7 / 8))], [0, np.log(1 / (7 / 8))]]
    assert scores == pytest.approx(np.array(expected, dtype=np.float32))


def test_what_two_people_want_says_nothing_about_their_group() -> None:
    scores = typicality(_wants([1], [1], [0], [0]), np.array([0, 0, 0, 1]), n_groups=2)

    assert scores.tolist() == [[0], [0]]


def test_people_of_no_group_do_not_count() -> None:
    wants, groups = _wants([1, 0], [1, 0], [1, 0], [0, 1], [0, 1]), np.array([0, 0, 0, 1, -1])

    alone = typicality(wants[:4], groups[:4], n_groups=2)

    assert typicality(wants, groups, n_groups=2).tolist() == alone.tolist()


def test_only_what_is_more_typical_than_for_all_is_listed() -> None:
    scores = np.array([[0.5, -0.2, 0.7, 0.0]], dtype=np.float32)

    assert most_typical(scores, k=3).tolist() == [[2, 0, -1]]


def test_two_words_that_always_go_together_are_one_phrase() -> None:
    table = _table("RED PAPER CHAIN", "BLUE PAPER CHAIN", "GREEN PAPER CHAIN", "OLD MUG", "NEW MUG")
    scores = np.array([[1, 1, 1, 0, 0], [0, 0, 0, 1, 1]], dtype=np.float32)

    assert names(scores, table, wanted=np.ones(5)) == ["Paper chain", "Mug"]


def test_a_category_names_what_titles_do_not_share() -> None:
    table = _table(
        *("Ann", "Bo", "Cy", "Dee"),
        categories=["Home > Lamps", "Home > Lamps", "Home > Mugs", None],
    )
    scores = np.array([[1, 1, 0, 0]], dtype=np.float32)

    assert names(scores, table, wanted=np.ones(4)) == ["Lamps"]


def test_counting_and_connecting_words_name_nothing() -> None:
    table = _table("SET OF 6 SPOONS AND THE FORK", "SET OF 3 SPOONS", "MUG", "MUG")
    scores = np.array([[1, 1, 0, 0]], dtype=np.float32)

    (name,) = names(scores, table, wanted=np.ones(4))

    assert name == "Spoons"


def test_no_word_is_said_twice_in_one_name() -> None:
    table = _table(
        "Red dress", "Long dress", "Two dresses", "Mug", categories=["Dresses"] * 3 + [None]
    )
    scores = np.array([[1, 1, 1, 0]], dtype=np.float32)

    (name,) = names(scores, table, wanted=np.ones(4))

    assert name.lower().count("dress") == 1


def test_a_group_without_anything_of_its_own_is_called_mixed() -> None:
    table = _table("Lamp", "Mug")

    found = names(np.array([[0.05, 0], [0, 0]], dtype=np.float32), table, wanted=np.ones(2))

    assert found == ["Mixed: lamp", "Mixed"]


def test_no_two_groups_have_the_same_name() -> None:
    scores = np.ones((3, 2), dtype=np.float32) * np.array([1, 0], dtype=np.float32)

    found = names(scores, _table("Lamp", "Mug"), wanted=np.ones(2))

    assert len(set(found)) == 3
    assert all(one.startswith("Lamp") for one in found)


def test_items_without_title_and_category_leave_groups_unnamed_but_apart() -> None:
    table = pa.table({name: pa.array([None, None], pa.string()) for name in ("title", "category")})

    assert len(set(names(np.eye(2, dtype=np.float32), table, wanted=np.ones(2)))) == 2


def _steady(people: list[list[int]], *, items: list[int] | None = None) -> float:
    """Measure the steadiness of people who bought so many days ago."""
    histories = Histories.of(
        [
            [(0, BUY, (TODAY - ago) * SECONDS_PER_DAY) for ago in sorted(one, reverse=True)]
            for one in people
        ]
    )
    measured = steadiness(
        histories,
        taste_of_person=np.zeros(len(people), dtype=np.int32),
        taste_of_item=np.array(items or [0]),
        n_tastes=1,
        as_of_s=TODAY * SECONDS_PER_DAY,
    )
    return float(measured[0])


def test_nappies_every_month_are_steady_and_a_gift_is_not() -> None:
    assert _steady([[0, 30, 60, 90, 120]]) == 1
    assert _steady([[120]]) == 0


def test_several_purchases_in_one_month_are_one() -> None:
    assert _steady([[90, 89, 88, 87, 65, 60]]) == pytest.approx(1 / 3)


def test_the_months_of_all_people_are_added_up() -> None:
    # One came back in 2 of 3 further months, one in none of 5.
    assert _steady([[90, 60, 30], [150]]) == pytest.approx((2 + 0) / (3 + 5), rel=1e-6)


def test_before_a_month_has_passed_nobody_can_tell() -> None:
    assert np.isnan(_steady([[3]]))


def test_what_is_of_another_taste_does_not_count() -> None:
    assert np.isnan(_steady([[90, 60, 30]], items=[-1]))


@given(st.lists(st.lists(st.integers(0, 900), min_size=1, max_size=6), min_size=1, max_size=5))
def test_steadiness_is_a_share(people: list[list[int]]) -> None:
    measured = _steady(people)

    assert np.isnan(measured) or 0 <= measured <= 1


def test_the_length_of_a_vector_does_not_change_the_taste() -> None:
    tastes = Tastes(np.eye(2, dtype=np.float32), ("left", "right"))
    vectors = np.array([[2, 1], [0.2, 0.1], [0, 0], [1, 3]], dtype=np.float32)

    assert tastes.of(vectors).tolist() == [0, 0, -1, 1]
    assert [tastes.of(vectors[[row]])[0] for row in range(4)] == tastes.of(vectors).tolist()
