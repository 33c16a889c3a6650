"""Moves are steps in the spread of one person's scores."""

import numpy as np
import pytest

from serving.rules import Plan, arrange
from serving.rules.moves import Damping, Push
from tests.serving.rules.drawn import N_ITEMS, mask_of, shelf_of

# Their mean is 3.
SHELF = shelf_of([3, 1, 2], [5.0, 1.0, 3.0])
UNIT = np.sqrt((2**2 + 2**2 + 0) / 3)


def _scores(*moves: Push | Damping) -> dict[int, float]:
    answer = arrange(SHELF, Plan(moves=moves), 3)
    return dict(zip(answer.item_rows.tolist(), answer.scores.tolist(), strict=True))


def test_a_boosted_item_rises_by_so_many_standard_deviations() -> None:
    scores = _scores(Push(mask_of(1), 1.5))

    assert scores == pytest.approx({3: 5, 1: 1 + 1.5 * UNIT, 2: 3})


def test_a_buried_item_sinks_by_so_many_standard_deviations() -> None:
    scores = _scores(Push(mask_of(3, 2), -0.5))

    assert scores == pytest.approx({3: 5 - 0.5 * UNIT, 1: 1, 2: 3 - 0.5 * UNIT})


def test_what_a_season_lifts_rises_by_the_logarithm_of_the_lift() -> None:
    lifts = np.ones(N_ITEMS, dtype=np.float32)
    lifts[1], lifts[2] = 2.0, 0.5

    scores = _scores(Push(np.log(lifts), 1.0))

    assert scores == pytest.approx({3: 5, 1: 1 + UNIT * np.log(2), 2: 3 - UNIT * np.log(2)})


def test_what_was_shown_sinks_by_the_logarithm_of_how_often() -> None:
    scores = _scores(Damping({1: 1, 3: 3, 29: 7}, 0.5))

    assert scores == pytest.approx({3: 5 - 0.5 * UNIT * 2, 1: 1 - 0.5 * UNIT * 1, 2: 3})


def test_moves_are_measured_in_the_spread_before_any_of_them() -> None:
    moves = (Push(mask_of(1), 3.0), Push(mask_of(2), 1.0))

    assert _scores(*moves) == pytest.approx(_scores(*reversed(moves)))


def test_where_all_score_the_same_a_boost_still_moves() -> None:
    answer = arrange(shelf_of([4, 5, 6], [0.0] * 3), Plan(moves=(Push(mask_of(6), 1.0),)), 3)

    assert answer.item_rows.tolist() == [6, 4, 5]
