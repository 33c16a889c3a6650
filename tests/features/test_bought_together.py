"""Items belong together where baskets hold both more often than chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import bought_together as module
from features.bought_together import bought_together
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories

BOUGHT = EventType.PURCHASE.code
CUP, SAUCER, LAMP, BULB, BAG = range(5)


def _basket(*items: int, day: int = 100, kind: int = BOUGHT) -> list[tuple[int, int, int]]:
    """Buy items on one day, a minute apart."""
    return [(item, kind, day * SECONDS_PER_DAY + 60 * place) for place, item in enumerate(items)]


def _strength(histories: Histories, one: int, other: int) -> float:
    return float(bought_together(histories, n_items=5).similarity[one, other])


def test_the_formula_by_hand() -> None:
    histories = Histories.of([_basket(CUP, SAUCER), _basket(CUP, SAUCER), _basket(LAMP, BULB)])

    together, chance = 2, 2 * 2 / 3
    wanted = (together - chance) / np.sqrt(2 * 2) * together / (together + 2)
    assert _strength(histories, CUP, SAUCER) == pytest.approx(wanted)
    assert _strength(histories, SAUCER, CUP) == pytest.approx(wanted)
    assert _strength(histories, CUP, LAMP) == 0


def test_days_and_people_part_baskets() -> None:
    one_person = [*_basket(CUP, BAG, day=100), *_basket(SAUCER, LAMP, day=101)]
    histories = Histories.of([one_person, _basket(LAMP, BULB)])

    assert _strength(histories, CUP, SAUCER) == 0
    assert _strength(histories, CUP, BAG) > 0


def test_views_put_nothing_into_a_basket() -> None:
    looked = _basket(CUP, SAUCER, kind=EventType.VIEW.code)

    assert _strength(Histories.of([looked, _basket(LAMP, BULB)]), CUP, SAUCER) == 0


def test_what_everybody_buys_belongs_to_nothing() -> None:
    histories = Histories.of([_basket(BAG, CUP), _basket(BAG, SAUCER), _basket(BAG, LAMP)])

    assert bought_together(histories, n_items=5).similarity.nnz == 0


def test_one_shared_basket_is_believed_less_than_ten() -> None:
    others = [_basket(LAMP, BULB)] * 20
    once = Histories.of([_basket(CUP, SAUCER), *others])
    often = Histories.of([_basket(CUP, SAUCER)] * 10 + others)

    assert 0 < _strength(once, CUP, SAUCER) < _strength(often, CUP, SAUCER)


def test_a_large_basket_says_less_of_a_pair_than_a_small_one() -> None:
    others = [_basket(LAMP, BULB)] * 5
    small = Histories.of([_basket(CUP, SAUCER), *others])
    large = Histories.of([_basket(CUP, SAUCER, BAG), *others])

    assert _strength(large, CUP, SAUCER) < _strength(small, CUP, SAUCER)


def test_a_basket_beyond_the_limit_is_drawn_from_the_same_way_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LARGEST_BASKET", 3)
    histories = Histories.of([_basket(*range(20)), *[_basket(20, 21)] * 5])

    first = bought_together(histories, n_items=22).similarity
    second = bought_together(histories, n_items=22).similarity

    assert np.flatnonzero(np.diff(first.indptr)).shape == (3 + 2,)
    np.testing.assert_array_equal(first.toarray(), second.toarray(), strict=True)


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True), max_size=12))
def test_strengths_are_mutual_and_lie_between_0_and_1(baskets: list[list[int]]) -> None:
    similarity = bought_together(
        Histories.of([_basket(*items) for items in baskets]), n_items=5
    ).similarity.toarray()

    assert similarity.dtype == np.float32
    np.testing.assert_allclose(similarity, similarity.T, atol=1e-6)
    assert (similarity >= 0).all()
    assert (similarity < 1).all()
    assert not similarity.diagonal().any()


def test_nobody_bought_anything() -> None:
    assert bought_together(Histories.empty(3), n_items=5).similarity.nnz == 0
