"""Tastes that were planted are found again, and called by their words."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import NotEnoughData
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.segments.typical import interest
from tests.shops import AS_OF, bundle_of, some_snapshot
from training.taste_report import taste_report
from training.tastes import learn_tastes, n_tastes

TITLES = ["Paper lantern", "Red lantern", "Tin lantern", "Coffee mug", "Blue mug", "Tall mug"]
TABLE = pa.table({"title": TITLES, "category": pa.nulls(len(TITLES), pa.string())})


def _two_tastes(n: int = 20) -> tuple[np.ndarray, Histories]:
    """Plant people: the even ones want lanterns, the odd ones mugs; the last has done nothing."""
    rng = np.random.default_rng(1)
    vectors = rng.normal(scale=0.1, size=(n, 4)).astype(np.float32)
    vectors[np.arange(n), np.arange(n) % 2] += 1
    vectors *= rng.uniform(0.1, 9, size=(n, 1)).astype(np.float32)
    vectors[-1] = 0
    bought = [
        [(3 * (row % 2) + one, EventType.PURCHASE.code, 60) for one in range(3)]
        for row in range(n - 1)
    ]
    return vectors, Histories.of([*bought, []])


def test_two_planted_tastes_are_separated_and_named_by_their_words() -> None:
    vectors, histories = _two_tastes()

    tastes = learn_tastes(vectors, interest(histories, n_items=6), TABLE, seed=0)

    found = [tastes.names[one] if one >= 0 else "" for one in tastes.of(vectors)]
    assert found == [*(["Lantern", "Mug"] * 10)[:-1], ""]


def test_the_largest_taste_comes_first() -> None:
    vectors, histories = _two_tastes()
    few_mugs = np.array([row for row in range(20) if row % 2 == 0 or row < 8])

    tastes = learn_tastes(
        vectors[few_mugs], interest(histories.take(few_mugs), n_items=6), TABLE, seed=0
    )

    assert tastes.names == ("Lantern", "Mug")


def test_the_same_seed_finds_the_same_tastes() -> None:
    vectors, histories = _two_tastes()
    interested = interest(histories, n_items=6)

    once, again = (learn_tastes(vectors, interested, TABLE, seed=3) for _ in range(2))

    assert once.centres.tobytes() == again.centres.tobytes()
    assert once.names == again.names


def test_the_vectors_are_left_as_they_were() -> None:
    vectors, histories = _two_tastes()
    before = vectors.copy()

    learn_tastes(vectors, interest(histories, n_items=6), TABLE, seed=0)

    assert np.array_equal(vectors, before)


def test_nobody_has_no_taste() -> None:
    with pytest.raises(NotEnoughData, match="at least 2 people"):
        learn_tastes(
            np.zeros((5, 4), dtype=np.float32),
            interest(Histories.empty(5), n_items=6),
            TABLE,
            seed=0,
        )


@given(st.integers(0, 10**9))
def test_there_are_2_to_24_tastes_and_more_for_more_people(n_people: int) -> None:
    assert 2 <= n_tastes(n_people) <= n_tastes(n_people + 1_000) <= 24


def test_a_report_puts_everybody_with_a_history_in_one_taste() -> None:
    bundle = bundle_of(some_snapshot(3, n_users=60))
    spent = np.arange(60, dtype=np.float32)

    report = taste_report(bundle, spent)

    vectors = np.asarray(bundle.user_vectors)
    with_history = vectors.any(axis=1)
    assert sum(one.n_people for one in report.tastes) == with_history.sum()
    assert sum(one.spent for one in report.tastes) == spent[with_history].sum()
    assert report.as_of == AS_OF
    assert {word for one in report.tastes for word in ("Left", "Right") if word in one.name} == {
        *("Left", "Right")
    }


def test_a_taste_bought_every_month_is_steady_and_one_bought_once_is_not() -> None:
    as_of_s = int(AS_OF.timestamp())

    def bought(item_row: int, *days_ago: int) -> list[tuple[int, int, int]]:
        code = EventType.PURCHASE.code
        return [(item_row, code, as_of_s - ago * SECONDS_PER_DAY) for ago in days_ago]

    people = [bought(0, 90, 60, 30, 0), bought(20, 90)] * 4
    bundle = bundle_of(replace(some_snapshot(0, n_users=8), histories=Histories.of(people)))

    found = {one.name: one.steadiness for one in taste_report(bundle, np.zeros(8)).tastes}

    assert found == {"Left": 1, "Right": 0}
