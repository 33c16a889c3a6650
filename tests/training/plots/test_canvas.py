"""A picture can be looked at wherever it is made."""

import numpy as np

from training.intervals import Interval
from training.plots.canvas import canvas, whiskers


def test_a_picture_shows_itself_in_a_notebook() -> None:
    figure, several = canvas(3, 2, n_axes=2)

    assert len(several) == 2
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_whiskers_are_never_negative() -> None:
    # The bootstrap's ends need not enclose the mean.
    lengths = whiskers([Interval(0.5, 0.25, 0.75, 9), Interval(0.5, 0.625, 0.75, 9)])

    np.testing.assert_array_equal(lengths, [[0.25, 0.0], [0.25, 0.25]])
