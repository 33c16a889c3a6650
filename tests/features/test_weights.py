"""Confidence weights: recent, steady and telling events count more."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import FutureEventError, InvalidSettings
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.weights import ConfidenceWeights, confidence, decay, repetition

N_ITEMS = 4
TODAY = 20_000
AS_OF_S = TODAY * SECONDS_PER_DAY + 12 * 3600
PURCHASE, CART, REMOVE = (
    one.code for one in (EventType.PURCHASE, EventType.CART, EventType.REMOVE_FROM_CART)
)

Entry = tuple[int, int, int, int]
"""Item row, event type code, age in days, count on that day."""

entries = st.tuples(
    st.integers(0, N_ITEMS - 1), st.integers(0, 7), st.integers(0, 900), st.integers(1, 40)
)
people = st.lists(st.lists(entries, max_size=8), max_size=6)


def histories(people: list[list[Entry]]) -> Histories:
    made = Histories.of(
        [
            [(item, code, AS_OF_S - age * SECONDS_PER_DAY) for item, code, age, _ in one]
            for one in people
        ]
    )
    counts = [count for one in people for *_, count in one]
    return Histories(**{**made.arrays(), "counts": np.array(counts, dtype=np.float32)})


def sureness(*events: Entry, weights: ConfidenceWeights | None = None) -> float:
    """How sure it is that one person wants item 0."""
    matrix = confidence(
        histories([list(events)]),
        n_items=N_ITEMS,
        weights=weights or ConfidenceWeights(),
        as_of_s=AS_OF_S,
    )
    return float(matrix[0, 0])


def naive(person: list[Entry], item_row: int, weights: ConfidenceWeights) -> float:
    """Apply the formula once more, in plain Python."""
    total = 0.0
    for item, code, age, count in person:
        if item == item_row:
            of_type = weights.by_type.get(EventType.of_code(code), 0.0)
            total += of_type * (1 + math.log(count)) * 0.5 ** (age / weights.half_life_days)
    return weights.scale * math.log1p(max(total, 0.0))


@given(people, st.sampled_from([1.0, 30.0, math.inf]), st.sampled_from([1.0, 10.0]))
def test_confidence_equals_a_naive_second_implementation(
    people: list[list[Entry]], half_life_days: float, scale: float
) -> None:
    weights = ConfidenceWeights(half_life_days=half_life_days, scale=scale)

    matrix = confidence(histories(people), n_items=N_ITEMS, weights=weights, as_of_s=AS_OF_S)

    expected = [[naive(one, item, weights) for item in range(N_ITEMS)] for one in people]
    np.testing.assert_allclose(
        matrix.toarray(), np.reshape(expected, (len(people), N_ITEMS)), rtol=1e-4, atol=1e-5
    )


@given(people)
def test_only_positive_confidences_are_stored_in_order(people: list[list[Entry]]) -> None:
    matrix = confidence(
        histories(people), n_items=N_ITEMS, weights=ConfidenceWeights(), as_of_s=AS_OF_S
    )

    assert matrix.dtype == np.float32
    assert matrix.shape == (len(people), N_ITEMS)
    assert (matrix.data > 0).all()
    for row in range(len(people)):
        columns = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        assert (np.diff(columns) > 0).all()


@given(people)
def test_histories_are_left_as_they_are(people: list[list[Entry]]) -> None:
    given_histories = histories(people)
    before = {name: array.copy() for name, array in given_histories.arrays().items()}

    confidence(given_histories, n_items=N_ITEMS, weights=ConfidenceWeights(), as_of_s=AS_OF_S)

    for name, array in given_histories.arrays().items():
        np.testing.assert_array_equal(array, before[name])


def test_three_purchases_on_three_days_weigh_more_than_three_on_one() -> None:
    steady = [(0, PURCHASE, 9, 1), (0, PURCHASE, 10, 1), (0, PURCHASE, 11, 1)]
    at_once = (0, PURCHASE, 10, 3)

    assert sureness(*steady) > sureness(at_once) > sureness((0, PURCHASE, 10, 1))


def test_n_days_weigh_n_and_n_at_once_one_plus_their_logarithm() -> None:
    forever = ConfidenceWeights(half_life_days=math.inf, scale=1.0)
    on_days = [(0, PURCHASE, age, 1) for age in (1, 2, 3)]

    assert sureness(*on_days, weights=forever) == pytest.approx(math.log1p(3))
    assert sureness((0, PURCHASE, 1, 3), weights=forever) == pytest.approx(
        math.log1p(1 + math.log(3))
    )


@given(st.integers(0, 2000), st.floats(0.5, 500))
def test_a_weight_halves_with_every_half_life(age: int, half_life_days: float) -> None:
    weights = decay(np.array([age, age + half_life_days, 0.0]), half_life_days=half_life_days)

    assert weights[1] == pytest.approx(weights[0] / 2, rel=1e-4)
    assert weights[2] == 1


def test_without_decay_age_does_not_matter() -> None:
    assert decay(np.array([0, 10_000]), half_life_days=math.inf).tolist() == [1, 1]


def test_tomorrow_is_refused() -> None:
    with pytest.raises(FutureEventError, match=r"1\.0 days after as_of; filter it or move as_of"):
        sureness((0, PURCHASE, 3, 1), (0, PURCHASE, -1, 1))


def test_taking_out_of_the_cart_cancels_and_never_counts_against() -> None:
    put = (0, CART, 2, 1)
    taken = (0, REMOVE, 2, 1)

    assert 0 < sureness(put, taken) < sureness(put)
    assert sureness(taken) == 0
    assert sureness((0, REMOVE, 2, 40), put) == 0


@given(people)
def test_what_the_shop_did_counts_nothing(people: list[list[Entry]]) -> None:
    shown = [
        [(item, EventType.IMPRESSION.code, age, n) for item, _, age, n in one] for one in people
    ]

    matrix = confidence(
        histories(shown), n_items=N_ITEMS, weights=ConfidenceWeights(), as_of_s=AS_OF_S
    )

    assert matrix.nnz == 0


def test_a_type_without_a_weight_counts_nothing() -> None:
    only_purchases = ConfidenceWeights(by_type={EventType.PURCHASE: 1.0})

    assert sureness((0, CART, 1, 1), weights=only_purchases) == 0
    assert sureness((0, PURCHASE, 1, 1), weights=only_purchases) > 0


def test_one_event_a_day_counts_one() -> None:
    assert repetition(np.ones(1, dtype=np.float32)).tolist() == [1]


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan])
@pytest.mark.parametrize("setting", ["half_life_days", "scale"])
def test_weights_without_a_meaning_are_refused(setting: str, wrong: float) -> None:
    with pytest.raises(InvalidSettings, match="must be greater than 0; got"):
        ConfidenceWeights(**{setting: wrong})
