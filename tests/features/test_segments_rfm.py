"""RFM scores rank buyers by fifths."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.segments.activity import activity
from features.segments.rfm import quintiles, rfm

BUY, VIEW = EventType.PURCHASE.code, EventType.VIEW.code
values = arrays(np.float32, st.integers(1, 40), elements=st.integers(-50, 50).map(float))


def test_ten_different_values_fall_into_five_pairs() -> None:
    assert quintiles(np.arange(10)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@given(values)
def test_more_never_scores_less_and_equal_scores_the_same(given_values: np.ndarray) -> None:
    scores = quintiles(given_values)

    ordered = np.argsort(given_values, kind="stable")
    assert (np.diff(scores[ordered].astype(int)) >= 0).all()
    for value in np.unique(given_values):
        assert len(set(scores[given_values == value].tolist())) == 1
    assert scores.min() == 1
    assert scores.max() <= 5


@given(values, st.randoms(use_true_random=False))
def test_the_order_of_people_does_not_matter(given_values: np.ndarray, random: object) -> None:
    order = np.arange(len(given_values))
    random.shuffle(order)  # type: ignore[attr-defined]  # Hypothesis's own random

    assert quintiles(given_values[order]).tolist() == quintiles(given_values)[order].tolist()


def test_who_bought_later_more_often_and_for_more_scores_higher() -> None:
    # Person n bought n times, the last time n days after day 10.
    bought = [
        [(0, BUY, (10 + n - back) * SECONDS_PER_DAY) for back in range(n - 1, -1, -1)]
        for n in range(1, 6)
    ]
    known = activity(Histories.of(bought), as_of_s=20 * SECONDS_PER_DAY)

    scores = rfm(known, np.array([10, 20, 30, 40, 50], dtype=np.float32))

    for one in (scores.recency, scores.frequency, scores.monetary):
        assert one.tolist() == [1, 2, 3, 4, 5]


def test_who_never_bought_scores_0_and_does_not_lift_the_others() -> None:
    histories = Histories.of([[(0, VIEW, 5)], [(0, BUY, 5)], []])
    known = activity(histories, as_of_s=SECONDS_PER_DAY)

    scores = rfm(known, np.array([0, 7, 0], dtype=np.float32))

    for one in (scores.recency, scores.frequency, scores.monetary):
        assert one.tolist() == [0, 1, 0]
