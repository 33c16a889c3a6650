"""The catalogue stands in the order of the item rows, and shows what may be shown."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from features.catalog import ITEM_SCHEMA, Catalogue
from tests.shops import item

ALL_ALIVE = np.ones(3, dtype=np.bool_)


def _catalogue(*rows: dict[str, object], alive: np.ndarray = ALL_ALIVE) -> Catalogue:
    table = pa.Table.from_pylist(list(rows), schema=ITEM_SCHEMA)
    return Catalogue.of(table, item_ids=["axe", "bowl", "cup"], alive=alive)


@given(st.permutations(["axe", "bowl", "cup", "not-known"]))
def test_the_order_of_the_export_does_not_matter(order: list[str]) -> None:
    catalogue = _catalogue(*(item(one, title=f"The {one}") for one in order))

    assert len(catalogue) == 3
    assert catalogue.table["item_id"].to_pylist() == ["axe", "bowl", "cup"]
    assert [catalogue.title(row) for row in range(3)] == ["The axe", "The bowl", "The cup"]


def test_an_item_is_shown_when_alive_available_and_not_hidden() -> None:
    rows = (item("axe", available=False), item("bowl", hidden=True), item("cup"))

    assert _catalogue(*rows).recommendable.tolist() == [False, False, True]
    assert not _catalogue(*rows, alive=~ALL_ALIVE).recommendable.any()


def test_an_item_that_the_export_lacks_is_on_sale_and_goes_by_its_id() -> None:
    catalogue = _catalogue(item("cup", title="Cup"))

    assert catalogue.recommendable.all()
    assert catalogue.title(0) == "axe"
    assert catalogue.properties(0) == {}


def test_a_shop_without_a_catalogue_sells_all_that_was_bought() -> None:
    catalogue = _catalogue()

    assert catalogue.recommendable.all()
    assert catalogue.table.schema.field("available") == ITEM_SCHEMA.field("available")


def test_only_columns_with_a_value_are_shown() -> None:
    catalogue = _catalogue(item("axe", title="Axe", price=9.5, url="https://shop.example/axe"))

    assert catalogue.properties(0) == {
        "title": "Axe",
        "price": 9.5,
        "url": "https://shop.example/axe",
    }


def test_a_shops_further_columns_stay_behind_ours() -> None:
    schema = ITEM_SCHEMA.append(pa.field("wood", pa.string()))
    table = pa.Table.from_pylist([{**item("cup"), "wood": "oak"}], schema=schema)

    catalogue = Catalogue.of(table, item_ids=["axe", "bowl", "cup"], alive=ALL_ALIVE)

    assert catalogue.table.column_names == [*ITEM_SCHEMA.names, "wood"]
    assert catalogue.table["wood"].to_pylist() == [None, None, "oak"]
