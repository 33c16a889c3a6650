"""A person wants what the person's items speak for, and no item speaks for itself."""

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from features.neighbours import Neighbours

CUP, SAUCER, SPOON, LAMP = range(4)
STRENGTHS = np.array([[9, 3, 1, 0], [3, 9, 2, 0], [1, 2, 9, -5], [0, 0, -5, 9]], dtype=np.float32)


def test_an_item_keeps_its_strongest_neighbours_and_not_itself() -> None:
    kept = Neighbours.of(sp.csr_array(STRENGTHS), most=1).similarity.toarray()

    assert kept.tolist() == [[0, 3, 0, 0], [3, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0]]


def test_a_score_is_the_sum_over_the_own_items() -> None:
    model = Neighbours.of(sp.csr_array(STRENGTHS), most=3)
    wanted = sp.csr_array(np.array([[2, 0, 10, 0], [0, 0, 0, 1]], dtype=np.float32))

    assert model.scores(wanted).toarray().tolist() == [
        [10 * 1, 2 * 3 + 10 * 2, 2 * 1, 0],
        [0, 0, 0, 0],
    ]


@given(st.integers(0, 10_000))
def test_scores_of_some_items_are_those_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = Neighbours.of(sp.csr_array(rng.random((8, 8)).astype(np.float32)), most=4)
    wanted = sp.csr_array((rng.random((3, 8)) * (rng.random((3, 8)) < 0.4)).astype(np.float32))
    some = rng.permutation(8)[:5]

    every = model.scores(wanted)

    np.testing.assert_allclose(model.score(wanted, some), every.toarray()[:, some], rtol=1e-6)


def test_the_given_similarity_is_left_as_it_is() -> None:
    given_ = sp.csr_array(STRENGTHS)

    Neighbours.of(given_, most=1)

    np.testing.assert_array_equal(given_.toarray(), STRENGTHS)


def test_stored_arrays_give_the_model_back() -> None:
    model = Neighbours.of(sp.csr_array(STRENGTHS), most=2)

    again = Neighbours.from_arrays(model.arrays())

    np.testing.assert_array_equal(again.similarity.toarray(), model.similarity.toarray())
    assert {name: one.dtype for name, one in again.arrays().items()} == {
        "indptr": np.int64,
        "item_rows": np.int32,
        "weights": np.float32,
    }
