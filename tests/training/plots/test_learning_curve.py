"""Learning curves pass through the means of their bins."""

import pytest

from features.errors import InvalidInput
from training.intervals import Interval
from training.plots import learning_curve

SERVED = {"1": Interval(0.1, 0.05, 0.2, 300), "2-3": Interval(0.3, 0.2, 0.4, 1_200)}
TRENDING = {"1": Interval(0.1, 0.05, 0.2, 300), "2-3": Interval(0.1, 0.05, 0.2, 1_200)}


def test_each_metric_has_its_axes_and_each_model_its_line() -> None:
    curves = {"served": SERVED, "trending": TRENDING}

    figure = learning_curve({"Recall": curves, "NDCG": curves}, unit="orders")

    assert [axes.get_title().split()[0] for axes in figure.axes] == ["Recall", "NDCG"]
    for axes in figure.axes:
        means = [one.lines[0].get_ydata().tolist() for one in axes.containers]
        assert means == [[0.1, 0.3], [0.1, 0.1]]
        assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1\n(300)", "2-3\n(1,200)"]
        assert axes.get_xlabel().startswith("orders")


def test_intervals_reach_from_low_to_high() -> None:
    (axes,) = learning_curve({"NDCG": {"served": SERVED}}, unit="events").axes

    (container,) = axes.containers
    segments = container.lines[2][0].get_segments()
    assert [(bottom, top) for (_, bottom), (_, top) in segments] == [
        pytest.approx((0.05, 0.2)),
        pytest.approx((0.2, 0.4)),
    ]


@pytest.mark.parametrize("metrics", [{}, {"NDCG": {}}, {"NDCG": {"served": {}}}])
def test_nothing_to_draw_is_no_picture(metrics: dict[str, dict[str, dict[str, Interval]]]) -> None:
    with pytest.raises(InvalidInput, match="no bin"):
        learning_curve(metrics, unit="orders")
