"""The simulated shop's files: seeded, complete, believable."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalog import CATEGORY_SEPARATOR, ITEM_SCHEMA, USER_SCHEMA
from features.cli import simulate as simulate_command
from features.errors import InvalidSettings
from features.events import EVENT_SCHEMA
from features.simulated_shop import SimulatedShop, SimulationSettings, simulate
from features.simulated_shop.people import PURPOSES
from features.simulated_shop.vocabulary import vocabulary

DAY = timedelta(days=1)
SIZES = SimulationSettings(n_users=400, n_items=1_500, days=200, seed=3)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SimulatedShop:
    return simulate(SIZES, tmp_path_factory.mktemp("shop"))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    small = {"n_users": 60, "n_items": 80, "days": 120}

    for name, seed in (("once", 1), ("twice", 1), ("other", 2)):
        simulate(SimulationSettings(seed=seed, **small), tmp_path / name)

    once, other = contents(tmp_path / "once"), contents(tmp_path / "other")
    assert once == contents(tmp_path / "twice")
    assert {"events.parquet", "items.parquet", "users.parquet", "truth/taste.npy"} <= set(once)
    for name in ("events.parquet", "items.parquet", "users.parquet", "truth/taste.npy"):
        assert once[name] != other[name]


def test_a_shop_that_is_there_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    small = {"n_users": 60, "n_items": 80, "days": 60}
    simulate(SimulationSettings(seed=1, **small), tmp_path / "shop")

    simulate(SimulationSettings(seed=2, **small), tmp_path / "shop")

    simulate(SimulationSettings(seed=2, **small), tmp_path / "fresh")
    assert contents(tmp_path / "shop") == contents(tmp_path / "fresh")


def test_the_files_have_the_shops_schemas(shop: SimulatedShop) -> None:
    items, users = (pq.read_schema(path) for path in (shop.items, shop.users))

    assert pq.read_schema(shop.events).equals(EVENT_SCHEMA)
    assert list(items)[: len(ITEM_SCHEMA)] == list(ITEM_SCHEMA)
    assert list(users)[: len(USER_SCHEMA)] == list(USER_SCHEMA)
    assert items.names[len(ITEM_SCHEMA) :] == ["product", "style", "variant"]
    assert users.names[len(USER_SCHEMA) :] == ["device"]


SHOPS = st.builds(
    SimulationSettings,
    n_users=st.integers(1, 40),
    n_items=st.integers(len(vocabulary().shelves), 80),
    days=st.integers(1, 40),
    seed=st.integers(0, 2**40),
    end=st.integers(0, 10_000).map(lambda day: datetime(2005, 1, 1, tzinfo=UTC) + day * DAY),
)


@settings(max_examples=15, deadline=None)
@given(asked=SHOPS)
def test_every_event_lies_in_the_period_and_names_what_exists(
    tmp_path_factory: pytest.TempPathFactory, asked: SimulationSettings
) -> None:
    shop = simulate(asked, tmp_path_factory.mktemp("any"))

    events = pq.read_table(shop.events)
    items, users = pq.read_table(shop.items), pq.read_table(shop.users)
    assert (items.num_rows, users.num_rows) == (asked.n_items, asked.n_users)
    assert set(events["item_id"].to_pylist()) <= set(items["item_id"].to_pylist())
    assert set(events["user_id"].drop_null().to_pylist()) <= set(users["user_id"].to_pylist())
    times = events["timestamp"].to_pylist()
    assert times == sorted(times)
    assert all(asked.start <= time < asked.end for time in times)


def test_consent_is_a_list_of_purposes_or_unknown(shop: SimulatedShop) -> None:
    consent = pq.read_table(shop.users)["consent"].to_pylist()

    assert {purpose for each in consent if each is not None for purpose in each} == set(PURPOSES)
    assert 0 < sum(each is None for each in consent) < 0.1 * SIZES.n_users
    assert [] in consent


def test_the_summary_counts_the_rows_that_were_written(shop: SimulatedShop) -> None:
    written = [pq.read_metadata(path).num_rows for path in (shop.events, shop.users, shop.items)]

    assert written == [shop.n_events, shop.n_users, shop.n_items]
    assert written[1:] == [SIZES.n_users, SIZES.n_items]


def test_titles_and_categories_read_like_a_shops(shop: SimulatedShop) -> None:
    items = pq.read_table(shop.items).to_pylist()
    paths = {shelf.path for shelf in vocabulary().shelves}

    assert {item["category"] for item in items} == paths
    assert {path.count(CATEGORY_SEPARATOR) for path in paths} == {1, 2}
    for item in items:
        assert item["title"] == f"{item['style']} {item['product']}, {item['variant']}"
        assert re.fullmatch(r"https://shop\.example/i\d{6}/[a-z0-9-]+", item["url"])
    sold = {(item["category"], item["title"], item["brand"]) for item in items if item["brand"]}
    assert len(sold) == sum(item["brand"] is not None for item in items)


def test_prices_differ_by_shelf_and_brand(shop: SimulatedShop) -> None:
    items = pq.read_table(shop.items).to_pylist()

    def median(field: str, value: str) -> float:
        return float(np.median([item["price"] for item in items if item[field] == value]))

    assert min(item["price"] for item in items) > 0
    assert median("category", "Garden > Outdoor Furniture") > 100
    assert median("category", "Stationery & Gifts > Cards & Wrap") < 6
    assert median("brand", "Basic Line") < median("brand", "Fjordlys") / 2


def test_some_items_are_new_some_sold_out_some_hidden(shop: SimulatedShop) -> None:
    items = pq.read_table(shop.items).to_pylist()

    new = sum(item["released_at"] >= SIZES.start for item in items)
    assert 0.2 < new / len(items) < 0.3
    assert 0.03 < sum(not item["available"] for item in items) / len(items) < 0.09
    assert 0.005 < sum(item["hidden"] for item in items) / len(items) < 0.04
    assert all(item["released_at"] < SIZES.end for item in items)


def test_people_live_on_both_hemispheres_in_their_countrys_time_zones(shop: SimulatedShop) -> None:
    users = pq.read_table(shop.users).to_pylist()
    places = {(place.country, place.timezone): place.hemisphere for place in vocabulary().places}

    south = [places[user["country"], user["timezone"]] < 0 for user in users]
    assert 0.1 < np.mean(south) < 0.35


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        ({"n_users": 0}, "n_users is 0; give at least 1"),
        ({"n_items": 3}, f"n_items is 3; give at least {len(vocabulary().shelves)}"),
        ({"days": 0}, "days is 0; give 1 to 3650"),
        ({"days": 3_651}, "days is 3651; give 1 to 3650"),
        ({"seed": -1}, "seed is -1; give 0 or more"),
        ({"end": datetime(2026, 1, 1)}, "give it a UTC offset"),  # noqa: DTZ001 -- that is the mistake
    ],
)
def test_settings_that_no_shop_can_have_are_refused_by_name(
    wrong: dict[str, int], finding: str
) -> None:
    with pytest.raises(InvalidSettings) as refused:
        SimulationSettings(**wrong)

    assert len(refused.value.details) == 1
    assert finding in refused.value.details[0]


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(InvalidSettings) as refused:
        SimulationSettings(n_users=-5, days=-1, seed=-2)

    assert [finding.split()[0] for finding in refused.value.details] == ["n_users", "days", "seed"]


def test_the_command_simulates_what_is_asked_and_says_so(tmp_path: Path) -> None:
    asked = ["--users", "30", "--items", "60", "--days", "50", "--seed", "4"]

    said = CliRunner().invoke(simulate_command, ["--out", str(tmp_path / "shop"), *asked])

    same = simulate(SimulationSettings(n_users=30, n_items=60, days=50, seed=4), tmp_path / "same")
    assert said.exit_code == 0, said.output
    assert f"{same.n_events:,} events of 30 users and visitors with 60 items" in said.output
    assert contents(tmp_path / "shop") == contents(tmp_path / "same")


def test_the_command_does_not_write_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")

    said = CliRunner().invoke(simulate_command, ["--out", str(tmp_path / "taken")])

    assert said.exit_code == 2
    assert "is a file" in said.output
    assert (tmp_path / "taken").read_text() == "mine"
