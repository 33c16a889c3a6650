"""Bars by segment are as long as the recall they stand for."""

import pytest

from features.errors import InvalidInput
from training.intervals import Interval
from training.plots import recall_by_segment

SERVED = {
    "orders: 1": Interval(mean=0.1, low=0.05, high=0.2, n=1_200),
    "orders: 5+": Interval(mean=0.3, low=0.28, high=0.32, n=50),
}
TRENDING = {
    "orders: 1": Interval(mean=0.05, low=0.01, high=0.06, n=1_200),
    "orders: 5+": Interval(mean=0.2, low=0.1, high=0.25, n=50),
}


def test_each_segment_has_a_bar_for_each_model_as_long_as_its_recall() -> None:
    (axes,) = recall_by_segment({"served": SERVED, "trending": TRENDING}, k=20).axes

    bars = {
        group.get_label(): [bar.get_width() for bar in group] for group in axes.containers[1::2]
    }
    assert bars == {"served": [0.1, 0.3], "trending": [0.05, 0.2]}
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["orders: 1 (1,200 users)", "orders: 5+ (50 users)"]
    assert axes.get_xlabel() == "Recall@20, with 95 % interval"
    assert axes.get_title()


def test_bars_of_a_segment_lie_beside_each_other_in_the_order_of_the_models() -> None:
    (axes,) = recall_by_segment({"served": SERVED, "trending": TRENDING}, k=20).axes

    served, trending = axes.containers[1::2]
    for ours, theirs in zip(served, trending, strict=True):
        assert ours.get_y() + ours.get_height() == pytest.approx(theirs.get_y())
    # From top to bottom: the first segment is the upper one.
    assert axes.yaxis_inverted()


def test_whiskers_reach_from_low_to_high() -> None:
    (axes,) = recall_by_segment({"served": {"all": Interval(0.1, 0.05, 0.2, 9)}}, k=5).axes

    (whiskers,) = axes.collections
    (left, _), (right, _) = whiskers.get_segments()[0]
    assert (left, right) == pytest.approx((0.05, 0.2))


@pytest.mark.parametrize("models", [{}, {"served": {}}], ids=["no model", "no segment"])
def test_no_segment_is_no_picture(models: dict[str, dict[str, Interval]]) -> None:
    with pytest.raises(InvalidInput, match="no segment"):
        recall_by_segment(models, k=20)
