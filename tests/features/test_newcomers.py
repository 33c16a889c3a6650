"""A newcomer lies in the middle of those that share its category and its brand."""

import numpy as np
import pyarrow as pa

from features.catalog import ITEM_SCHEMA, Catalogue
from features.newcomers import Newcomers
from tests.shops import AS_OF, item

TRAINED = (
    item("desk-lamp", category="Home > Lamps", brand="Glow"),
    item("wall-lamp", category="Home > Lamps", brand="Beam"),
    item("old-lamp", category="Home > Lamps", brand="Glow", available=False),
    item("vase", category="Home > Vases"),
    item("rake", category="Garden"),
)
VALUES = np.array([[6], [2], [100], [4], [9]], dtype=np.float32)


def _newcomers(*new: dict[str, object]) -> Newcomers:
    rows = [*TRAINED, *new]
    catalogue = Catalogue.of(
        pa.Table.from_pylist(rows, schema=ITEM_SCHEMA),
        item_ids=[str(one["item_id"]) for one in rows],
        alive=np.ones(len(rows), dtype=np.bool_),
    )
    return Newcomers.of(catalogue, n_trained=len(TRAINED))


def _means(*new: dict[str, object]) -> list[float]:
    means = _newcomers(*new).means(VALUES)[:, 0].tolist()
    return [round(mean, 4) for mean in means]


def test_the_mean_is_of_what_may_be_shown_in_the_category_and_drawn_to_nought() -> None:
    assert _means(item("new", category="Home > Lamps")) == [round((6 + 2) / (2 + 3), 4)]


def test_the_brand_counts_in_its_category() -> None:
    of_category = (6 + 2) / (2 + 3)

    means = _means(item("new", category="Home > Lamps", brand="Beam"))

    assert means == [round((2 + 3 * of_category) / (1 + 3), 4)]


def test_a_new_level_takes_after_the_level_above_it() -> None:
    means = _means(
        item("new", category="Home > Lamps > LED"), item("other", category="Home > Rugs")
    )

    assert means == [round((6 + 2) / (2 + 3), 4), round((6 + 2 + 4) / (3 + 3), 4)]


def test_who_has_no_category_or_an_unheard_of_one_lies_nowhere() -> None:
    assert _means(item("new"), item("other", category="Toys")) == [0.0, 0.0]


def test_categories_are_those_of_a_twin_else_of_most_relatives_else_none() -> None:
    rows = np.array([7, 7, 7, 8, 9], dtype=np.int32)
    newcomers = _newcomers(
        item("a", category="Home > Vases"),
        item("b", category="Home > Rugs"),
        item("c", category="Toys"),
        item("d"),
    )

    assert newcomers.usual(rows).tolist() == [8, 7, -1, -1]


def test_a_category_that_is_new_gets_a_number_that_its_items_share() -> None:
    rows = np.array([0, 0, 0, 2, 1], dtype=np.int32)
    newcomers = _newcomers(
        item("a", category="Toys"),
        item("b"),
        item("c", category="Garden"),
        item("d", category="Toys"),
    )

    first, none, garden, second = newcomers.numbered(rows).tolist()

    assert (none, garden) == (-1, 1)
    assert first == second > 2


def test_the_latest_arrival_comes_first_and_what_is_not_shown_not_at_all() -> None:
    newcomers = _newcomers(
        item("dated", released_at=AS_OF), item("undated"), item("gone", hidden=True)
    )

    assert newcomers.arrivals.tolist() == [len(TRAINED) + 1, len(TRAINED)]
