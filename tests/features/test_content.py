"""Side features: what a catalogue's rows say, and what they leave open."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import content
from features.catalog import ITEM_SCHEMA, USER_SCHEMA
from features.content import FeatureMatrix, item_features, user_features

ITEM_COLUMNS = pa.schema(
    [ITEM_SCHEMA.field(name) for name in ("category", "brand", "price", "title")]
)
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
    table = pa.table(
        {"price": [3.0, None]} | {name: pa.nulls(2) for name in ("category", "brand", "title")}
    )

    features = item_features(table)

    assert features.names == ("price=2..4",)
    assert features.matrix.toarray().tolist() == [[1], [0]]


def test_rows_in_several_chunks_stay_aligned() -> None:
    rows = [{"brand": "Acme"}, {"brand": None}, {"brand": "Bolt"}, {"brand": "Acme"}]
    chunked = pa.concat_tables([items_table(rows[:2]), items_table(rows[2:])])

    features = item_features(chunked)

    assert features.names == ("brand=Acme", "brand=Bolt")
    assert features.matrix.toarray().tolist() == [[1, 0], [0, 0], [0, 1], [1, 0]]


def _words(*titles: str | None) -> list[set[str]]:
    """Tell what words describe each of some titles."""
    features = item_features(items_table([{"title": title} for title in titles]))
    return [
        {name.removeprefix("title=") for name in described(features, row)}
        for row in range(len(titles))
    ]


def test_items_are_described_by_the_words_that_two_titles_share() -> None:
    assert _words("Red Lamp", "LAMP, blue", "Red rug", None) == [
        {"red", "lamp"},
        {"lamp"},
        {"red"},
        set(),
    ]


@pytest.mark.parametrize("word", ["the", "WITH", "12", "x", "&", "--"])
def test_a_word_that_says_nothing_is_no_feature(word: str) -> None:
    assert _words(f"{word} lamp", f"{word} rug") == [set(), set()]


@pytest.mark.parametrize(
    ("one", "several", "word"),
    [("lamp", "lamps", "lamp"), ("glass", "glass", "glass"), ("gas", "gas", "gas")],
)
def test_a_plural_is_its_singular(one: str, several: str, word: str) -> None:
    assert _words(one, several) == [{word}, {word}]


def test_a_word_said_twice_counts_once() -> None:
    assert _words("lamp lamp", "lamp") == [{"lamp"}, {"lamp"}]


def test_a_word_put_together_from_more_usual_ones_is_taken_apart() -> None:
    assert _words("Cakestand", "Cake stand", "Cake tin", "Stand")[0] == {"cake", "stand"}


def test_a_word_that_is_as_usual_as_its_parts_stays_whole() -> None:
    assert _words("Retrospot", "Retrospot", "Retro", "Spot")[0] == {"retrospot"}


def test_of_too_many_words_the_most_frequent_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "_MOST_WORDS", 1)

    assert _words("red lamp", "lamp red", "lamp") == [{"lamp"}] * 3


def test_a_column_of_people_more_is_a_kind_of_feature_more() -> None:
    people = pa.table({"country": ["NZ", None], "lifecycle": ["new", "active"]})

    features = user_features(people)

    assert features.names == ("country=NZ", "lifecycle=active", "lifecycle=new")
    assert features.matrix.toarray().tolist() == [[1, 0, 1], [0, 1, 0]]


def test_people_are_described_by_their_country() -> None:
    table = pa.Table.from_pylist(
        [{"country": "NZ"}, {"country": None}, {"country": "DE"}], schema=USER_COLUMNS
    )

    features = user_features(table)

    assert features.names == ("country=DE", "country=NZ")
    assert features.matrix.toarray().tolist() == [[0, 1], [0, 0], [1, 0]]


def test_nobody_has_no_features() -> None:
    assert item_features(ITEM_SCHEMA.empty_table()).matrix.shape == (0, 0)
    assert user_features(USER_COLUMNS.empty_table()).matrix.shape == (0, 0)
