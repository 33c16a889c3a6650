"""Unfinished business: begun, not bought since, and not put back."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from features.errors import FutureEventError
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.unfinished import UNFINISHED_WEIGHTS, unfinished

N_ITEMS = 4
AS_OF_S = 20_000 * SECONDS_PER_DAY + 12 * 3600
HALF_LIFE_DAYS = 10.0
VIEW, CART, REMOVE, WISH, BUY, RETURN = (
    one.code
    for one in (
        EventType.VIEW,
        EventType.CART,
        EventType.REMOVE_FROM_CART,
        EventType.WISHLIST,
        EventType.PURCHASE,
        EventType.RETURN,
    )
)

Entry = tuple[int, int, float, int]
"""Item row, event type code, age in days, count on that day."""

entries = st.tuples(
    st.integers(0, N_ITEMS - 1), st.integers(0, 7), st.integers(0, 40), st.integers(1, 9)
)
people = st.lists(st.lists(entries, max_size=10), min_size=1, max_size=6)


def histories(people: list[list[Entry]]) -> Histories:
    ordered = [sorted(one, key=lambda entry: -entry[2]) for one in people]
    made = Histories.of(
        [
            [(item, code, AS_OF_S - round(age * SECONDS_PER_DAY)) for item, code, age, _ in one]
            for one in ordered
        ]
    )
    counts = [count for one in ordered for *_, count in one]
    return Histories(**{**made.arrays(), "counts": np.array(counts, dtype=np.float32)})


def strengths(given: Histories) -> sp.csr_array:
    return unfinished(given, n_items=N_ITEMS, as_of_s=AS_OF_S, half_life_days=HALF_LIFE_DAYS)


def of_one(*events: tuple[int, int, float]) -> list[float]:
    """Tell what one person has not finished, by item; events are (item, type, age in days)."""
    matrix = strengths(histories([[(*event, 1) for event in events]]))
    return [float(one) for one in matrix.toarray()[0]]


def naive(person: list[Entry]) -> list[float]:
    """Apply the rules once more, in plain Python."""
    totals = [0.0] * N_ITEMS
    for item, code, age, count in person:
        closing = (BUY, RETURN) if code == WISH else (BUY, RETURN, REMOVE)
        settled = any(i == item and c in closing and a <= age for i, c, a, _ in person)
        of_type = UNFINISHED_WEIGHTS.get(EventType.of_code(code), 0.0)
        if not settled:
            totals[item] += of_type * (1 + math.log(count)) * 0.5 ** (age / HALF_LIFE_DAYS)
    return totals


@given(people)
def test_unfinished_equals_a_naive_second_implementation(people: list[list[Entry]]) -> None:
    matrix = strengths(histories(people))

    np.testing.assert_allclose(matrix.toarray(), [naive(one) for one in people], rtol=1e-5)


def test_what_was_bought_afterwards_is_finished() -> None:
    assert of_one((0, VIEW, 5), (0, CART, 4), (0, WISH, 4), (0, BUY, 3)) == [0, 0, 0, 0]


def test_what_began_again_after_the_purchase_is_unfinished() -> None:
    assert of_one((0, VIEW, 30), (0, BUY, 20), (0, VIEW, 0)) == [1, 0, 0, 0]


def test_a_purchase_finishes_only_its_own_item() -> None:
    assert of_one((0, VIEW, 10), (1, VIEW, 10), (0, BUY, 0)) == [0, 0.5, 0, 0]


def test_a_view_at_the_very_moment_of_the_purchase_is_finished_by_it() -> None:
    assert of_one((0, VIEW, 2), (0, BUY, 2)) == [0, 0, 0, 0]


def test_what_was_sent_back_is_not_unfinished() -> None:
    # The purchase itself is gone from the history: `features.returns` has cancelled it.
    assert of_one((0, VIEW, 9), (0, RETURN, 1)) == [0, 0, 0, 0]


def test_what_was_taken_out_of_the_cart_is_finished_but_a_wish_stays() -> None:
    assert of_one((0, VIEW, 3), (0, CART, 2), (0, REMOVE, 1)) == [0, 0, 0, 0]
    wish = UNFINISHED_WEIGHTS[EventType.WISHLIST]
    assert of_one((0, CART, 11), (0, WISH, 10), (0, REMOVE, 10)) == [wish / 2, 0, 0, 0]


def test_a_cart_and_a_wish_outweigh_views_and_what_is_recent_outweighs_what_is_old() -> None:
    view, cart, wish, old_cart = of_one((0, VIEW, 0), (1, CART, 0), (2, WISH, 0), (3, CART, 20))

    assert cart > wish > view
    assert old_cart == cart / 4


def test_views_on_several_days_add_up() -> None:
    assert of_one((0, VIEW, 10), (0, VIEW, 0)) == [0.5 + 1, 0, 0, 0]


def test_a_type_weighs_what_the_caller_says() -> None:
    matrix = unfinished(
        histories([[(0, VIEW, 0, 1), (1, CART, 0, 1)]]),
        n_items=N_ITEMS,
        as_of_s=AS_OF_S,
        by_type={EventType.CART: 3.0},
    )

    assert matrix.toarray().tolist() == [[0, 3, 0, 0]]


@given(people)
def test_strengths_are_positive_and_finite_and_stand_in_order(people: list[list[Entry]]) -> None:
    matrix = strengths(histories(people))

    assert matrix.shape == (len(people), N_ITEMS)
    assert matrix.dtype == np.float32
    assert (matrix.data > 0).all()
    assert np.isfinite(matrix.data).all()
    for row in range(len(people)):
        assert (np.diff(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]) > 0).all()


@given(people, st.integers(0, 99))
def test_a_person_gets_the_same_alone_and_in_any_company(
    people: list[list[Entry]], seed: int
) -> None:
    given = histories(people)
    order = np.random.default_rng(seed).permutation(len(people))

    together = strengths(given).toarray()

    np.testing.assert_array_equal(strengths(given.take(order)).toarray(), together[order])
    for row in range(len(people)):
        alone = strengths(given.take(np.array([row]))).toarray()
        np.testing.assert_array_equal(alone[0], together[row])


def test_nobody_and_nothing_are_no_error() -> None:
    assert strengths(Histories.empty(2)).nnz == 0
    assert strengths(Histories.empty(0)).shape == (0, N_ITEMS)


def test_the_histories_are_not_changed() -> None:
    given = histories([[(1, VIEW, 3, 2), (0, CART, 2, 1), (1, VIEW, 1, 1)]])
    before = {name: array.copy() for name, array in given.arrays().items()}

    strengths(given)

    for name, array in given.arrays().items():
        np.testing.assert_array_equal(array, before[name])


def test_an_event_after_as_of_is_refused() -> None:
    with pytest.raises(FutureEventError, match="after as_of"):
        of_one((0, VIEW, -1))
