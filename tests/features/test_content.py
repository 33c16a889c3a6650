"""Side features: what a catalogue's rows say, and what they leave open."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalog import ITEM_SCHEMA, USER_SCHEMA
from features.content import FeatureMatrix, item_features, user_features

ITEM_COLUMNS = pa.schema([ITEM_SCHEMA.field(name) for name in ("category", "brand", "price")])
USER_COLUMNS = pa.schema([USER_SCHEMA.field("country")])

levels = st.sampled_from(["Home", "Lamps", "Desk"])
items = st.fixed_dictionaries(
    {
        "category": st.none() | st.lists(levels, max_size=3).map(" > ".join),
        "brand": st.none() | st.sampled_from(["", "Acme", "Bolt"]),
        "price": st.none() | st.floats(-1, 1e6) | st.just(float("nan")),
    }
)


def items_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=ITEM_COLUMNS)


def described(features: FeatureMatrix, row: int) -> set[str]:
    present = features.matrix[[row]]
    assert (present.data == 1).all()
    return {features.names[column] for column in present.indices}


def test_an_item_has_every_level_of_its_category_its_brand_and_its_price_band() -> None:
    table = items_table([{"category": "Home > Lamps > Desk", "brand": "Acme", "price": 12.0}])

    features = item_features(table)

    assert described(features, 0) == {
        "category=Home",
        "category=Home > Lamps",
        "category=Home > Lamps > Desk",
        "brand=Acme",
        "price=8..16",
    }


def test_relatives_share_the_levels_above_them() -> None:
    table = items_table(
        [{"category": "Home > Lamps"}, {"category": "Home > Rugs"}, {"category": "Garden > Lamps"}]
    )

    features = item_features(table)

    assert described(features, 0) & described(features, 1) == {"category=Home"}
    assert described(features, 0) & described(features, 2) == set()


@pytest.mark.parametrize(
    ("price", "band"),
    [(1.0, "1..2"), (1.99, "1..2"), (2.0, "2..4"), (0.3, "0.25..0.5"), (1000.0, "512..1024")],
)
def test_a_price_band_begins_at_its_lower_bound_and_doubles(price: float, band: str) -> None:
    assert item_features(items_table([{"price": price}])).names == (f"price={band}",)


@pytest.mark.parametrize("price", [None, 0.0, -5.0, float("nan")])
def test_no_price_is_no_feature(price: float | None) -> None:
    assert item_features(items_table([{"price": price}])).names == ()


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_is_no_feature(blank: str | None) -> None:
    features = item_features(items_table([{"category": blank, "brand": blank}]))

    assert features.names == ()
    assert features.matrix.shape == (1, 0)


@given(st.lists(items, max_size=8))
def test_a_row_depends_on_its_own_item_only(rows: list[dict[str, Any]]) -> None:
    together = item_features(items_table(rows))

    assert together.matrix.dtype == np.float32
    assert together.matrix.shape == (len(rows), len(together.names))
    assert len(set(together.names)) == len(together.names)
    for place, row in enumerate(rows):
        alone = item_features(items_table([row]))
        assert described(together, place) == set(alone.names)


@given(st.lists(items, max_size=8))
def test_every_feature_is_somebodys(rows: list[dict[str, Any]]) -> None:
    matrix = item_features(items_table(rows)).matrix

    assert (np.asarray(matrix.sum(axis=0)) > 0).all()


def test_a_column_nobody_filled_may_have_no_type() -> None:
    table = pa.table({"category": pa.nulls(2), "brand": pa.nulls(2), "price": [3.0, None]})

    features = item_features(table)

    assert features.names == ("price=2..4",)
    assert features.matrix.toarray().tolist() == [[1], [0]]


def test_rows_in_several_chunks_stay_aligned() -> None:
    rows = [{"brand": "Acme"}, {"brand": None}, {"brand": "Bolt"}, {"brand": "Acme"}]
    chunked = pa.concat_tables([items_table(rows[:2]), items_table(rows[2:])])

    features = item_features(chunked)

    assert features.names == ("brand=Acme", "brand=Bolt")
    assert features.matrix.toarray().tolist() == [[1, 0], [0, 0], [0, 1], [1, 0]]


def test_people_are_described_by_their_country() -> None:
    table = pa.Table.from_pylist(
        [{"country": "NZ"}, {"country": None}, {"country": "DE"}], schema=USER_COLUMNS
    )

    features = user_features(table)

    assert features.names == ("country=DE", "country=NZ")
    assert features.matrix.toarray().tolist() == [[0, 1], [0, 0], [1, 0]]


def test_nobody_has_no_features() -> None:
    assert item_features(ITEM_SCHEMA.empty_table()).matrix.shape == (0, 0)
    assert user_features(USER_SCHEMA.empty_table()).matrix.shape == (0, 0)
