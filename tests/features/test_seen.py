"""Some of the people are the same people, in the order asked for."""

import numpy as np
import pytest

from tests.shops import some_bundle


@pytest.mark.parametrize("with_model", [True, False])
def test_some_people_are_taken_with_all_that_is_known_of_them(with_model: bool) -> None:
    bundle = some_bundle(3, with_model=with_model)
    everybody = bundle.recommender.read(bundle.histories)
    rows = np.array([5, 1, 5])

    some = everybody.take(rows)

    assert len(some) == 3
    assert some.histories.lengths.tolist() == bundle.histories.lengths[rows].tolist()
    np.testing.assert_array_equal(some.confidence.toarray(), everybody.confidence.toarray()[rows])
    if with_model:
        np.testing.assert_array_equal(some.vectors, everybody.vectors[rows])
    else:
        assert some.vectors is None
