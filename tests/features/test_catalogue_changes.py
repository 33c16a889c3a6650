"""A catalogue says what was stated last, and shows what the shop has, sells and does not hide."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.catalog import ITEM_SCHEMA, Catalogue
from features.catalogue_changes import changed, in_catalogue, next_release
from tests.shops import item

NOW = datetime(2024, 6, 2, tzinfo=UTC)
IDS = ["axe", "bowl", "cup"]
SCHEMA = ITEM_SCHEMA.append(pa.field("tags", pa.list_(pa.string()))).append(
    pa.field("weight_g", pa.int64())
)


def _catalogue(*rows: dict[str, object], alive: tuple[bool, ...] = (True, True, True)) -> Catalogue:
    table = pa.Table.from_pylist(list(rows), schema=SCHEMA)
    return Catalogue.of(table, item_ids=IDS, alive=np.array(alive))


def _after(catalogue: Catalogue, **changes: dict[str, Any]) -> Catalogue:
    known = {name: row for row, name in enumerate(catalogue.table["item_id"].to_pylist())}
    new = [name for name in changes if name not in known]
    rows = known | {name: len(known) + place for place, name in enumerate(new)}
    return changed(catalogue, changes, np.array([rows[name] for name in changes]), now=NOW)


def _values(catalogue: Catalogue, column: str) -> list[object]:
    values: list[object] = catalogue.table[column].to_pylist()
    return values


def test_a_column_takes_what_is_stated_and_keeps_the_rest() -> None:
    before = _catalogue(item("axe", price=9.0, title="Axe"), item("cup", price=3.0))

    after = _after(before, cup={"price": 4}, bowl={"price": 7.5, "title": "Bowl"})

    assert _values(after, "price") == [9.0, 7.5, 4.0]
    assert _values(after, "title") == ["Axe", "Bowl", None]
    assert after.table.schema == before.table.schema
    assert _values(before, "price") == [9.0, None, 3.0]


def test_lists_numbers_and_times_are_held_as_the_column_holds_them() -> None:
    after = _after(
        _catalogue(item("axe") | {"tags": ["old"], "weight_g": 900}),
        axe={"tags": ["oak", "sharp"], "released_at": "2024-06-01T12:00:00+02:00"},
        cup={"weight_g": 300, "released_at": datetime(2024, 1, 1, tzinfo=UTC)},
    )

    assert _values(after, "tags") == [["oak", "sharp"], None, None]
    assert _values(after, "weight_g") == [900, None, 300]
    assert _values(after, "released_at") == [
        datetime(2024, 6, 1, 10, tzinfo=UTC),
        None,
        datetime(2024, 1, 1, tzinfo=UTC),
    ]


def test_a_new_item_stands_behind_the_others_and_is_on_sale() -> None:
    after = _after(_catalogue(), saw={"price": 12.0}, rake={"hidden": True})

    assert _values(after, "item_id") == [*IDS, "saw", "rake"]
    assert _values(after, "price")[3:] == [12.0, None]
    assert _values(after, "available")[3:] == [True, True]
    assert after.recommendable.tolist() == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("dtype", "stated", "held"),
    [
        (pa.date32(), "2024-06-01", date(2024, 6, 1)),
        (pa.date32(), "some day", None),
        (pa.decimal128(9, 2), 9.5, Decimal("9.50")),
        (pa.decimal128(9, 2), 9.123, None),
        (pa.dictionary(pa.int32(), pa.string()), "oak", "oak"),
    ],
)
def test_further_columns_hold_what_json_can_state_of_them(
    dtype: pa.DataType, stated: object, held: object
) -> None:
    table = pa.Table.from_pylist([item("axe")], schema=ITEM_SCHEMA)
    further = table.append_column(pa.field("further", dtype), pa.nulls(1, dtype))

    after = in_catalogue(further, {"axe": {"further": stated}}, now=NOW)

    assert after["further"].to_pylist() == [held]


def test_the_shops_own_catalogue_is_restated_as_a_bundles_is() -> None:
    items = pa.Table.from_pylist([item("cup", title="Cup"), item("axe", price=9.0)], schema=SCHEMA)
    changes = {"axe": {"price": 8.0}, "saw": {"tags": ["new"]}, "cup": {"hidden": True}}

    after = in_catalogue(items, changes, now=NOW)

    assert after.schema == items.schema
    assert after.select(
        ["item_id", "title", "price", "available", "hidden", "tags"]
    ).to_pylist() == [
        _row("cup", title="Cup", hidden=True),
        _row("axe", price=8.0),
        _row("saw", tags=["new"]),
    ]


def test_a_shop_without_a_catalogue_begins_one() -> None:
    after = in_catalogue(ITEM_SCHEMA.empty_table(), {"axe": {"price": 8.0}}, now=NOW)

    assert after.to_pylist() == [item("axe", price=8.0)]


def _row(item_id: str, **columns: object) -> dict[str, object]:
    usual = {"title": None, "price": None, "available": True, "hidden": False, "tags": None}
    return {"item_id": item_id} | usual | columns


@pytest.mark.parametrize("column", ["colour", "item_id"])
def test_a_column_that_the_catalogue_lacks_is_passed_over_and_ids_stay(column: str) -> None:
    after = _after(_catalogue(item("axe")), axe={column: "red", "price": 2.0})

    assert after.table.column_names == SCHEMA.names
    assert _values(after, "item_id") == IDS
    assert _values(after, "price") == [2.0, None, None]


@pytest.mark.parametrize(
    ("column", "value"),
    [("weight_g", "heavy"), ("weight_g", 2**70), ("released_at", "soon"), ("tags", 5)],
)
def test_a_value_that_its_column_cannot_hold_changes_nothing(column: str, value: object) -> None:
    before = _catalogue(item("axe") | {"weight_g": 900, "tags": ["oak"]})

    after = _after(before, axe={column: value}, cup={"weight_g": 300})

    assert _values(after, column)[0] == _values(before, column)[0]
    assert _values(after, "weight_g")[2] == 300


def test_what_the_shop_did_not_have_comes_when_it_says_available() -> None:
    catalogue = _catalogue(alive=(False, True, True))

    assert not _after(catalogue, axe={"title": "Axe"}).recommendable[0]
    assert not _after(catalogue, axe={"available": False}).recommendable[0]
    assert _after(catalogue, axe={"available": True}).recommendable[0]


def test_what_the_shop_did_not_have_stays_away_when_it_was_hidden_in_between() -> None:
    catalogue = _catalogue(alive=(False, True, True))

    shown_again = _after(_after(catalogue, axe={"hidden": True}), axe={"hidden": False})

    assert not shown_again.recommendable[0]


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_date_of_release_must_have_come(days: int) -> None:
    dated = {"released_at": NOW + timedelta(days=days)}

    after = _after(_catalogue(), axe=dated, saw=dated)

    assert after.recommendable.tolist() == [days <= 0, True, True, days <= 0]


def test_the_next_release_is_the_earliest_to_come() -> None:
    catalogue = _after(
        _catalogue(),
        axe={"released_at": NOW + timedelta(days=3)},
        bowl={"released_at": NOW + timedelta(days=2)},
        cup={"released_at": NOW - timedelta(days=1)},
    )

    assert next_release(catalogue, np.arange(3), now=NOW) == NOW + timedelta(days=2)
    assert next_release(catalogue, np.array([2]), now=NOW).year == 9999


def test_a_change_of_the_price_leaves_the_masks_as_they_are() -> None:
    catalogue = _catalogue(item("axe", price=9.0))

    after = _after(catalogue, axe={"price": 8.0})

    assert after.recommendable is catalogue.recommendable
