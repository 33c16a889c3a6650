"""The command shows who meets which scenario, tries every branch, and fails on a broken law."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from features.errors import InvalidSettings, UnknownPlacement
from features.home import Home
from serving.rehearsal.laws import LAWS
from serving.scenarios_cli import scenarios

TOML = """
[home]
exclude_purchased = false
rules = { pin = [{ item_id = "item-99", slot = 1 }] }

[[home.scenarios]]
name = "stranger"
segment = { known = false }
rules = { diversity = 0.5 }
"""


@pytest.fixture
def home(tiny_home: Home, tmp_path: Path) -> Home:
    home = Home(tmp_path / "shop")
    shutil.copytree(tiny_home.bundles, home.bundles)
    home.placements.write_text(TOML, encoding="utf-8")
    return home


def _run(home: Home, *words: str) -> Result:
    return CliRunner().invoke(scenarios, ["--home", str(home.root), "--sample", "20", *words])


def test_how_many_meet_which_is_shown_and_as_of_when(home: Home) -> None:
    done = _run(home)

    assert done.exit_code == 0, done.output
    # The newest that is known is the bundle's: the store is empty.
    assert "22 people, newcomers among them, at 2024-06-01 00:00 UTC" in done.output
    assert "- home.rules.pin[0].item_id: no item is called 'item-99'" in done.output
    lines = [line.split() for line in done.output.splitlines()]
    assert ["home", "any", "stranger", "2", "9.1%", "purchase", "within", "7", "d"] in lines
    assert ["home", "any", "usual", "20", "90.9%", "purchase", "within", "7", "d"] in lines


def test_a_placement_shows_each_of_the_sample(home: Home) -> None:
    done = _run(home, "--placement", "home", "--device", "mobile", "--at", "2024-06-02T10:00Z")

    lines = [line.split() for line in done.output.splitlines()]
    assert "at 2024-06-02 10:00 UTC" in done.output
    assert lines[-1] == ["newcomer-2", "new", "visitor", "0", "stranger"]
    assert sum(line[:1] != [] and line[0].startswith("user-") for line in lines) == 20


def test_the_stress_ends_well_and_is_written_down(home: Home, tmp_path: Path) -> None:
    done = _run(home, "--stress", "--json", str(tmp_path / "found.json"))

    assert done.exit_code == 0, done.output
    assert done.output.endswith("No findings.\n")
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["placements"]["home"]["mobile"] == {"usual": 20, "stranger": 2}
    assert [one["scenario"] for one in found["branches"]] == [None, "stranger"]
    assert [one["broken"] for one in found["branches"]] == [{}, {}]


def test_a_broken_law_fails_the_command(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.rehearsal.laws.LAWS", {**LAWS, "any item": lambda _: True})

    done = _run(home, "--stress", "--json", str(tmp_path / "found.json"))

    assert done.exit_code == 1
    assert "BROKEN LAW" in done.output
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert [one["broken"] for one in found["branches"]] == [{"any item": 88}] * 2


def test_a_wrong_file_is_told_by_its_keys(home: Home) -> None:
    home.placements.write_text(f"{TOML}\n[cart]\nexclude_purchasd = true\n", encoding="utf-8")

    done = _run(home)

    assert isinstance(done.exception, InvalidSettings)
    assert "cart.exclude_purchasd" in str(done.exception)


def test_an_unknown_placement_or_moment_is_refused(home: Home) -> None:
    assert isinstance(_run(home, "--placement", "hoem").exception, UnknownPlacement)
    for moment in ("yesterday", "2024-06-02T10:00"):
        assert _run(home, "--at", moment).exit_code == 2


def test_the_command_is_one_of_vitrines(home: Home) -> None:
    words = ("scenarios", "--home", str(home.root), "--sample", "5")

    done = subprocess.run(
        [sys.executable, "-m", "vitrine", *words], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 placements with 1 scenarios")
