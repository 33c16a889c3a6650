"""Everybody is in one bin of history, and in the right one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planted_reports import planted_result
from tests.shops import some_snapshot
from training.history_bins import curves, doubling, history_bins


@pytest.mark.parametrize(
    ("amount", "name"),
    [
        *((0, "0"), (1, "1"), (2, "2-3"), (3, "2-3"), (4, "4-7"), (7, "4-7"), (8, "8-15")),
        (1_024, "1,024-2,047"),
    ],
)
def test_the_bins_double(amount: int, name: str) -> None:
    assert list(doubling(np.array([float(amount)]))) == [name]


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_everybody_is_in_one_bin_and_no_bin_is_empty(amounts: list[int]) -> None:
    bins = doubling(np.array(amounts, dtype=float))

    marks = np.array(list(bins.values()))
    assert (marks.sum(axis=0) == 1).all()
    assert marks.any(axis=1).all()


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_bins_stand_in_the_order_of_what_is_in_them(amounts: list[int]) -> None:
    values = np.array(amounts, dtype=float)

    means = [values[marks].mean() for marks in doubling(values).values()]

    assert means == sorted(means)


def test_events_are_counted_as_often_as_they_happened() -> None:
    snapshot = some_snapshot(1)

    bins = history_bins(snapshot)

    assert set(bins) == {"orders", "events"}
    # The first user of the planted shop has done nothing.
    assert bins["events"]["0"].tolist() == (snapshot.histories.lengths == 0).tolist()
    assert bins["events"]["0"][0]
    assert bins["orders"]["0"].sum() >= bins["events"]["0"].sum()


def test_a_curve_averages_the_test_users_of_each_bin() -> None:
    amounts = np.array([1.0, 1.0, 2.0, 3.0, 2.0, 900.0])
    # User 0 was not tested.
    result = planted_result(np.array([1, 2, 3, 4, 5]), 0.5)

    drawn = curves({"served": result}, doubling(amounts))

    assert set(drawn) == {"Recall", "NDCG"}
    (name, mean), *others = drawn["NDCG"]["served"].items()
    # One of one event and one of 900 are too few for an interval.
    assert (name, mean.n, others) == ("2-3", 3, [])
    assert mean.mean == pytest.approx(result.per_user["ndcg"][1:4].mean())
