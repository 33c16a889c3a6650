"""The pictures say what they show."""

import numpy as np
import pytest

from features.errors import InvalidInput
from training.intervals import Interval
from training.plots import popularity_against_catalogue, recall_by_segment


def test_each_segment_is_a_bar_as_long_as_its_recall() -> None:
    segments = {
        "orders: 1": Interval(mean=0.1, low=0.05, high=0.2, n=1_200),
        "orders: 5+": Interval(mean=0.3, low=0.28, high=0.32, n=50),
    }

    (axes,) = recall_by_segment(segments, k=20).axes

    assert [bar.get_width() for bar in axes.patches] == [0.1, 0.3]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["orders: 1 (1,200 users)", "orders: 5+ (50 users)"]
    assert axes.get_xlabel() == "Recall@20, with 95 % interval"
    assert axes.get_title()


def test_whiskers_reach_from_low_to_high() -> None:
    (axes,) = recall_by_segment({"all": Interval(0.1, 0.05, 0.2, 9)}, k=5).axes

    (whiskers,) = axes.collections
    (left, _), (right, _) = whiskers.get_segments()[0]
    assert (left, right) == pytest.approx((0.05, 0.2))


def test_no_segment_is_no_picture() -> None:
    with pytest.raises(InvalidInput, match="no segment"):
        recall_by_segment({}, k=20)


def test_best_sellers_come_first_and_shares_add_up_to_one() -> None:
    shown = np.array([0, 2, 2, 0])
    bought = np.array([1, 6, 2, 1])

    (axes,) = popularity_against_catalogue(shown, bought).axes

    lists, sales, _ = axes.lines
    assert lists.get_xdata().tolist() == [0, 1 / 4, 2 / 4, 3 / 4, 1]
    assert lists.get_ydata().tolist() == [0, 2 / 4, 4 / 4, 4 / 4, 4 / 4]
    assert sales.get_ydata().tolist() == pytest.approx([0, 6 / 10, 8 / 10, 9 / 10, 1])
    assert axes.get_title() == "2 of 4 items are in somebody's list"
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "places in the lists",
        "purchases",
        "every item alike",
    ]


@pytest.mark.parametrize(
    ("shown", "bought"),
    [(np.ones(3), np.ones(2)), (np.zeros(3), np.ones(3)), (np.ones(3), np.zeros(3))],
    ids=["other items", "nothing shown", "nothing bought"],
)
def test_counts_that_cannot_be_compared_are_refused(shown: np.ndarray, bought: np.ndarray) -> None:
    with pytest.raises(InvalidInput):
        popularity_against_catalogue(shown, bought)
