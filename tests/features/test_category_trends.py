"""Trending by category: people get what sells where they shop."""

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from features.catalog import ITEM_SCHEMA, Catalogue
from features.category_trends import CategoryTrends
from features.demand import Demand
from features.errors import FutureEventError
from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.weights import ConfidenceWeights
from tests.shops import item

TODAY = 20_000
AS_OF_S = TODAY * SECONDS_PER_DAY
PER_PURCHASE = ConfidenceWeights(half_life_days=10.0, by_type={EventType.PURCHASE: 1.0})

Sales = dict[int, float]
"""How often each item was bought today."""


def demand(sales: Sales, *, days_ago: int = 0) -> Demand:
    n = len(sales)
    return Demand(
        item_rows=np.array(list(sales), dtype=np.int32),
        days=np.full(n, TODAY - days_ago, dtype=np.int32),
        event_types=np.full(n, EventType.PURCHASE.code, dtype=np.uint8),
        country_rows=np.full(n, -1, dtype=np.int16),
        counts=np.array(list(sales.values()), dtype=np.float32),
        countries=(),
    )


def trends(
    categories: list[str | None],
    sales: Sales,
    *,
    hidden: tuple[int, ...] = (),
    least_items: int = 2,
    n_top: int = 4,
) -> CategoryTrends:
    item_ids = [f"item-{row}" for row in range(len(categories))]
    rows = [
        item(item_id, category=category, hidden=row in hidden)
        for row, (item_id, category) in enumerate(zip(item_ids, categories, strict=True))
    ]
    catalogue = Catalogue.of(
        pa.Table.from_pylist(rows, schema=ITEM_SCHEMA),
        item_ids=item_ids,
        alive=np.ones(len(rows), dtype=np.bool_),
    )
    return CategoryTrends.of(
        demand(sales),
        catalogue,
        weights=PER_PURCHASE,
        as_of_s=AS_OF_S,
        n_top=n_top,
        least_items=least_items,
    )


def confidences(*people: Sales, n_items: int) -> sp.csr_array:
    dense = np.zeros((len(people), n_items), dtype=np.float32)
    for row, person in enumerate(people):
        dense[row, list(person)] = list(person.values())
    return sp.csr_array(dense)


def test_each_category_ranks_its_own_items_by_demand() -> None:
    given = trends(["Lamps", "Mugs", "Lamps", "Mugs"], {0: 1, 1: 2, 2: 5, 3: 3})

    assert given.category_rows.tolist() == [0, 1, 0, 1]
    assert given.top.tolist() == [[2, 0, -1, -1], [3, 1, -1, -1]]


def test_an_item_belongs_to_the_deepest_level_with_enough_items() -> None:
    given = trends(
        ["Home > Lamps > Desk", "Home > Lamps > Floor", "Home > Mugs", "Home", "Toys"],
        {0: 1, 1: 2, 2: 4, 3: 3, 4: 1},
    )

    home, lamps, toys = given.category_rows[[3, 0, 4]].tolist()
    # Desk and floor lamps have one item each, lamps together two; mugs are left to all of Home.
    assert given.category_rows.tolist() == [lamps, lamps, home, home, toys]
    assert given.top[lamps].tolist() == [1, 0, -1, -1]
    # A level holds everything below it.
    assert given.top[home].tolist() == [2, 3, 1, 0]
    assert given.top[toys].tolist() == [4, -1, -1, -1]


def test_items_that_may_not_be_shown_count_neither_as_enough_nor_as_trending() -> None:
    given = trends(["A > B", "A > B", "A > C"], {0: 9, 1: 1, 2: 2}, hidden=(0,))

    assert given.category_rows.tolist() == [0, 0, 0]
    assert given.top.tolist() == [[2, 1, -1, -1]]


def test_items_that_nobody_wants_are_not_trending_and_equal_ones_stand_in_row_order() -> None:
    given = trends(["A"] * 4, {3: 2, 1: 2})

    assert given.top.tolist() == [[1, 3, -1, -1]]


def test_people_get_their_best_categories_in_turn() -> None:
    given = trends(["A"] * 3 + ["B"] * 3 + ["C"] * 3, {row: 9 - row for row in range(9)})
    two_tastes, one_taste = {3: 2.0, 4: 2.0, 0: 3.0, 8: 0.5}, {6: 1.0}

    named = given.interleaved(
        confidences(two_tastes, one_taste, {}, n_items=9), depth=5, n_categories=2
    )

    # B is wanted with 2 + 2, A with 3; C with .5 is one category too many.
    assert named.tolist() == [[3, 0, 4, 1, 5], [6, 7, 8, -1, -1], [-1] * 5]
    assert named.dtype == np.int32


def test_an_item_of_two_favourite_categories_is_named_once() -> None:
    given = trends(["A > B", "A > B", "A"], {0: 3, 1: 2, 2: 1})

    named = given.interleaved(confidences({0: 2.0, 2: 1.0}, n_items=3), depth=4)

    assert named.tolist() == [[0, 1, 2, -1]]


def test_what_somebody_wants_without_a_category_names_nothing() -> None:
    given = trends(["A", None, "A"], {0: 1, 1: 9})

    assert given.category_rows.tolist() == [0, -1, 0]
    assert given.interleaved(confidences({1: 5.0}, n_items=3), depth=2).tolist() == [[-1, -1]]


@pytest.mark.parametrize("categories", [[None, None], ["", " > "]])
def test_a_shop_without_categories_gives_empty_arrays(categories: list[str | None]) -> None:
    given = trends(categories, {0: 1, 1: 2})

    assert given.top.shape == (0, 4)
    assert given.category_rows.tolist() == [-1, -1]
    named = given.interleaved(confidences({0: 1.0}, {}, n_items=2), depth=3)
    assert named.tolist() == [[-1] * 3] * 2


def test_a_shop_without_a_catalogue_gives_empty_arrays() -> None:
    catalogue = Catalogue.of(
        ITEM_SCHEMA.empty_table(), item_ids=["a", "b"], alive=np.ones(2, dtype=np.bool_)
    )

    given = CategoryTrends.of(demand({0: 1}), catalogue, weights=PER_PURCHASE, as_of_s=AS_OF_S)

    assert len(given.top) == 0
    assert given.category_rows.tolist() == [-1, -1]


def test_it_opens_as_it_was_stored() -> None:
    given = trends(["A", "B", None], {0: 1, 1: 2})

    again = CategoryTrends.from_arrays(given.arrays())

    np.testing.assert_array_equal(again.top, given.top)
    np.testing.assert_array_equal(again.category_rows, given.category_rows)
    assert (again.top.dtype, again.category_rows.dtype) == (np.int32, np.int32)


def test_events_after_as_of_are_refused() -> None:
    catalogue = Catalogue.of(
        ITEM_SCHEMA.empty_table(), item_ids=["a"], alive=np.ones(1, dtype=np.bool_)
    )

    with pytest.raises(FutureEventError, match="after as_of"):
        CategoryTrends.of(
            demand({0: 1}, days_ago=-1), catalogue, weights=PER_PURCHASE, as_of_s=AS_OF_S
        )


N_ITEMS = 12
paths = st.lists(
    st.sampled_from([None, "A", "A > B", "A > B > C", "A > D", "E", "E > B"]),
    min_size=N_ITEMS,
    max_size=N_ITEMS,
)
amounts = st.dictionaries(st.integers(0, N_ITEMS - 1), st.floats(1, 99, width=32), max_size=N_ITEMS)


@given(paths, amounts, st.sets(st.integers(0, N_ITEMS - 1)), st.integers(1, 5))
def test_a_category_names_only_items_below_it_that_may_be_shown(
    categories: list[str | None], sales: Sales, hidden: set[int], least_items: int
) -> None:
    given = trends(categories, sales, hidden=tuple(hidden), least_items=least_items, n_top=N_ITEMS)

    for category, top in enumerate(given.top.tolist()):
        members = [row for row in range(N_ITEMS) if given.category_rows[row] == category]
        named = [row for row in top if row >= 0]
        assert members
        assert set(members) & set(sales) - hidden <= set(named)
        assert not set(named) & hidden
        assert [sales[row] for row in named] == sorted((sales[row] for row in named), reverse=True)


@given(paths, amounts, st.lists(amounts, min_size=1, max_size=5), st.integers(1, 8))
def test_a_person_gets_the_same_alone_and_in_company_and_no_item_twice(
    categories: list[str | None], sales: Sales, people: list[Sales], depth: int
) -> None:
    given = trends(categories, sales)
    wanted = confidences(*people, n_items=N_ITEMS)

    together = given.interleaved(wanted, depth)

    assert together.shape == (len(people), depth)
    for row, named in enumerate(together.tolist()):
        alone = given.interleaved(sp.csr_array(wanted[[row]]), depth)
        assert alone[0].tolist() == named
        items = [one for one in named if one >= 0]
        assert len(items) == len(set(items))
        assert named == items + [-1] * (depth - len(items))
