"""A road gives an item's id and properties, however often and from however many threads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import orjson
import pytest

from serving.lists import why_short
from serving.placements import Placements
from serving.road import Road
from tests.shops import some_bundle


@pytest.fixture
def road() -> Road:
    return Road(some_bundle(3), Placements.load())


def test_an_item_is_shown_with_the_properties_that_it_has(road: Road) -> None:
    item_id, properties = road.shown(4)

    assert item_id == "item-004"
    assert orjson.loads(orjson.dumps(properties)) == {
        "title": "Title 4",
        "category": "Left",
        "price": 5.0,
    }


def test_what_is_kept_is_bounded_and_right_in_every_thread(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.road._MOST_KEPT", 2)
    asked = np.random.default_rng(0).integers(0, 25, 4000).tolist()

    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(road.shown, asked))

    assert [item_id for item_id, _ in shown] == [f"item-{row:03d}" for row in asked]


def test_everybody_has_the_trend_of_their_country_and_the_unknown_the_shops(road: Road) -> None:
    bundle, trends = road.bundle, road.bundle.recommender.trends

    rows = road.trend_rows(np.arange(-1, len(bundle.users)))

    named = [None, *bundle.people.country_names]
    assert rows.tolist() == [trends.row_of(country) for country in named]


def test_a_country_without_demand_has_the_shops_trend() -> None:
    bundle = some_bundle(3)
    trends = replace(bundle.recommender.trends, countries=("NZ",))
    bundle = replace(bundle, recommender=replace(bundle.recommender, trends=trends))

    rows = Road(bundle, Placements.load()).trend_rows(np.arange(len(bundle.users)))

    in_nz = np.array([country == "NZ" for country in bundle.people.country_names])
    assert (rows[in_nz] == 0).all()
    assert (rows[~in_nz] == 1).all()


def test_an_item_that_could_not_stand_in_a_list_is_counted_by_its_first_reason(road: Road) -> None:
    shown = np.flatnonzero(road.bundle.catalogue.recommendable)
    sold_out = np.flatnonzero(~road.bundle.catalogue.recommendable)

    counts = why_short(
        road,
        {
            "excluded": np.concatenate((shown[:3], shown[:3], sold_out)),
            "purchased": shown[2:7],
        },
    )

    assert counts == {"unavailable": len(sold_out), "excluded": 3, "purchased": 4}


def test_counting_leaves_the_catalogue_as_it_is(road: Road) -> None:
    before = road.bundle.catalogue.recommendable.copy()

    why_short(road, {"excluded": np.arange(25)})

    np.testing.assert_array_equal(road.bundle.catalogue.recommendable, before)
