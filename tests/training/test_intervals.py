"""Laws of the intervals: they hold the mean, narrow with more users, and tell the truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InvalidInput, NotEnoughData
from training import intervals
from training.intervals import Interval, bootstrap_mean, paired_difference

metric_values = st.lists(st.floats(0, 1, width=32), min_size=2, max_size=60).map(np.array)


@given(metric_values, st.integers(0, 2**32))
def test_an_interval_holds_the_mean_and_lies_among_the_values(
    values: np.ndarray, seed: int
) -> None:
    interval = bootstrap_mean(values, n_resamples=200, seed=seed)

    rounding = 1e-12
    assert interval.mean == values.mean()
    assert interval.low - rounding <= interval.mean <= interval.high + rounding
    assert values.min() - rounding <= interval.low
    assert interval.high <= values.max() + rounding
    assert interval.n == len(values)


@given(metric_values, st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_interval(values: np.ndarray, seed: int) -> None:
    assert bootstrap_mean(values, n_resamples=50, seed=seed) == bootstrap_mean(
        values, n_resamples=50, seed=seed
    )


def test_another_seed_gives_another_interval() -> None:
    values = np.random.default_rng(0).random(100)

    assert bootstrap_mean(values, seed=1) != bootstrap_mean(values, seed=2)


def test_an_interval_narrows_with_the_root_of_the_users() -> None:
    rng = np.random.default_rng(3)

    few, many = (bootstrap_mean(rng.random(n), seed=1) for n in (400, 400 * 16))

    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(16**0.5, rel=0.15)


def test_an_interval_widens_with_its_level() -> None:
    values = np.random.default_rng(4).random(300)

    widths = [
        interval.high - interval.low
        for interval in (bootstrap_mean(values, level=level, seed=1) for level in (0.5, 0.9, 0.99))
    ]

    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_an_interval_is_as_wide_as_theory_says() -> None:
    values = np.repeat([0.0, 1.0], [700, 300])
    standard_error = (0.3 * 0.7 / 1000) ** 0.5

    interval = bootstrap_mean(values, n_resamples=4000, seed=5)

    assert interval.low == pytest.approx(0.3 - 1.96 * standard_error, abs=0.15 * standard_error)
    assert interval.high == pytest.approx(0.3 + 1.96 * standard_error, abs=0.15 * standard_error)


def test_19_of_20_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(6)
    truth, n_experiments = 0.2, 400
    drawn = rng.random((n_experiments, 150)) < truth

    intervals_of_95 = [
        bootstrap_mean(values.astype(float), n_resamples=300, seed=seed)
        for seed, values in enumerate(drawn)
    ]

    held = sum(one.low <= truth <= one.high for one in intervals_of_95)
    assert 0.91 <= held / n_experiments <= 0.98


def test_batches_of_draws_are_as_good_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(7).random(500)
    in_one = bootstrap_mean(values, seed=1)

    monkeypatch.setattr(intervals, "_DRAWS_AT_ONCE", 7 * len(values) + 3)
    in_many = bootstrap_mean(values, seed=1)
    monkeypatch.setattr(intervals, "_DRAWS_AT_ONCE", 1)
    one_by_one = bootstrap_mean(values, seed=1)

    width = in_one.high - in_one.low
    for other in (in_many, one_by_one):
        assert other.low == pytest.approx(in_one.low, abs=0.1 * width)
        assert other.high == pytest.approx(in_one.high, abs=0.1 * width)


@given(metric_values)
def test_a_model_does_not_differ_from_itself(values: np.ndarray) -> None:
    difference = paired_difference(values, values.copy(), n_resamples=50, seed=1)

    assert difference == Interval(mean=0.0, low=0.0, high=0.0, n=len(values))
    assert not difference.excludes_zero
    assert not difference.worse_beyond_noise


def test_pairing_sees_a_loss_that_separate_intervals_hide() -> None:
    rng = np.random.default_rng(8)
    champion = rng.random(500)
    candidate = champion - 0.01 + 0.02 * rng.standard_normal(500)

    difference = paired_difference(candidate, champion, seed=1)
    apart = [bootstrap_mean(values, seed=1) for values in (candidate, champion)]

    assert difference.worse_beyond_noise
    assert apart[0].high > apart[1].low, "the separate intervals overlap"


def test_the_sign_says_who_is_better() -> None:
    worse, better = np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.4, 0.5])

    gain = paired_difference(better, worse, seed=1)
    loss = paired_difference(worse, better, seed=1)

    assert gain.excludes_zero
    assert not gain.worse_beyond_noise
    assert loss.excludes_zero
    assert loss.worse_beyond_noise


@pytest.mark.parametrize(("low", "high"), [(-0.1, 0.1), (0.0, 0.1), (-0.1, 0.0)])
def test_an_interval_that_touches_zero_is_noise(low: float, high: float) -> None:
    interval = Interval(mean=(low + high) / 2, low=low, high=high, n=10)

    assert not interval.excludes_zero
    assert not interval.worse_beyond_noise


@pytest.mark.parametrize("values", [np.array([]), np.array([0.5])])
def test_fewer_than_two_users_have_no_interval(values: np.ndarray) -> None:
    with pytest.raises(NotEnoughData, match=f"at least 2 users; got {len(values)}"):
        bootstrap_mean(values, seed=1)


def test_a_value_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidInput, match="1 of 3 values are not finite"):
        bootstrap_mean(np.array([0.1, np.nan, 0.2]), seed=1)


@pytest.mark.parametrize("option", [{"n_resamples": 0}, {"level": 0.0}, {"level": 1.0}])
def test_an_option_outside_its_range_is_refused(option: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match="n_resamples must be at least 1 and level between"):
        bootstrap_mean(np.array([0.1, 0.2]), seed=1, **option)


def test_different_users_cannot_be_paired() -> None:
    with pytest.raises(InvalidInput, match=r"shapes \(3,\) and \(2,\) cannot be paired"):
        paired_difference(np.zeros(3), np.zeros(2), seed=1)


def test_a_table_of_values_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"one for each user; got shape \(2, 3\)"):
        bootstrap_mean(np.zeros((2, 3)), seed=1)
