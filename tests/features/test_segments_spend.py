"""Spend adds up what people bought and kept."""

from datetime import timedelta
from pathlib import Path

import pytest

from features.ids import IdMap
from features.segments.spend import spend
from features.snapshot import take_snapshot
from tests.shops import AS_OF, event, item, write_lake

USERS = IdMap.of(["anna", "ben"])


def test_price_times_quantity_is_added_up_for_each_person(tmp_path: Path) -> None:
    events = [
        event("anna", "mug", price=2.5, quantity=4),
        event("anna", "lamp", price=30.0),
        event("ben", "mug", price=0.1, quantity=3),
    ]

    spent = spend(write_lake(tmp_path, events), as_of=AS_OF, users=USERS)

    assert spent.tolist() == pytest.approx([2.5 * 4 + 30.0, 0.1 * 3])


def test_only_purchases_count(tmp_path: Path) -> None:
    events = [event("anna", "mug", kind, price=2.5) for kind in ("view", "cart", "purchase")]

    assert spend(write_lake(tmp_path, events), as_of=AS_OF, users=USERS).tolist() == [2.5, 0]


def test_a_returned_unit_is_not_spent(tmp_path: Path) -> None:
    events = [
        event("anna", "mug", price=2.0, quantity=3, days=-5),
        event("anna", "mug", "return", price=2.0, quantity=2, days=-3),
        event("anna", "mug", "return", price=2.0, quantity=1, days=1),  # nobody knows of it yet
    ]

    assert spend(write_lake(tmp_path, events), as_of=AS_OF, users=USERS).tolist() == [2.0 * 1, 0]


def test_a_missing_price_is_the_catalogues_or_0(tmp_path: Path) -> None:
    lake = write_lake(
        tmp_path,
        [event("anna", "mug", quantity=2), event("ben", "gone")],
        items=[item("mug", price=4.0)],
    )

    assert spend(lake, as_of=AS_OF, users=USERS).tolist() == [2 * 4.0, 0]


def test_the_window_is_open_at_its_start_and_closed_at_as_of(tmp_path: Path) -> None:
    days = {-10.0: 1.0, -9.0: 2.0, 0.0: 4.0, 0.5: 8.0}
    lake = write_lake(
        tmp_path,
        [event("anna", f"item{day}", price=price, days=day) for day, price in days.items()],
    )

    spent = spend(lake, as_of=AS_OF, users=USERS, since=AS_OF - timedelta(days=10))

    assert spent.tolist() == [2.0 + 4.0, 0]


def test_visitors_are_keyed_as_in_a_snapshot_and_strangers_left_out(tmp_path: Path) -> None:
    events = [
        event(None, "mug", price=3.0, anonymous_id="v1"),
        event(None, "mug", price=9.0),
        event("not asked for", "mug", price=5.0),
    ]
    lake = write_lake(tmp_path, events)
    users = take_snapshot(lake, as_of=AS_OF).users

    by_id = dict(
        zip(users.ids(range(len(users))), spend(lake, as_of=AS_OF, users=users), strict=True)
    )

    assert by_id == {"anonymous:v1": 3.0, "not asked for": 5.0}
    assert spend(lake, as_of=AS_OF, users=USERS).tolist() == [0, 0]


def test_an_empty_log_has_sold_nothing(tmp_path: Path) -> None:
    assert spend(tmp_path, as_of=AS_OF, users=USERS).tolist() == [0, 0]
