"""The largest entries of a sparse row, against sorting it."""

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.sparse_rows import NOBODY, largest, only_largest

matrices = arrays(
    np.float32, (4, 9), elements=st.sampled_from([0.0, 0.0, 1e-30, 0.5, 0.5, 1.0, 3.5, 1e30])
)


def _best(row: np.ndarray, depth: int) -> list[int]:
    # Sorting is stable: of equal entries the earlier column comes first.
    stored = np.flatnonzero(row).tolist()
    return sorted(stored, key=lambda column: -row[column])[:depth]


@given(matrices, st.integers(0, 12))
def test_the_largest_are_those_that_sorting_puts_first(dense: np.ndarray, depth: int) -> None:
    found = largest(sp.csr_array(dense), depth)

    assert found.shape == (4, depth)
    for row, columns in zip(dense, found.tolist(), strict=True):
        best = _best(row, depth)
        assert columns == best + [NOBODY] * (depth - len(best))


@given(matrices, st.integers(0, 12))
def test_what_is_kept_is_what_is_largest(dense: np.ndarray, depth: int) -> None:
    kept = only_largest(sp.csr_array(dense), depth)

    for place, row in enumerate(dense):
        wanted = np.zeros_like(row)
        wanted[_best(row, depth)] = row[_best(row, depth)]
        np.testing.assert_array_equal(kept.toarray()[place], wanted)
    assert kept.has_sorted_indices


def test_a_matrix_without_rows_has_none() -> None:
    assert largest(sp.csr_array((0, 5), dtype=np.float32), 3).shape == (0, 3)
