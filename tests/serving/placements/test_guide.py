"""The guide's example is a file that the service takes."""

import re
from pathlib import Path

import pytest

from features.catalog import ITEM_SCHEMA
from features.context import KINDS
from features.segments.lifecycle import Stage
from serving.placements import Placements
from serving.placements.scenario import Scenario, SegmentSettings, SituationSettings

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "scenarios.md"


@pytest.fixture(scope="module")
def guide() -> str:
    return GUIDE.read_text(encoding="utf-8")


def test_the_example_loads_and_fits_the_catalogue(guide: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", guide, flags=re.DOTALL)
    own = tmp_path / "placements.toml"
    own.write_text(example, encoding="utf-8")

    placements = Placements.load(own)

    placements.check(ITEM_SCHEMA)
    names = [one.name for one in placements.by_name["home"].scenarios]
    assert names == ["open_cart_on_mobile", "lapsed_buyer", "southern_summer"]
    assert placements.by_name["weekly_email"].purpose == "email"


def test_every_key_of_a_scenario_is_told(guide: str) -> None:
    told = [*SegmentSettings.model_fields, *SituationSettings.model_fields]
    changed = {*Scenario.model_fields} - {"name"}
    values = [*Stage, *KINDS["device"]]

    missing = [one for one in (*told, *changed, *values) if f"`{one}`" not in guide]

    assert missing == []
