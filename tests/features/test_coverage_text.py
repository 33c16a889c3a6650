"""The data map is read by people, in 100 columns, and by programs, as JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from features.coverage import Coverage, coverage
from features.coverage.enables import EVENTS, ITEMS, USERS
from features.coverage.event_types import EVENT_TYPES
from features.home import Home
from features.ingest import Mapping, ingest
from tests.shops import AS_OF, event, item, user, write_lake
from vitrine import COMMANDS, cli

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def found(tmp_path: Path) -> Coverage:
    """Measure a shop with a little of everything."""
    events = [
        event("ann", "lamp", price=10.0, country="NZ", days=-50),
        event("ann", "mug", "view"),
        event(None, "mug", "cart", anonymous_id="v1"),
    ]
    items = [item("lamp", title="Lamp", released_at=AS_OF), item("mug", category="Home")]
    return coverage(write_lake(tmp_path / "lake", events, items=items, users=[user("ann")]))


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_longer_than_the_width(found: Coverage, width: int) -> None:
    assert max(map(len, found.as_text(width).splitlines())) <= width


def test_every_attribute_is_in_the_text_and_in_the_json(found: Coverage) -> None:
    lines = found.as_text().splitlines()
    told = found.as_dict()

    for part, attributes in (
        ("event_types", EVENT_TYPES),
        ("events", EVENTS),
        ("items", ITEMS),
        ("users", USERS),
    ):
        names = [str(one.name) for one in attributes]
        assert [one["attribute"] for one in told[part]] == names
        assert all(any(line.startswith(f"  {name} ") for line in lines) for name in names)


def test_what_is_missing_is_not_said_to_be_used_now(found: Coverage) -> None:
    text = found.as_text(1000).splitlines()

    at = next(place for place, line in enumerate(text) if line.startswith("  image_url"))
    assert "missing" in text[at]
    assert text[at + 1].strip() == "unlocks: pictures in answers"


def test_what_to_add_first_stands_first_and_is_told_once(found: Coverage) -> None:
    text = found.as_text(1000)

    assert found.to_add[0].attribute.name == "purchase"
    assert "  1. purchase events: stopped on 2024-04-12. Give: one event for each line of" in text
    assert text.count("one event for each line of an order") == 1
    assert text.index("What to add first") < text.index("What people do")


def test_the_json_holds_what_was_counted(found: Coverage) -> None:
    told = json.loads(json.dumps(found.as_dict()))

    price = next(one for one in told["events"] if one["attribute"] == "price")
    assert (price["share"], price["n_rows"], price["n_distinct"]) == (1.0, 1, 1)
    assert price["latest"] == "2024-04-12T12:00:00+00:00"
    assert (price["days_behind"], price["state"]) == (49.0, "stopped")
    assert told["shop"]["n_events"] == 3
    assert told["add_first"][0]["gain"] == max(one["gain"] for one in told["add_first"])


def test_the_command_prints_the_map_and_writes_it(tmp_path: Path) -> None:
    write_lake(Home(tmp_path).lake, [event("ann", "lamp")])
    out = tmp_path / "coverage.json"

    done = CliRunner(catch_exceptions=False).invoke(
        cli, ["coverage", "--home", str(tmp_path), "--json", str(out)]
    )

    assert done.exit_code == 0
    assert done.output.startswith("The data map: 1 events with 1 items")
    assert json.loads(out.read_text(encoding="utf-8"))["shop"]["n_people"] == 1
    assert "coverage" in COMMANDS


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
def test_online_retail_has_orders_and_prices_and_lacks_views_and_categories(tmp_path: Path) -> None:
    home, folder = Home(tmp_path), DATA / "online_retail_ii"
    ingest(
        events=[str(folder / "events.parquet")],
        items=[str(folder / "items.parquet")],
        users=[str(folder / "users.parquet")],
        mapping=Mapping.load(ROOT / "docs" / "mappings" / "online_retail_ii.toml"),
        home=home,
        now=AS_OF,
    )

    found = coverage(home.lake)

    # 788,206 - 11,612 purchase lines and the rest of the log, as the ingestion's test counts them.
    assert found.shop.n_buyers == 5_852
    assert found.entry("events", "order_id").measured.share == 1
    assert found.entry("events", "price").measured.share == 1
    assert found.entry("items", "title").measured.n_rows == 5_106
    first = [one.attribute.name for one in found.to_add[:3]]
    assert set(first) == {"view", "cart", "category"}
    assert found.shop.n_browsers == 0
    assert 0.22 < found.shop.n_of_nobody / found.shop.n_events < 0.23
