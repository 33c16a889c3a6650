"""Similar items are near by angle, else of the same category, and never the item itself."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.candidates import SOURCES, Source
from features.lists import Lists
from features.similar import SimilarItems, directions

SIZES = st.integers(1, 40)


def _shop(seed: int, n_items: int, *, n_cold: int = 3, budget_ms: float = 1e9) -> SimilarItems:
    """Plant items of three categories, some without a vector and some that are not on sale."""
    rng = np.random.default_rng(seed)
    vectors = (rng.normal(size=(n_items, 4)) * rng.random((n_items, 1))).astype(np.float32)
    vectors[:n_cold] = 0
    recommendable = rng.random(n_items) < 0.8
    popular = rng.permutation(np.flatnonzero(recommendable)).astype(np.int32)
    return SimilarItems.of(
        vectors,
        categories=[("A", "B", None)[place] for place in rng.integers(0, 3, n_items)],
        recommendable=recommendable,
        popular=popular,
        budget_ms=budget_ms,
    )


def _sources(lists: Lists, place: int) -> list[Source]:
    return [SOURCES[code] for code in lists.sources[place, : lists.returned[place]].tolist()]


@settings(max_examples=60)
@given(st.integers(0, 1000), SIZES, st.sampled_from([1, 5, 500]), st.data())
def test_a_list_is_about_its_items_and_holds_none_of_them(
    seed: int, n_items: int, num_results: int, data: st.DataObject
) -> None:
    shop = _shop(seed, n_items)
    rows = st.lists(st.integers(0, n_items - 1), min_size=1, max_size=4)
    seeds = [np.array(one) for one in data.draw(st.lists(rows, min_size=1, max_size=3))]
    excluded = [np.array(data.draw(rows)) for _ in seeds]

    lists = shop.similar(seeds, num_results=num_results, excluded=excluded)

    for place, (group, left_out) in enumerate(zip(seeds, excluded, strict=True)):
        allowed = set(np.flatnonzero(shop.recommendable).tolist())
        allowed -= {*group.tolist(), *left_out.tolist()}
        shown = lists.item_rows[place, : lists.returned[place]].tolist()
        assert set(shown) <= allowed
        assert len(set(shown)) == len(shown) == min(num_results, len(allowed))
        assert (np.diff(lists.scores[place, : len(shown)]) <= 0).all()
        kinds = _sources(lists, place)
        order = [Source.SIMILAR, Source.SAME_CATEGORY, Source.POPULAR]
        assert [order.index(kind) for kind in kinds] == sorted(map(order.index, kinds))


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(2, 40))
def test_the_nearest_by_angle_come_first(seed: int, n_items: int) -> None:
    shop = _shop(seed, n_items)

    lists = shop.similar([np.array([row]) for row in range(n_items)], num_results=10)

    vectors = shop.index.vectors.astype(float)
    for row in range(n_items):
        length = np.linalg.norm(vectors[row])
        scores = vectors @ vectors[row] / length if length else np.zeros(n_items)
        scores[(~shop.recommendable) | (np.arange(n_items) == row) | (scores <= 0)] = -np.inf
        best = np.sort(scores[np.isfinite(scores)])[::-1][:10]
        is_similar = [kind is Source.SIMILAR for kind in _sources(lists, row)]
        assert sum(is_similar) == len(best)
        np.testing.assert_allclose(lists.scores[row, : len(best)], best, rtol=1e-4, atol=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(2, 40))
def test_an_item_has_the_same_list_alone_and_among_others(seed: int, n_items: int) -> None:
    shop = _shop(seed, n_items)
    seeds = [np.array([row, (row + 1) % n_items]) for row in range(n_items)]

    together = shop.similar(seeds, num_results=7)

    for place, group in enumerate(seeds):
        alone = shop.similar([group], num_results=7)
        for name in ("item_rows", "scores", "sources"):
            np.testing.assert_array_equal(
                getattr(alone, name)[0], getattr(together, name)[place], strict=True
            )


def test_a_cold_item_gets_its_category_and_says_so() -> None:
    shop = replace(_shop(1, 60), category_rows=np.array([0] * 12 + [1] * 48, dtype=np.int32))
    of_its_kind = [row for row in shop.popular.tolist() if 0 < row < 12]

    lists = shop.similar([np.array([0])], num_results=20)

    n = len(of_its_kind)
    assert lists.item_rows[0, :n].tolist() == of_its_kind
    assert _sources(lists, 0) == [Source.SAME_CATEGORY] * n + [Source.POPULAR] * (20 - n)


def test_an_item_of_which_nothing_is_known_gets_what_is_popular_and_says_so() -> None:
    shop = replace(_shop(1, 60), category_rows=np.full(60, -1, dtype=np.int32))

    lists = shop.similar([np.array([0])], num_results=5)

    assert lists.item_rows[0].tolist() == [row for row in shop.popular.tolist() if row][:5]
    assert _sources(lists, 0) == [Source.POPULAR] * 5


def test_no_questions_are_no_lists() -> None:
    assert _shop(0, 10).similar([], num_results=4).item_rows.shape == (0, 4)


@pytest.mark.parametrize("budget_ms", [1e9, 0.0], ids=["exact", "ivf"])
def test_sold_out_items_do_not_crowd_out_those_that_can_be_shown(budget_ms: float) -> None:
    rng = np.random.default_rng(0)
    n_items = 6_000
    recommendable = rng.random(n_items) < 0.1
    shop = SimilarItems.of(
        rng.normal(size=(n_items, 8)).astype(np.float32),
        categories=["A"] * n_items,
        recommendable=recommendable,
        popular=np.flatnonzero(recommendable).astype(np.int32),
        budget_ms=budget_ms,
    )

    lists = shop.similar([np.array([row]) for row in range(20)], num_results=10)

    assert {kind for place in range(20) for kind in _sources(lists, place)} == {Source.SIMILAR}


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
