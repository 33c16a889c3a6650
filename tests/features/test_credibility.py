"""Credibility: groups that are alike speak for each other, unlike ones for themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.credibility import (
    LEAST,
    MOST,
    UNKNOWN,
    shrunk,
    worth_of_mean,
    worth_of_rate,
    worth_of_share,
)


def test_the_pool_counts_as_so_many_values() -> None:
    averaged = shrunk(np.array([12.0, 0.0]), np.array([3, 0]), pool=8.0, worth=1.0)

    assert averaged.tolist() == [(12 + 1 * 8) / (3 + 1), 8]


def test_the_worth_of_the_mean_is_variance_within_by_variance_between() -> None:
    values = np.array([1.0, 3.0, 5.0, 7.0])

    worth = worth_of_mean(values, np.array([0, 0, 1, 1]))

    within = ((1 - 2) ** 2 + (3 - 2) ** 2 + (5 - 6) ** 2 + (7 - 6) ** 2) / (4 - 2)
    between = (2 * (2 - 4) ** 2 + 2 * (6 - 4) ** 2 - (2 - 1) * within) / (4 - (4 + 4) / 4)
    assert worth == pytest.approx(max(within / between, LEAST))


def test_drawn_variances_are_found_again() -> None:
    rng = np.random.default_rng(5)
    pools, groups = np.repeat(np.arange(50), 200), np.repeat(np.arange(2_000), 5)
    # Far apart pools must not be taken for far apart groups.
    values = (
        10 * rng.standard_normal(50)[pools]
        + rng.standard_normal(2_000)[groups]
        + 1.5 * rng.standard_normal(10_000)
    )

    assert worth_of_mean(values, groups, pools) == pytest.approx(1.5**2 / 1, rel=0.15)


def test_equal_groups_are_worth_the_most_and_unlike_ones_the_least() -> None:
    alike, unlike = np.array([1.0, 3.0, 1.0, 3.0]), np.array([1.0, 1.1, 9.0, 9.1])

    assert worth_of_mean(alike, np.array([0, 0, 1, 1])) == MOST
    assert worth_of_mean(unlike, np.array([0, 0, 1, 1])) == LEAST


@pytest.mark.parametrize("groups", [[], [0], [0, 1], [0, 0]])
def test_too_few_values_tell_nothing(groups: list[int]) -> None:
    assert worth_of_mean(np.arange(len(groups), dtype=float), np.array(groups, int)) == UNKNOWN


def test_drawn_shares_are_found_again() -> None:
    rng = np.random.default_rng(5)
    share = rng.beta(2.0, 6.0, 3_000)
    trials = rng.integers(1, 30, 3_000)

    worth = worth_of_share(rng.binomial(trials, share), trials)

    assert worth == pytest.approx(2 + 6, rel=0.2)


def test_untried_groups_say_nothing() -> None:
    tried = worth_of_share(np.array([1, 8]), np.array([10, 10]))

    assert worth_of_share(np.array([1, 0, 8]), np.array([10, 0, 10])) == tried
    assert worth_of_share(np.array([0, 3]), np.array([0, 5])) == UNKNOWN


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(0, 9)), max_size=20),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20),
)
def test_a_worth_is_always_within_its_bounds(
    values: list[tuple[int, float]], shares: list[tuple[int, int]]
) -> None:
    groups = np.array([group for group, _ in values], dtype=np.int64)
    mean = worth_of_mean(np.array([value for _, value in values]), groups, groups // 2)
    done, more = np.array(shares, dtype=np.int64).reshape(len(shares), 2).T

    assert LEAST <= mean <= MOST
    assert LEAST <= worth_of_share(done, done + more) <= MOST


def test_the_variance_of_drawn_rates_is_found_again() -> None:
    rng = np.random.default_rng(7)
    expected = np.full((4, 3_000), 8.0)
    rates = rng.gamma(shape=5.0, scale=1 / 5.0, size=expected.shape)

    worth = worth_of_rate(rng.poisson(expected * rates).astype(np.float64), expected)

    # A rate of mean 1 and variance 1 / 5 makes usualness worth 5 events.
    assert worth == pytest.approx(5, rel=0.15)


def test_groups_that_fall_as_everybody_does_are_worth_the_most() -> None:
    expected = np.full((4, 10), 25.0)

    assert worth_of_rate(expected, expected) == MOST
    assert worth_of_rate(np.zeros((4, 10)), np.zeros((4, 10))) == UNKNOWN
