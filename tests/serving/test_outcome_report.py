"""What came of lists is counted by placement and scenario, and only from those old enough."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from features.errors import InvalidInput
from features.events import EventType
from serving.clock import microseconds
from serving.outcome_report import OutcomeReport, Rate
from serving.outcome_text import as_text
from serving.outcomes_cli import outcomes
from serving.placements import Placement, Placements
from serving.store import Event, LoggedList, Store, open_store

NOW = datetime(2024, 6, 30, 12, tzinfo=UTC)
ITEMS = ("mug", "lamp", "vase")
PLACEMENTS = Placements(
    {
        "home": Placement.model_validate(
            {
                "exclude_purchased": False,
                "outcome": {"event_type": "purchase", "within_days": 7},
                "scenarios": [
                    {"name": "lapsed", "outcome": {"event_type": "cart", "within_days": 1}}
                ],
            }
        )
    },
    "test",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield store
    store.close()


def _at_us(days_ago: float) -> int:
    return microseconds(NOW - timedelta(days=days_ago))


def _list(name: str, *, days_ago: float, placement: str = "home", **named: object) -> LoggedList:
    ranks = tuple(range(1, len(ITEMS) + 1))
    ones = (1.0,) * len(ITEMS)
    scenario = named.get("scenario")
    assert scenario is None or isinstance(scenario, str)
    return LoggedList(
        name, "ann", placement, scenario, "m", "c", _at_us(days_ago), ITEMS, ranks, ones, ones
    )


def _event(kind: EventType, followed: str, item_id: str, *, days_ago: float) -> Event:
    name = f"{kind}-{followed}-{item_id}"
    return Event(name, kind, "ann", None, item_id, _at_us(days_ago), recommendation_id=followed)


def _report(store: Store, *, days: float = 30) -> OutcomeReport:
    return OutcomeReport.read(store, PLACEMENTS, now=NOW, days=days)


def test_the_rate_counts_lists_that_had_their_time(store: Store) -> None:
    store.add_recommendations(
        [
            *(_list(f"old-{number}", days_ago=20) for number in range(4)),
            _list("young", days_ago=3),
        ]
    )
    store.add_events(
        [
            _event(EventType.PURCHASE, "old-0", "mug", days_ago=19),
            # The same list once more counts once.
            _event(EventType.PURCHASE, "old-0", "lamp", days_ago=18),
            # Eight days later is too late.
            _event(EventType.PURCHASE, "old-1", "mug", days_ago=12),
            # The list is not old enough to tell.
            _event(EventType.PURCHASE, "young", "mug", days_ago=2),
            # A look is not what the list is meant to move.
            _event(EventType.CLICK, "old-2", "vase", days_ago=20),
        ]
    )

    (home,) = _report(store).branches

    assert home.rate == Rate(n_moved=1, n_lists=4)
    assert (home.n_lists, home.n_items, home.n_looks) == (5, 15, 1)
    assert home.events == {EventType.PURCHASE: 4, EventType.CLICK: 1}
    assert home.positions == {1: 3, 2: 1, 3: 1}


def test_each_scenario_has_its_own_aim(store: Store) -> None:
    store.add_recommendations(
        [_list("usual", days_ago=20), _list("lapsed", days_ago=20, scenario="lapsed")]
    )
    store.add_events(
        [_event(EventType.CART, name, "mug", days_ago=19.5) for name in ("usual", "lapsed")]
    )

    usual, lapsed = _report(store).branches

    assert (usual.scenario, usual.rate) == (None, Rate(0, 1))
    assert (lapsed.scenario, lapsed.rate) == ("lapsed", Rate(1, 1))


def test_no_event_is_passed_over_in_silence(store: Store) -> None:
    store.add_recommendations([_list("here", days_ago=20), _list("earlier", days_ago=40)])
    store.add_events(
        [
            _event(EventType.VIEW, "here", "mug", days_ago=20),
            _event(EventType.VIEW, "here", "spoon", days_ago=20),
            _event(EventType.VIEW, "earlier", "mug", days_ago=10),
            _event(EventType.VIEW, "nowhere", "mug", days_ago=10),
        ]
    )

    report = _report(store)

    (home,) = report.branches
    assert (home.n_looks, home.n_beside) == (1, 1)
    assert (report.n_older, report.n_unknown) == (1, 1)


def test_a_placement_that_is_gone_has_no_aim(store: Store) -> None:
    store.add_recommendations([_list("one", days_ago=20, placement="attic")])

    (attic,) = _report(store).branches

    assert (attic.placement, attic.aim, attic.rate) == ("attic", None, None)


@pytest.mark.parametrize(
    ("n_moved", "n_lists", "low", "high"),
    # As tables of the Wilson score interval give them.
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(n_moved: int, n_lists: int, low: float, high: float) -> None:
    assert Rate(n_moved, n_lists).interval == pytest.approx((low, high), abs=5e-5)


def test_a_report_is_a_line_for_each_branch(store: Store) -> None:
    store.add_recommendations(
        [*(_list(f"old-{number}", days_ago=20) for number in range(10)), _list("new", days_ago=1)]
    )
    store.add_events(
        [_event(EventType.PURCHASE, f"old-{number}", "lamp", days_ago=19) for number in range(5)]
    )

    lines = as_text(_report(store), width=None).splitlines()

    aim = ["purchase", "within", "7", "d"]
    rate = ["10", "50.0%", "23.7%", "to", "76.3%"]
    assert lines[1].split() == ["home", "usual", "11", "33", "0", "0", "5", *aim, *rate]
    assert "- home.usual: 1: 0, 2: 5" in lines
    assert lines[-1] == "0 events named a list that is not logged."
    assert as_text(_report(store, days=0.5), width=None).startswith("No list was given")


def test_the_command_reads_the_shops_store(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store.add_recommendations([_list("one", days_ago=20)])
    store.add_events([_event(EventType.PURCHASE, "one", "mug", days_ago=19)])
    store.close()
    words = ["--home", str(tmp_path), "--days", "3660", "--json", str(tmp_path / "found.json")]

    done = CliRunner().invoke(outcomes, words)

    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[1].startswith("home")
    (branch,) = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["branches"]
    assert (branch["events"], branch["positions"]) == ({"purchase": 1}, {"1": 1})
    assert (branch["rate"]["n_moved"], branch["rate"]["share"]) == (1, 1.0)


def test_a_home_without_a_store_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(outcomes, ["--home", str(tmp_path / "nowhere")])

    assert isinstance(done.exception, InvalidInput)
    assert not (tmp_path / "nowhere").exists()
