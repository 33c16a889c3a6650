"""The largest entries of a sparse row, against sorting it."""

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.sparse_rows import (
    NOBODY,
    built,
    cells_of,
    kept_entries,
    largest,
    only_largest,
    product,
    summed,
)

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


@given(matrices)
def test_a_matrix_built_of_its_parts_is_itself(dense: np.ndarray) -> None:
    whole = sp.csr_array(dense)

    again = built(whole.data, whole.indices, whole.indptr.astype(np.int64), 9)

    assert again.shape == (4, 9)
    np.testing.assert_array_equal(again.toarray(), dense)
    np.testing.assert_array_equal(sp.csr_array(again[[2, 0]] * 2).toarray(), dense[[2, 0]] * 2)
    assert again.has_sorted_indices


@given(matrices, matrices)
def test_a_product_is_what_scipy_multiplies(left: np.ndarray, right: np.ndarray) -> None:
    one, other = sp.csr_array(left), sp.csr_array(right.T.copy())

    found = product(one, other)

    np.testing.assert_array_equal(found.toarray(), (one @ other).toarray())
    alone = [product(one[[row]], other).toarray()[0] for row in range(4)]
    np.testing.assert_array_equal(found.toarray(), alone)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8), st.integers(1, 9)), max_size=30).map(
        sorted
    )
)
def test_what_stands_in_one_cell_is_added_up(entries: list[tuple[int, int, int]]) -> None:
    rows, columns, values = np.array(entries, dtype=np.int64).reshape(-1, 3).T
    wanted = np.zeros((4, 9), dtype=np.float32)
    np.add.at(wanted, (rows, columns), values)

    found = summed(values.astype(np.float32), columns.astype(np.int32), rows, (4, 9))

    np.testing.assert_array_equal(found.toarray(), wanted)
    assert found.has_sorted_indices
    assert found.has_canonical_format


@given(matrices, st.integers(0, 2**36 - 1))
def test_what_is_not_marked_is_dropped(dense: np.ndarray, marks: int) -> None:
    whole = sp.csr_array(dense)
    is_kept = np.array([bool(marks >> cell & 1) for cell in range(36)]).reshape(4, 9)

    kept = kept_entries(whole, is_kept.reshape(-1)[cells_of(whole)])

    np.testing.assert_array_equal(kept.toarray(), dense * is_kept)
