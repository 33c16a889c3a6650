"""Posted items: only what is stated changes, and only columns that the catalogue has."""

import json
import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalog import ITEM_SCHEMA
from serving.inbox.items import read_items
from serving.store.items import ItemChange

SCHEMA = pa.schema(
    [
        *ITEM_SCHEMA,
        pa.field("colour", pa.dictionary(pa.int32(), pa.string())),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("stock", pa.int64()),
        pa.field("weight_kg", pa.float32()),
        pa.field("is_vegan", pa.bool_()),
        pa.field("season_start", pa.date32()),
        pa.field("dimensions", pa.struct([("height", pa.int64())])),
        pa.field("supplier", pa.string(), nullable=False),
    ]
)


def stated(**columns: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    read = read_items([{"item_id": "lamp", **columns}], SCHEMA)
    assert read.rejected == []
    return read.valid[0].stated


def fault(**columns: Any) -> str:  # noqa: ANN401
    read = read_items([{"item_id": "lamp", **columns}], SCHEMA)
    assert read.valid == []
    return read.rejected[0]["code"]


def test_only_what_is_stated_changes() -> None:
    read = read_items([{"item_id": "lamp", "price": 9}, {"item_id": "mug"}], ITEM_SCHEMA)

    assert read.valid == [ItemChange("lamp", {"price": 9.0}), ItemChange("mug", {})]


def test_every_column_that_the_catalogue_has_may_be_stated() -> None:
    columns = {
        "title": "Lamp\nof glass",
        "category": "Home > Lamps",
        "brand": "Glow",
        "price": 12.5,
        "available": True,
        "hidden": False,
        "released_at": "2024-06-01T12:00:00+00:00",
        "url": "https://shop.example/lamp?a=b",
        "image_url": "/images/lamp.jpg",
        "colour": "red",
        "tags": ["glass", "new"],
        "stock": 7,
        "weight_kg": 0.5,
        "is_vegan": False,
        "season_start": "2024-09-01",
        "supplier": "Bolt",
    }

    assert stated(**columns) == columns


def test_times_are_told_in_utc() -> None:
    told = stated(released_at="2024-06-01T14:00:00+02:00")

    assert told == {"released_at": "2024-06-01T12:00:00+00:00"}


def test_null_clears_a_column() -> None:
    cleared = {"price": None, "title": None, "released_at": None, "tags": None, "stock": None}

    assert stated(**cleared) == cleared


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"item_id": None}, "missing_id"),
        ({"item_id": "a" * 257}, "too_long"),
        ({"available": None}, "invalid_flag"),
        ({"hidden": None}, "invalid_flag"),
        ({"hidden": "true"}, "invalid_flag"),
        ({"available": 1}, "invalid_flag"),
        ({"price": -1}, "negative_price"),
        ({"price": math.nan}, "non_finite_price"),
        ({"title": 7}, "wrong_type"),
        ({"title": "\x00"}, "control_characters"),
        ({"title": "é" * 32_769}, "too_long"),
        ({"released_at": "2024-06-01"}, "invalid_time"),
        ({"released_at": "2024-06-01T12:00:00"}, "time_without_offset"),
        ({"season_start": "1. June"}, "invalid_time"),
        ({"season_start": "2024-02-30"}, "invalid_time"),
        ({"tags": "glass"}, "wrong_type"),
        ({"tags": ["glass", 7]}, "wrong_type"),
        ({"stock": 1.5}, "wrong_type"),
        ({"stock": 2**63}, "wrong_type"),
        ({"weight_kg": math.inf}, "wrong_type"),
        ({"weight_kg": "0.5"}, "wrong_type"),
        ({"dimensions": {"height": 7}}, "wrong_type"),
        ({"supplier": None}, "missing_field"),
        ({"supplier": ""}, "missing_field"),
        ({"prise": 9}, "unknown_field"),
    ],
)
def test_a_wrong_column_has_its_code(columns: dict[str, Any], code: str) -> None:
    assert fault(**columns) == code


def test_a_column_that_the_catalogue_lacks_is_told_what_comes_near() -> None:
    (rejected,) = read_items([{"item_id": "lamp", "color": "red"}], SCHEMA).rejected

    assert "'color'; did you mean colour?" in rejected["message"]


@pytest.mark.parametrize(
    "address",
    ["http://a.example", "HTTPS://a.example/b?c=d:e", "/lamps/1.jpg", "images/a:b.jpg", "a.jpg"],
)
def test_a_page_may_link_to_the_web_and_to_the_shop(address: str) -> None:
    assert stated(url=address) == {"url": address}


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "ftp://a.example",
        "//a.example/b",
        "\\\\a.example",
        "/\\a.example",
        "http://",
        "/a b",
    ],
)
def test_a_page_links_to_nothing_else(address: str) -> None:
    assert fault(image_url=address) == "invalid_address"


@given(
    column=st.sampled_from(SCHEMA.names),
    value=st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.lists(st.text()),
    ),
)
def test_what_is_taken_can_be_kept_as_json(column: str, value: Any) -> None:  # noqa: ANN401
    read = read_items([{"item_id": "lamp", column: value}], SCHEMA)

    assert len(read.valid) + len(read.rejected) == 1
    for change in read.valid:
        kept = json.dumps(change.stated, allow_nan=False).encode()
        assert json.loads(kept) == change.stated
