"""Linked visitors are their users in a training, from the moment on that this was known."""

from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from features import identities
from features.lake_tables import replace_table
from features.segments.spend import spend
from features.snapshot import Snapshot, take_snapshot
from tests.shops import AS_OF, Row, event, write_lake


def _at(days: float) -> datetime:
    return AS_OF + timedelta(days=days)


def _links(*links: tuple[str, str, float]) -> pa.Table:
    """Give links of visitors to users, in days from `AS_OF`."""
    rows = [
        {"anonymous_id": visitor, "user_id": user_id, "linked_at": _at(days)}
        for visitor, user_id, days in links
    ]
    return pa.Table.from_pylist(rows, schema=identities.IDENTITY_SCHEMA)


def _shop(lake: Path, events: list[Row], *links: tuple[str, str, float]) -> Path:
    write_lake(lake, events)
    replace_table(identities.path(lake), _links(*links))
    return lake


def _by(visitor: str, item_id: str, days: float) -> Row:
    return event(None, item_id, anonymous_id=visitor, days=days)


def _done(snapshot: Snapshot) -> dict[str, list[str]]:
    """Tell with which items everybody did something, by the time."""
    items = snapshot.items.ids(snapshot.histories.item_rows)
    ends = snapshot.histories.indptr.tolist()
    people = snapshot.users.ids(range(len(snapshot.users)))
    spans = zip(people, ends, ends[1:], strict=False)
    return {person: items[start:end] for person, start, end in spans}


def test_what_a_linked_visitor_did_before_and_after_the_link_is_the_users(tmp_path: Path) -> None:
    events = [
        event("ann", "own", days=-4),
        *(_by("tab", "before", -3), _by("tab", "after", -1), _by("other", "else", -1)),
    ]
    lake = _shop(tmp_path, events, ("tab", "ann", -2))

    done = _done(take_snapshot(lake, as_of=AS_OF))

    assert done == {"ann": ["own", "before", "after"], "anonymous:other": ["else"]}


def test_a_link_that_was_made_later_is_not_known_yet(tmp_path: Path) -> None:
    events = [event("ann", "own", days=-4), _by("tab", "before", -3)]
    linked = _shop(tmp_path / "linked", events, ("tab", "ann", 1))
    alone = write_lake(tmp_path / "alone", events)

    assert _done(take_snapshot(linked, as_of=AS_OF)) == {
        "ann": ["own"],
        "anonymous:tab": ["before"],
    }
    assert _done(take_snapshot(alone, as_of=AS_OF)) == _done(take_snapshot(linked, as_of=AS_OF))


def test_a_link_of_this_very_moment_is_known(tmp_path: Path) -> None:
    lake = _shop(tmp_path, [_by("tab", "before", -3)], ("tab", "ann", 0))

    assert _done(take_snapshot(lake, as_of=AS_OF)) == {"ann": ["before"]}


@pytest.mark.parametrize(
    ("as_of_days", "whose"),
    [
        (-7, {"anonymous:tab": ["first"]}),
        (-5, {"ann": ["first", "second"]}),
        (0, {"ann": ["first", "second"], "bob": ["third"]}),
    ],
)
def test_a_second_link_counts_from_then_on(
    as_of_days: float, whose: dict[str, list[str]], tmp_path: Path
) -> None:
    events = [_by("tab", "first", -8), _by("tab", "second", -5), _by("tab", "third", -1)]
    lake = _shop(tmp_path, events, ("tab", "ann", -6), ("tab", "bob", -3))

    assert _done(take_snapshot(lake, as_of=_at(as_of_days))) == whose


def test_who_names_themselves_is_not_asked_for_a_link(tmp_path: Path) -> None:
    events = [event("bob", "his", anonymous_id="tab", days=-1)]
    lake = _shop(tmp_path, events, ("tab", "ann", -2))

    assert _done(take_snapshot(lake, as_of=AS_OF)) == {"bob": ["his"]}


def test_what_a_linked_visitor_paid_is_the_users_spend(tmp_path: Path) -> None:
    events = [
        event("ann", "lamp", price=10.0),
        event(None, "mug", anonymous_id="tab", price=2.5, quantity=2),
    ]
    lake = _shop(tmp_path, events, ("tab", "ann", -1))
    users = take_snapshot(lake, as_of=AS_OF).users

    assert spend(lake, as_of=AS_OF, users=users).tolist() == [10.0 + 2 * 2.5]


def test_links_are_joined_once_and_none_is_forgotten() -> None:
    first, second = _links(("tab", "ann", -6)), _links(("tab", "ann", -6), ("tab", "bob", -3))

    every = identities.joined(identities.joined(first, second), first)

    assert every.sort_by("linked_at").equals(second)
    assert every.schema == identities.IDENTITY_SCHEMA
