"""Small symmetric systems: their solutions are those of a general solver in double precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.linear_systems import solve_symmetric


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 4))
def test_the_solution_fulfils_the_equations(seed: int, d: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(3, 2, d, d))
    left = (roots @ np.swapaxes(roots, -1, -2) + np.eye(d)).astype(np.float32)
    right = rng.normal(size=(3, 2, d, k)).astype(np.float32)

    solved = solve_symmetric(left, right)

    assert solved.dtype == np.float32
    np.testing.assert_allclose(
        solved, np.linalg.solve(left.astype(np.float64), right), rtol=1e-3, atol=1e-4
    )


def test_a_matrix_that_is_not_positive_definite_is_solved_too() -> None:
    left = np.array([[0, 2], [2, 0]], dtype=np.float32)

    solved = solve_symmetric(left, np.array([[2], [6]], dtype=np.float32))

    np.testing.assert_array_equal(solved, [[3], [1]])


def test_what_is_given_stays_as_it_is() -> None:
    left, right = np.eye(3, dtype=np.float32) * 2, np.ones((3, 1), dtype=np.float32)

    solve_symmetric(left, right)

    np.testing.assert_array_equal(left, np.eye(3) * 2)
    np.testing.assert_array_equal(right, np.ones((3, 1)))


def test_no_systems_have_no_solutions() -> None:
    empty = np.empty((0, 3, 3), dtype=np.float32)

    assert solve_symmetric(empty, np.empty((0, 3, 2), dtype=np.float32)).shape == (0, 3, 2)


def test_a_matrix_without_a_solution_is_an_error() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        solve_symmetric(np.zeros((2, 2), dtype=np.float32), np.ones((2, 1), dtype=np.float32))
