"""Segments say by plain counting who somebody is."""

import subprocess
import sys
from dataclasses import replace

import numpy as np

from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.ids import IdMap
from features.people import People
from features.segments import segments
from features.snapshot import Snapshot
from tests.shops import AS_OF, some_snapshot

AS_OF_S = int(AS_OF.timestamp())
BUY, VIEW = EventType.PURCHASE.code, EventType.VIEW.code


def _snapshot(histories: list[list[tuple[int, int, int]]], countries: list[str | None]) -> Snapshot:
    """Build from (item row, type code, days ago)."""
    entries = [
        [(row, kind, AS_OF_S - days * SECONDS_PER_DAY) for row, kind, days in one]
        for one in histories
    ]
    return replace(
        some_snapshot(0),
        histories=Histories.of(entries),
        users=IdMap.of([f"user-{row}" for row in range(len(entries))]),
        people=People.of(countries, [None] * len(entries)),
    )


def _members(marks: dict[str, np.ndarray], prefix: str) -> list[list[str]]:
    """Give each user's segments of one kind."""
    of_kind = {name: mark for name, mark in marks.items() if name.startswith(prefix)}
    n = len(next(iter(of_kind.values())))
    return [[name for name, mark in of_kind.items() if mark[row]] for row in range(n)]


def test_orders_are_days_with_a_purchase() -> None:
    histories = [
        [],
        [(0, VIEW, 3)],
        [(0, BUY, 3), (1, BUY, 3)],  # two items on one day are one order
        [(0, BUY, 9), (0, BUY, 3)],
        [(row, BUY, 9 - row) for row in range(5)],
    ]

    marks = segments(_snapshot(histories, [None] * 5))

    assert _members(marks, "orders") == [
        *(["orders: 0"], ["orders: 0"], ["orders: 1"], ["orders: 2-4"], ["orders: 5+"])
    ]


def test_idleness_counts_from_the_last_event_of_any_type() -> None:
    histories = [
        [(0, BUY, 200), (0, VIEW, 30)],
        [(0, BUY, 31)],
        [(0, BUY, 90)],
        [(0, BUY, 91)],
        [],
    ]

    marks = segments(_snapshot(histories, [None] * 5))

    recent, slipping, gone = "idle: up to 30 days", "idle: 31-90 days", "idle: over 90 days"
    assert _members(marks, "idle") == [[recent], [slipping], [slipping], [gone], [gone]]


def test_the_five_largest_countries_are_named() -> None:
    countries = [name for n, name in enumerate("ABCDEFG") for _ in range(n + 1)]
    histories: list[list[tuple[int, int, int]]] = [[(0, VIEW, 1)]] * (len(countries) + 3)

    marks = segments(_snapshot(histories, [*countries, None, None, None]))

    named = {name: int(mark.sum()) for name, mark in marks.items() if name.startswith("country")}
    assert named == {f"country: {name}": "ABCDEFG".index(name) + 1 for name in "GFEDC"}


def test_every_user_is_in_one_segment_of_a_kind() -> None:
    marks = segments(some_snapshot(1, n_users=80))

    for kind in ("orders", "idle", "lifecycle"):
        assert all(len(one) == 1 for one in _members(marks, kind))


def test_a_shop_without_countries_names_none() -> None:
    marks = segments(_snapshot([[(0, VIEW, 1)]], [None]))

    assert not [name for name in marks if name.startswith("country")]


def test_stages_are_judged_by_the_shops_own_gap() -> None:
    # Those who came back did so after 10 days: 25 days of silence are over two gaps, not over four.
    histories = [[(0, BUY, 11), (0, BUY, 1)], [(0, BUY, 12), (0, BUY, 2)], [(0, BUY, 25)]]

    marks = segments(_snapshot(histories, [None] * 3))

    active, slipping = "lifecycle: active", "lifecycle: slipping"
    assert _members(marks, "lifecycle") == [[active], [active], [slipping]]


def test_who_came_but_never_bought_only_browses() -> None:
    histories = [[(0, VIEW, 40)], [(0, VIEW, 40), (0, BUY, 2)], []]

    marks = segments(_snapshot(histories, [None] * 3))

    assert marks["browse only"].tolist() == [True, False, False]


def test_new_users_were_first_seen_in_the_last_30_days() -> None:
    histories = [[(0, BUY, 30)], [(0, VIEW, 31), (0, BUY, 1)], []]

    marks = segments(_snapshot(histories, [None] * 3))

    assert marks["new users"].tolist() == [True, False, False]


def test_marks_are_of_everybody() -> None:
    snapshot = some_snapshot(2)

    assert {len(mark) for mark in segments(snapshot).values()} == {len(snapshot.users)}


def test_segments_load_no_table_engine() -> None:
    code = "import sys, features.segments; print('ibis' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
