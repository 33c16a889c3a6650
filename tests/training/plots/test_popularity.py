"""What is shown is drawn against what is bought, best sellers first."""

import numpy as np
import pytest

from features.errors import InvalidInput
from training.plots import popularity_against_catalogue


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
