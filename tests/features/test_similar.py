"""Similar items are near by angle, else of the same category, and never the item itself."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from features.candidates import SOURCES, Source
from features.errors import InvalidInput
from features.kinds import SAME_USE, Kind
from features.lists import Lists
from features.neighbours import Neighbours
from features.similar import SimilarItems

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


KINDS: tuple[Kind, ...] = ("alternatives", "complements")


def _shop_of_kinds(seed: int, n_items: int) -> SimilarItems:
    """Plant what is alike and what is bought together at random."""
    rng = np.random.default_rng(seed + 1)
    shares = rng.random((2, n_items, n_items)) * (rng.random((2, n_items, n_items)) < 0.4)
    content, baskets = (Neighbours.of(sp.csr_array(one), most=8) for one in shares)
    return replace(_shop(seed, n_items), content=content, baskets=baskets)


def _planted(
    *, content: dict[int, float], baskets: dict[int, float], n_items: int = 6
) -> SimilarItems:
    """Plant what item 0 is alike to and bought together with; nothing is known of tastes."""
    parts = []
    for strengths in (content, baskets):
        rows = np.zeros((n_items, n_items), dtype=np.float32)
        rows[0, list(strengths)] = list(strengths.values())
        parts.append(Neighbours.of(sp.csr_array(rows), most=n_items))
    return SimilarItems.of(
        np.zeros((n_items, 1), dtype=np.float32),
        categories=["A", "A", "A", "A", "B", "B"][:n_items],
        recommendable=np.ones(n_items, dtype=np.bool_),
        popular=np.arange(n_items, dtype=np.int32)[::-1].copy(),
        budget_ms=1e9,
        content=parts[0],
        baskets=parts[1],
    )


@settings(max_examples=40)
@given(st.integers(0, 1000), SIZES, st.sampled_from([1, 5, 500]), st.data())
def test_no_item_is_in_the_lists_of_both_kinds(
    seed: int, n_items: int, num_results: int, data: st.DataObject
) -> None:
    shop = _shop_of_kinds(seed, n_items)
    rows = st.lists(st.integers(0, n_items - 1), min_size=1, max_size=4)
    seeds = [np.array(one) for one in data.draw(st.lists(rows, min_size=1, max_size=3))]
    excluded = [np.array(data.draw(rows)) for _ in seeds]

    both = [
        shop.similar(seeds, num_results=num_results, excluded=excluded, kind=kind) for kind in KINDS
    ]

    for place, (group, left_out) in enumerate(zip(seeds, excluded, strict=True)):
        shown = [lists.item_rows[place, : lists.returned[place]].tolist() for lists in both]
        allowed = set(np.flatnonzero(shop.recommendable)) - set(group) - set(left_out)
        assert set(shown[0]).isdisjoint(shown[1])
        for lists, one in zip(both, shown, strict=True):
            assert set(one) <= allowed
            assert len(set(one)) == len(one)
            assert (np.diff(lists.scores[place, : len(one)]) <= 0).all()
            assert lists.sources.dtype == np.uint8


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(2, 40), st.sampled_from(KINDS))
def test_a_list_of_a_kind_is_the_same_alone_and_among_others(
    seed: int, n_items: int, kind: Kind
) -> None:
    shop = _shop_of_kinds(seed, n_items)
    seeds = [np.array([row, (row + 1) % n_items]) for row in range(n_items)]

    together = shop.similar(seeds, num_results=7, kind=kind)

    for place, group in enumerate(seeds):
        alone = shop.similar([group], num_results=7, kind=kind)
        for name in ("item_rows", "scores", "sources"):
            np.testing.assert_array_equal(
                getattr(alone, name)[0], getattr(together, name)[place], strict=True
            )


def test_complements_are_bought_along_and_not_alike() -> None:
    shop = _planted(content={1: 0.9, 2: SAME_USE - 0.1}, baskets={1: 0.5, 2: 0.2, 4: 0.3})

    lists = shop.similar([np.array([0])], num_results=5, kind="complements")

    assert lists.item_rows[0].tolist() == [4, 2, -1, -1, -1]
    assert lists.scores[0, :2].tolist() == pytest.approx([0.3, 0.2 * (1 - SAME_USE + 0.1)])
    assert _sources(lists, 0) == [Source.BOUGHT_TOGETHER] * 2


def test_too_few_complements_are_not_filled_with_others() -> None:
    shop = _planted(content={1: 0.9}, baskets={})

    assert shop.similar([np.array([0])], num_results=5, kind="complements").returned[0] == 0


def test_alternatives_are_filled_with_their_category_but_for_complements() -> None:
    shop = _planted(content={4: 0.9}, baskets={1: 0.4})

    lists = shop.similar([np.array([0])], num_results=5, kind="alternatives")

    assert lists.item_rows[0].tolist() == [4, 3, 2, -1, -1]
    assert _sources(lists, 0) == [Source.CONTENT] + [Source.SAME_CATEGORY] * 2


def test_an_alternative_that_the_same_people_want_is_told_from_one_that_is_only_alike() -> None:
    vectors = np.zeros((6, 2), dtype=np.float32)
    vectors[[0, 1]] = [[1, 0], [1, 0.1]]
    warm = SimilarItems.of(
        vectors,
        categories=[None] * 6,
        recommendable=np.ones(6, dtype=np.bool_),
        popular=np.arange(6, dtype=np.int32),
        budget_ms=1e9,
    )
    shop = replace(_planted(content={1: 0.6, 2: 0.6}, baskets={}), index=warm.index)

    lists = shop.similar([np.array([0])], num_results=2, kind="alternatives")

    assert lists.item_rows[0].tolist() == [1, 2]
    assert _sources(lists, 0) == [Source.SIMILAR, Source.CONTENT]


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_parts_a_kind_is_an_error(kind: Kind) -> None:
    shop = _shop(0, 10)

    assert not shop.knows_kinds
    with pytest.raises(InvalidInput, match=f"nothing is known of {kind}; train again"):
        shop.similar([np.array([0])], num_results=3, kind=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_no_questions_of_a_kind_are_no_lists(kind: Kind) -> None:
    assert _shop_of_kinds(0, 10).similar([], num_results=4, kind=kind).item_rows.shape == (0, 4)
