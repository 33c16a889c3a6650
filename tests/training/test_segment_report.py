"""The segment report adds up, and says what a shop owner can check."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from features.errors import NotEnoughData
from features.home import Home
from features.segments.lifecycle import Stage
from features.snapshot import take_snapshot
from tests.shops import AS_OF, Row, bundle_of, event, item, user, write_lake
from training.bundle import point_to
from training.segment_report import SegmentReport, segment_report
from training.segment_text import as_text
from training.segments_cli import segments

STAGES = {stage: stage.code for stage in Stage}


def _orders(user_id: str, *days: int, item_id: str = "mug", price: float = 10.0) -> list[Row]:
    return [event(user_id, item_id, price=price, days=float(-day)) for day in days]


def _shop(folder: Path) -> Home:
    """Plant one person for most stages; buyers come back after 20 days."""
    events = [
        event("browser", "mug", "view", days=-90.0),
        event("newcomer", "mug", "view", days=-3.0),
        *_orders("first", 5),
        *_orders("active", 30, 10),
        *_orders("loyal", 85, 65, 45, 25, 5, price=100.0),
        *_orders("slipping", 70, 50),
        *_orders("lapsed", 400, 380),
        *_orders("back", 420, 400, 2),
        *(event("loyal", "lamp", "view", days=-6.0) for _ in range(2)),
    ]
    home = Home(folder)
    write_lake(
        home.lake,
        events,
        items=[item("mug", title="Blue mug", price=10.0), item("lamp", title="Lamp")],
        users=[user("silent")],
    )
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return _shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def report(home: Home) -> SegmentReport:
    return segment_report(home, as_of=AS_OF, period_days=30)


def test_every_stage_has_its_person(report: SegmentReport) -> None:
    assert {one.stage: one.n_people for one in report.stages} == dict.fromkeys(Stage, 1)


def test_an_account_that_never_did_anything_is_counted_apart(report: SegmentReport) -> None:
    assert report.n_silent == 1
    assert sum(one.n_people for one in report.stages) == 8


def test_value_is_what_was_spent_in_the_last_365_days(report: SegmentReport) -> None:
    spent = {one.stage: one.spent for one in report.stages}

    assert spent[Stage.LOYAL] == 5 * 100.0
    assert spent[Stage.ACTIVE] == 2 * 10.0
    assert spent[Stage.LAPSED] == 0  # 380 and 400 days ago
    assert spent[Stage.RETURNED] == 1 * 10.0
    assert report.spent_ever.sum() == 5 * 100.0 + (1 + 2 + 2 + 2 + 3) * 10.0


def test_flows_add_up_to_the_sizes_before_and_now(home: Home, report: SegmentReport) -> None:
    before = segment_report(home, as_of=AS_OF - timedelta(days=30), period_days=30)
    flows = np.asarray(report.flows)

    assert flows.sum(axis=0).tolist() == [one.n_people for one in report.stages]
    n_before = sum(one.n_people for one in before.stages)
    assert flows[:-1].sum() == n_before
    assert flows[-1].sum() == sum(one.n_people for one in report.stages) - n_before


def test_flows_say_who_moved(report: SegmentReport) -> None:
    flows = np.asarray(report.flows)
    moved = {
        (origin, goal): int(flows[row, column])
        for origin, row in {**STAGES, None: -1}.items()
        for goal, column in STAGES.items()
        if flows[row, column]
    }

    assert moved == {
        (None, Stage.NEW_VISITOR): 1,
        (None, Stage.FIRST_TIME_BUYER): 1,
        (Stage.BROWSER, Stage.BROWSER): 1,
        (Stage.FIRST_TIME_BUYER, Stage.ACTIVE): 1,
        (Stage.ACTIVE, Stage.LOYAL): 1,
        (Stage.ACTIVE, Stage.SLIPPING): 1,
        (Stage.LAPSED, Stage.LAPSED): 1,
        (Stage.LAPSED, Stage.RETURNED): 1,
    }


def test_before_the_first_event_nobody_was_here(home: Home) -> None:
    early = segment_report(home, as_of=AS_OF - timedelta(days=410), period_days=30)

    assert early.flows is None
    assert "nobody was here before" in as_text(early)


def test_without_a_bundle_the_report_says_that_tastes_need_one(report: SegmentReport) -> None:
    assert report.tastes is None
    assert "TASTES: NOT SHOWN, they need a trained bundle" in as_text(report)


def test_tastes_are_those_of_the_promoted_bundle(tmp_path: Path) -> None:
    home = _shop(tmp_path)
    bundle = bundle_of(take_snapshot(home.lake, as_of=AS_OF))
    folder = bundle.save(home.bundles)
    point_to(home.bundles, folder.name)

    report = segment_report(home, as_of=AS_OF, period_days=30)

    assert report.tastes is not None
    assert report.tastes.bundle_id == folder.name
    assert sum(one.n_people for one in report.tastes.tastes) == 8
    assert folder.name in as_text(report)


def test_a_bundle_that_only_knows_what_is_popular_has_no_tastes(tmp_path: Path) -> None:
    home = _shop(tmp_path)
    folder = bundle_of(take_snapshot(home.lake, as_of=AS_OF), with_model=False).save(home.bundles)
    point_to(home.bundles, folder.name)

    assert segment_report(home, as_of=AS_OF, period_days=30).tastes is None


def test_the_text_fits_120_columns_and_titles_cannot_steer_the_terminal(tmp_path: Path) -> None:
    home = Home(tmp_path)
    events = [one for n in range(3) for one in _orders(f"buyer {n}", 10, 5)]
    events += [one for n in range(3) for one in _orders(f"other {n}", 200, item_id="lamp")]
    title = "\x1b[31mA very long title of a mug " * 9
    write_lake(home.lake, events, items=[item("mug", title=title), item("lamp", title=title)])

    text = as_text(segment_report(home, as_of=AS_OF, period_days=30))

    assert "A very long title" in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 120


def test_an_empty_home_names_the_next_command(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughData, match="vitrine ingest"):
        segment_report(Home(tmp_path), as_of=None, period_days=30)


def test_the_command_prints_the_report_and_writes_it_as_json(home: Home, tmp_path: Path) -> None:
    out = tmp_path / "segments.json"
    as_of = f"{AS_OF:%Y-%m-%dT%H:%M:%S}"

    done = CliRunner().invoke(
        segments, ["--home", str(home.root), "--as-of", as_of, "--json", str(out)]
    )

    assert done.exit_code == 0, done.output
    assert done.output.startswith("8 people as of 2024-06-01 12:00 UTC")
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["lifecycle"]["loyal"]["spent"] == 5 * 100.0
    assert written["flows"]["not here"]["new visitor"] == 1
    assert written["tastes"] is None


def test_without_as_of_the_report_is_of_the_last_event(home: Home) -> None:
    assert segment_report(home, as_of=None, period_days=30).as_of == AS_OF - timedelta(days=2)
