"""Laws of price calibration: how far lists are from what their users usually pay."""

from math import log
from statistics import mean, median

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features.errors import InvalidInput, NotEnoughData
from training.price_calibration import price_calibration

N_ITEMS = 6
UNKNOWN = float("nan")

prices = st.one_of(st.sampled_from([0.01, 0.5, 1.0, 3.0, 250.0]), st.sampled_from([UNKNOWN, 0.0]))


def is_price(price: float) -> bool:
    return price > 0


@given(
    st.lists(st.permutations([*range(N_ITEMS), -1, -1]), min_size=1, max_size=5),
    st.integers(1, N_ITEMS + 2),
    st.lists(prices, min_size=N_ITEMS, max_size=N_ITEMS),
    st.data(),
)
def test_it_equals_its_naive_second_implementation(
    orders: list[list[int]], k: int, item_prices: list[float], data: st.DataObject
) -> None:
    shown = [order[:k] for order in orders]
    usual = [data.draw(prices) for _ in shown]
    distances = []
    for items, usual_price in zip(shown, usual, strict=True):
        logs = [log(item_prices[i]) for i in items if i >= 0 and is_price(item_prices[i])]
        if logs and is_price(usual_price):
            distances.append(abs(median(logs) - log(usual_price)))
    assume(distances)

    result = price_calibration(np.array(shown), np.array(item_prices), np.array(usual))

    assert result.mean_log_ratio == pytest.approx(mean(distances))
    assert (result.n_users, result.n_left_out) == (len(distances), len(shown) - len(distances))


def test_twice_and_half_of_the_usual_price_are_equally_far() -> None:
    item_prices = np.array([10.0, 40.0])

    dear, cheap = (
        price_calibration(np.array([[item]]), item_prices, np.array([20.0])).mean_log_ratio
        for item in (1, 0)
    )

    assert dear == pytest.approx(log(2))
    assert cheap == pytest.approx(log(2))


def test_lists_at_the_usual_price_are_calibrated() -> None:
    result = price_calibration(np.array([[0, 1, 2]]), np.array([1.0, 5.0, 90.0]), np.array([5.0]))

    assert result.mean_log_ratio == 0.0


def test_who_has_no_price_is_left_out_and_counted() -> None:
    item_prices = np.array([10.0, UNKNOWN, 0.0])
    shown = np.array([[0, 1], [0, -1], [1, 2], [-1, -1]])
    usual = np.array([10.0, UNKNOWN, 10.0, 10.0])

    result = price_calibration(shown, item_prices, usual)

    assert (result.mean_log_ratio, result.n_users, result.n_left_out) == (0.0, 1, 3)


def test_a_shop_without_prices_cannot_be_measured() -> None:
    with pytest.raises(NotEnoughData, match="ingest prices"):
        price_calibration(np.array([[0, 1]]), np.full(2, UNKNOWN), np.array([3.0]))


def test_one_usual_price_per_list_is_required() -> None:
    with pytest.raises(InvalidInput, match="2 lists need as many usual prices"):
        price_calibration(np.array([[0], [1]]), np.ones(2), np.ones(3))
