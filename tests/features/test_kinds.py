"""An alternative is of the same use, a complement is bought along, and nothing is both."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from features.kinds import SAME_USE, as_alternatives, as_complements

N = 20
shares = arrays(np.float32, N, elements=st.floats(0, 1, width=32))
cosines = arrays(np.float32, N, elements=st.floats(-1, 1, width=32))


def _alternatives(content: float, baskets: float, *, taste: float, known: float = 1.0) -> float:
    values = [np.array([one], np.float32) for one in (content, baskets, taste, known)]
    return float(as_alternatives(*values[:2], taste=values[2], known=values[3])[0])


@given(shares, shares, cosines, shares)
def test_no_item_is_an_alternative_and_a_complement(
    content: NDArray[np.float32],
    baskets: NDArray[np.float32],
    taste: NDArray[np.float32],
    known: NDArray[np.float32],
) -> None:
    alternatives = as_alternatives(content, baskets, taste=taste, known=known)
    complements = as_complements(content, baskets)

    assert not ((alternatives > 0) & (complements > 0)).any()
    for scores in (alternatives, complements):
        assert scores.dtype == np.float32
        assert (scores >= 0).all()
    assert (content[alternatives > 0] >= SAME_USE).all()
    assert (baskets[complements > 0] > 0).all()


def test_a_cold_item_is_an_alternative_by_what_it_is() -> None:
    cold = _alternatives(0.8, 0, taste=0, known=0)

    assert _alternatives(0.8, 0, taste=0.9) > cold > _alternatives(0.8, 0, taste=0.1) > 0


def test_an_item_that_others_want_is_no_alternative() -> None:
    assert _alternatives(0.8, 0, taste=-0.5) == 0


def test_what_is_bought_along_is_less_of_an_alternative() -> None:
    assert _alternatives(0.8, 0.4, taste=0.5) < _alternatives(0.8, 0, taste=0.5)


def test_likeness_counts_for_more_than_taste() -> None:
    assert _alternatives(0.8, 0, taste=0.4) > _alternatives(0.4, 0, taste=0.8)
