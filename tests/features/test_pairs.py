"""What is known of pairs is looked up as a dense table would tell it."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from features.candidates import Candidates
from features.pairs import Pairs

N_ITEMS = 6


def _some(seed: int, n: int) -> Candidates:
    """Draw candidates for n people; some may have none."""
    rng = np.random.default_rng(seed)
    named = [rng.permutation(N_ITEMS)[: rng.integers(0, N_ITEMS + 1)] for _ in range(n)]
    rows = np.concatenate(named).astype(np.int32)
    indptr = np.cumsum([0, *(len(one) for one in named)])
    return Candidates(indptr, rows, np.zeros(len(rows), dtype=np.uint8))


shops = st.tuples(st.integers(0, 10_000), st.integers(1, 4))


@given(shops)
def test_a_matrix_is_read_where_the_pairs_are(shop: tuple[int, int]) -> None:
    seed, n = shop
    candidates = _some(seed, n)
    rng = np.random.default_rng(seed)
    dense = (rng.random((n, N_ITEMS)) * (rng.random((n, N_ITEMS)) < 0.5)).astype(np.float32)

    found = Pairs.of(candidates, N_ITEMS).values(sp.csr_array(dense))

    np.testing.assert_array_equal(found, dense[candidates.person_rows, candidates.item_rows])
    assert found.dtype == np.float32


@given(shops)
def test_what_is_known_of_some_cells_is_told_and_a_number_elsewhere(shop: tuple[int, int]) -> None:
    seed, n = shop
    candidates = _some(seed, n)
    rng = np.random.default_rng(seed)
    cells = rng.permutation(n * N_ITEMS)[: rng.integers(0, n * N_ITEMS + 1)]
    values = rng.random((2, len(cells))).astype(np.float32)
    dense = np.array([[-1.0], [99.0]], dtype=np.float32).repeat(n * N_ITEMS, axis=1)
    dense[:, cells] = values

    found = Pairs.of(candidates, N_ITEMS).known(cells, tuple(values), missing=(-1, 99))

    asked = candidates.person_rows * N_ITEMS + candidates.item_rows
    np.testing.assert_array_equal(found, dense[:, asked])


@pytest.mark.parametrize("n", [1, 3])
def test_each_pair_knows_its_person_and_its_cell(n: int) -> None:
    candidates = _some(1, n)

    pairs = Pairs.of(candidates, N_ITEMS)

    assert pairs.people.tolist() == candidates.person_rows.tolist()
    assert pairs.cells.tolist() == (pairs.people * N_ITEMS + candidates.item_rows).tolist()
    assert pairs.n_cells == n * N_ITEMS
