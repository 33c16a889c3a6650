"""An item's direction keeps its angle, and is the longer the more is known of the item."""

import numpy as np

from features.directions import directions


def test_directions_lengthen_with_what_is_known() -> None:
    lengths = np.array([[9.0], [3.0], [1.0], [0.0]], dtype=np.float32)

    scaled = np.linalg.norm(directions(lengths * np.array([[0.6, 0.8]], np.float32)), axis=1)

    assert (np.diff(scaled) < 0).all()
    assert scaled[0] < 1
    assert scaled[3] == 0


def test_directions_keep_their_angle() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)

    scaled = directions(vectors)

    cosines = (vectors * scaled).sum(axis=1) / (
        np.linalg.norm(vectors, axis=1) * np.linalg.norm(scaled, axis=1)
    )
    np.testing.assert_allclose(cosines, 1, rtol=1e-5)


def test_no_items_have_no_directions() -> None:
    assert directions(np.empty((0, 3), dtype=np.float32)).shape == (0, 3)
