"""A return cancels the purchase before it, the latest first, and nothing else."""

from collections import defaultdict
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.returns import without_returned
from tests.shops import AS_OF, Row, as_table, event

KINDS = ("purchase", "return", "view")

Trade = tuple[str | None, str, str, int, int]


def _trades(seed: int, n: int) -> list[Trade]:
    """Draw who, what, how, in which minute (several things at once) and how many units."""
    rng = np.random.default_rng(seed)
    return [
        (
            ("ann", "bob", None)[rng.integers(3)],
            ("lamp", "mug")[rng.integers(2)],
            KINDS[rng.integers(3)],
            int(rng.integers(0, 7)),
            int(rng.integers(1, 5)),
        )
        for _ in range(n)
    ]


trades = st.builds(_trades, st.integers(0, 10_000), st.integers(0, 60))


def _events(trades: list[Trade]) -> list[Row]:
    return [
        event(
            person,
            item_id,
            kind,
            timestamp=AS_OF + timedelta(minutes=minute),
            quantity=quantity,
            event_id=f"event-{place:02d}",
        )
        for place, (person, item_id, kind, minute, quantity) in enumerate(trades)
    ]


def _settled(events: list[Row]) -> dict[str, int]:
    rows = without_returned(as_table(events)).to_pyarrow().to_pylist()
    kept = {row["event_id"]: row["quantity"] for row in rows}
    assert len(kept) == len(rows), "an event came out twice"
    return kept


def _settled_by_hand(events: list[Row]) -> dict[str, int]:
    """Put each person's units of an item on a pile, and take returned ones from its top."""
    piles: dict[tuple[str, str], list[str]] = defaultdict(list)
    kept = {one["event_id"]: one["quantity"] for one in events}
    in_order = sorted(
        (one for one in events if one["user_id"] and one["event_type"] != "view"),
        key=lambda one: (one["timestamp"], one["event_type"] == "return", one["event_id"]),
    )
    for one in in_order:
        pile = piles[one["user_id"], one["item_id"]]
        if one["event_type"] == "purchase":
            pile += [one["event_id"]] * one["quantity"]
            continue
        for _ in range(min(one["quantity"], len(pile))):
            kept[pile.pop()] -= 1
    bought = {one["event_id"] for one in events if one["event_type"] == "purchase"}
    return {name: units for name, units in kept.items() if units or name not in bought}


@settings(max_examples=25)
@given(trades)
def test_returned_units_are_taken_from_the_top_of_the_pile(
    trades: list[Trade],
) -> None:
    events = _events(trades)

    assert _settled(events) == _settled_by_hand(events)


@settings(max_examples=10)
@given(trades)
def test_all_but_purchases_come_through_as_they_were(
    trades: list[Trade],
) -> None:
    events = _events(trades)

    rows = without_returned(as_table(events)).to_pyarrow().to_pylist()

    given_rows = {one["event_id"]: {**one, "person": one["user_id"]} for one in events}
    for row in rows:
        wanted = given_rows[row["event_id"]]
        if row["event_type"] == "purchase":
            assert row["quantity"] <= wanted["quantity"]
            wanted = {**wanted, "quantity": row["quantity"]}
        assert row == wanted
    others = {one["event_id"] for one in events if one["event_type"] != "purchase"}
    assert others <= {row["event_id"] for row in rows}


def test_a_return_takes_the_latest_purchase_first() -> None:
    first, second = event("ann", "mug", days=-9, quantity=2), event("ann", "mug", days=-8)
    back = event("ann", "mug", "return", days=-7, quantity=2)

    kept = _settled([first, second, back])

    # Three bought, two returned: the later one whole, and one unit of the earlier.
    assert kept == {first["event_id"]: 1, back["event_id"]: 2}


def test_a_return_before_any_purchase_cancels_nothing() -> None:
    back = event("ann", "mug", "return", days=-9, quantity=5)
    bought = event("ann", "mug", days=-8)

    assert _settled([back, bought])[bought["event_id"]] == 1


def test_a_purchase_and_its_return_at_one_moment_cancel_each_other() -> None:
    back, bought = event("ann", "mug", "return"), event("ann", "mug")

    assert _settled([back, bought]) == {back["event_id"]: 1}


@pytest.mark.parametrize(("person", "item_id"), [("bob", "mug"), ("ann", "lamp"), (None, "mug")])
def test_a_return_touches_no_other_person_and_no_other_item(
    person: str | None, item_id: str
) -> None:
    elsewhere = event(person, item_id)
    back = event("ann", "mug", "return", days=0)

    assert _settled([elsewhere, back])[elsewhere["event_id"]] == 1


def test_returns_of_nobody_cancel_nothing() -> None:
    bought, back = event(None, "mug"), event(None, "mug", "return", days=0)

    assert _settled([bought, back]) == {bought["event_id"]: 1, back["event_id"]: 1}


def test_the_columns_keep_their_names_and_types() -> None:
    events = as_table([event("ann", "mug"), event("ann", "mug", "return", days=0)])

    settled = without_returned(events)

    assert settled.columns == events.columns
    assert settled.to_pyarrow().schema.field("quantity").type == pa.int32()


def test_an_empty_log_stays_empty() -> None:
    assert without_returned(as_table([])).count().to_pyarrow().as_py() == 0
