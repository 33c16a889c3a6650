"""A filter fits the catalogue and its parameters, or says what does not."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.catalog import ITEM_SCHEMA
from features.errors import InvalidFilter, UnknownColumn
from serving.filters import compile_filter
from serving.filters.parameters import MOST_VALUES

SCHEMA = pa.schema(
    [
        *ITEM_SCHEMA,
        pa.field("tags", pa.list_(pa.string())),
        pa.field("grid", pa.list_(pa.list_(pa.int8()))),
        pa.field("photo", pa.binary()),
    ]
)
TABLE = SCHEMA.empty_table()


def test_the_example_of_the_language_passes_what_it_says() -> None:
    text = (
        "price < :max AND category LIKE 'Home > Lamps%' AND 'vegan' IN tags "
        "AND NOT (brand IN ('Acme', 'Bolt') OR colour IS NULL)"
    )
    fits = {
        "price": 9.0,
        "category": "Home > Lamps > Desk",
        "tags": ["new", "vegan"],
        "brand": "Cobb",
        "colour": "red",
    }
    changes: list[dict[str, Any]] = [
        *[{}, {"price": 50.0}, {"category": "Home > Sofas"}, {"tags": ["new"]}],
        *[{"brand": "Acme"}, {"colour": None}, {"brand": None}],
    ]

    mask = compile_filter(text).mask(pa.Table.from_pylist([fits | c for c in changes]), {"max": 50})

    assert mask.dtype == np.bool_
    assert mask.tolist() == [True, *[False] * 6]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("pirce < 5", "price"),
        ("BRAND = 'a'", "brand"),
        ("categry LIKE 'a%'", "category"),
        ("'a' IN tag", "tags"),
        ("brand = titel", "title"),
        ("imageurl IS NULL", "image_url"),
    ],
)
def test_an_unknown_column_is_told_with_the_near_names(text: str, near: str) -> None:
    with pytest.raises(UnknownColumn, match=f"no column .*did you mean .*{near}") as refusal:
        compile_filter(text).check(SCHEMA)

    assert near in refusal.value.details
    assert refusal.value.code == "unknown_column"


def test_an_unknown_column_that_is_near_none_is_told_with_all_names() -> None:
    with pytest.raises(UnknownColumn, match="texts in single quotes") as refusal:
        compile_filter('brand = "Xyzzyx"').check(SCHEMA)

    assert refusal.value.details == tuple(SCHEMA.names)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("price < 'abc'", "'price' holds numbers, and 'abc' is none; compare it with a number"),
        ("price = TRUE", "'price' holds numbers, and True is none"),
        ("price", "'price' holds numbers, and True is none"),
        ("brand = 5", "'brand' holds texts, and 5 is none; compare it with a text in single"),
        ("brand IN ('a', 5)", "'brand' holds texts, and 5 is none"),
        ("available = 1", "'available' holds true or false, and 1 is none"),
        ("available < TRUE", "has no order; use = or !="),
        ("released_at > 2024", "'released_at' holds times, and 2024 is none"),
        ("released_at > 'soon'", "'released_at' holds times, and 'soon' is none; write a time"),
        ("released_at > '0001-01-01T00:00+23:59'", "'released_at' holds times"),
        ("price LIKE 'a%'", "'price' holds numbers, and LIKE reads texts"),
        ("tags = 'vegan'", "'tags' holds lists; ask for a member: 'x' IN tags"),
        ("tags LIKE 'v%'", "'tags' holds lists"),
        ("5 IN tags", "'tags' holds texts, and 5 is none"),
        ("'a' IN brand", "'brand' holds texts, not lists"),
        ("brand IN :list AND 1 IN grid", "'grid' holds values that only IS NULL can ask about"),
        ("photo = 'a'", "'photo' holds values that only IS NULL can ask about"),
        ("brand < price", "'brand' holds texts and 'price' holds numbers"),
        ("brand = tags", "'brand' holds texts and 'tags' holds lists"),
    ],
)
def test_a_wrong_kind_is_told_with_the_right_one(text: str, told: str) -> None:
    with pytest.raises(InvalidFilter, match=told):
        compile_filter(text).check(SCHEMA)


def test_whether_anything_is_known_can_be_asked_of_every_column() -> None:
    for name in SCHEMA.names:
        assert compile_filter(f"{name} IS NULL").mask(TABLE, {}).shape == (0,)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, ":max has no value; give it one"),
        ({"Max": 5}, ":max has no value"),
        ({"max": 5, "min": 1}, ":min is not in the filter; leave it out"),
        ({"max": "five"}, "'price' holds numbers, and 'five' is none"),
        ({"max": True}, "'price' holds numbers, and True is none"),
        ({"max": [1, 2]}, "compared with a list of 2 values; use IN"),
        ({"max": float("nan")}, ":max is nan; give a text, a finite number"),
        ({"max": float("inf")}, ":max is inf"),
        ({"max": 2**63}, ":max is outside 64 bits"),
        ({"max": 10**5000}, ":max is outside 64 bits"),
        ({"max": {"a": 1}}, ":max is {'a': 1}; give a text"),
        ({"max": [[1]]}, r":max is \[1\]; give a text"),
        ({"max": [1, float("nan")]}, ":max is nan"),
        ({"max": "\ud800"}, ":max has half of a surrogate pair"),
        ({"max": [1] * (MOST_VALUES + 1)}, "lists hold 10,001 values; give at most 10,000"),
    ],
)
def test_a_wrong_parameter_is_told(params: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidFilter, match=told) as refusal:
        compile_filter("price < :max").mask(TABLE, params)

    assert refusal.value.code == "invalid_filter"
    assert len(str(refusal.value)) < 400


def test_a_parameter_is_a_value_and_never_a_part_of_the_filter() -> None:
    table = pa.table({"brand": ["Acme", "' OR 1=1 --", "x\0y"]})

    for name in table["brand"].to_pylist():
        mask = compile_filter("brand = :name").mask(table, {"name": name})

        assert mask.tolist() == [one == name for one in table["brand"].to_pylist()]


def test_parameters_are_not_changed() -> None:
    params = {"brands": ["b", "a"]}

    compile_filter("brand IN (:brands)").mask(TABLE, params)

    assert params == {"brands": ["b", "a"]}
