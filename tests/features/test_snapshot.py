"""A snapshot knows all that was known at its moment, and nothing later."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from features.errors import InvalidInput, NotEnoughData
from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.snapshot import Snapshot, take_snapshot
from tests.shops import AS_OF, Row, event, item, user, write_lake

AS_OF_S = int(AS_OF.timestamp())
KINDS = [one.value for one in EventType if one is not EventType.RETURN]


def _history(snapshot: Snapshot, user_id: str) -> list[tuple[str, str, int, float]]:
    """Give (item id, event type, epoch seconds, count) of one person's entries."""
    row = snapshot.users.row_of(user_id)
    assert row >= 0, f"{user_id} is not among the users"
    one = snapshot.histories.take(np.array([row]))
    types = [EventType.of_code(code).value for code in one.event_types.tolist()]
    columns = (snapshot.items.ids(one.item_rows), types, one.timestamps.tolist())
    return list(zip(*columns, one.counts.tolist(), strict=True))


def _can_be_shown(snapshot: Snapshot, item_id: str) -> bool:
    row = snapshot.items.row_of(item_id)
    return row >= 0 and bool(snapshot.catalogue.recommendable[row])


def _some_events(seed: int = 0, n: int = 400) -> list[Row]:
    rng = np.random.default_rng(seed)
    people = ["ann", "bob", "cat", None]
    visitors = ["tab-1", "tab-2", None]
    return [
        event(
            people[rng.integers(4)],
            f"item-{rng.integers(9)}",
            KINDS[rng.integers(len(KINDS))],
            anonymous_id=visitors[rng.integers(3)],
            # Whole quarters of a day: some of them at `AS_OF` exactly, some later.
            days=int(rng.integers(-40, 8)) / 4,
            country=["GB", "NZ", None][rng.integers(3)],
            device=["mobile", "desktop", None][rng.integers(3)],
        )
        for _ in range(n)
    ]


def _person(one: Row) -> str | None:
    if one["user_id"] is not None:
        return str(one["user_id"])
    return None if one["anonymous_id"] is None else f"anonymous:{one['anonymous_id']}"


def _day(one: Row) -> int:
    return int(one["timestamp"].timestamp()) // SECONDS_PER_DAY


@pytest.fixture(scope="module")
def events() -> list[Row]:
    return _some_events()


@pytest.fixture(scope="module")
def snapshot(events: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return take_snapshot(write_lake(tmp_path_factory.mktemp("lake"), events), as_of=AS_OF)


def test_histories_are_a_plain_pass_over_the_rows(events: list[Row], snapshot: Snapshot) -> None:
    entries: dict[str, Counter[tuple[str, str, int]]] = {}
    last: dict[tuple[str, str, str, int], int] = {}
    for one in events:
        person = _person(one)
        if person is None or one["timestamp"] > AS_OF or one["event_type"] == "impression":
            continue
        key = (one["item_id"], one["event_type"], _day(one))
        entries.setdefault(person, Counter())[key] += 1
        when = int(one["timestamp"].timestamp())
        last[person, *key] = max(when, last.get((person, *key), 0))

    assert snapshot.users.ids(np.arange(len(snapshot.users))) == sorted(entries)
    for person, counted in entries.items():
        found = {
            (item_id, kind, when // SECONDS_PER_DAY): (when, count)
            for item_id, kind, when, count in _history(snapshot, person)
        }
        assert found == {key: (last[person, *key], n) for key, n in counted.items()}


def test_demand_is_a_plain_pass_over_the_rows(events: list[Row], snapshot: Snapshot) -> None:
    counted = Counter(
        (one["item_id"], one["event_type"], one["country"], _day(one))
        for one in events
        if one["timestamp"] <= AS_OF
    )

    demand = snapshot.demand
    countries = (*demand.countries, None)
    found = {
        (item_id, EventType.of_code(code).value, countries[country], day): count
        for item_id, code, country, day, count in zip(
            snapshot.items.ids(demand.item_rows),
            demand.event_types.tolist(),
            demand.country_rows.tolist(),
            demand.days.tolist(),
            demand.counts.tolist(),
            strict=True,
        )
    }
    assert found == counted
    assert len(demand.counts) == len(counted)


def test_contexts_are_a_plain_pass_over_the_rows(events: list[Row], snapshot: Snapshot) -> None:
    counts = snapshot.contexts
    assert counts is not None
    people = snapshot.people
    homes = dict(
        zip(snapshot.users.ids(np.arange(len(snapshot.users))), people.country_names, strict=True)
    )

    wanted = Counter(
        (
            one["item_id"],
            one["event_type"],
            int(one["timestamp"].timestamp()) // 3_600,
            one["country"] or homes.get(_person(one) or ""),
            one["device"],
        )
        for one in events
        if one["timestamp"] <= AS_OF and one["event_type"] != EventType.IMPRESSION.value
    )

    keys = zip(
        snapshot.items.ids(counts.item_rows),
        (EventType.of_code(code).value for code in counts.event_types.tolist()),
        counts.hours.tolist(),
        ((*counts.countries, None)[row] for row in counts.country_rows.tolist()),
        ((*counts.devices, None)[row] for row in counts.device_rows.tolist()),
        strict=True,
    )
    assert dict(zip(keys, counts.counts.tolist(), strict=True)) == wanted


def test_each_history_is_in_the_order_of_time(snapshot: Snapshot) -> None:
    steps, people = np.diff(snapshot.histories.timestamps), snapshot.histories.person_of_entry

    assert (steps[people[1:] == people[:-1]] >= 0).all()


def test_nothing_later_than_as_of_is_in_any_array(events: list[Row], snapshot: Snapshot) -> None:
    assert any(one["timestamp"] > AS_OF for one in events)

    assert snapshot.histories.timestamps.max() <= AS_OF_S
    assert snapshot.demand.days.max() * SECONDS_PER_DAY <= AS_OF_S


def test_what_happens_later_changes_nothing(events: list[Row], tmp_path: Path) -> None:
    known = [one for one in events if one["timestamp"] <= AS_OF]
    items = [item("item-0", released_at=AS_OF - timedelta(days=9)), item("unseen")]
    later = [
        event("ann", "item-1", "return", days=1, quantity=1),
        event("new-user", "item-2", days=1, country="FR"),
        event("ann", "item-3", days=2, country="FR"),
        event("bob", "new-item", days=3),
    ]

    with_future = take_snapshot(write_lake(tmp_path / "a", known + later, items=items), as_of=AS_OF)
    without = take_snapshot(write_lake(tmp_path / "b", known, items=items), as_of=AS_OF)

    _assert_equal(with_future, without)


def test_the_order_of_ingestion_changes_nothing(events: list[Row], tmp_path: Path) -> None:
    twice_at_once = [event("dan", "item-1", country=one) for one in ("NZ", "GB", "FR")]
    every = events + twice_at_once
    shuffled = [every[place] for place in np.random.default_rng(1).permutation(len(every))]
    parted = write_lake(tmp_path / "b", shuffled[:200])

    one = take_snapshot(write_lake(tmp_path / "a", every), as_of=AS_OF)
    other = take_snapshot(write_lake(parted, shuffled[200:]), as_of=AS_OF)

    _assert_equal(one, other)


def test_an_event_at_as_of_itself_still_counts(tmp_path: Path) -> None:
    events = [event("ann", "mug", days=0), event("bob", "mug", days=1e-6), event("bob", "cup")]

    snapshot = take_snapshot(write_lake(tmp_path, events), as_of=AS_OF)

    assert _history(snapshot, "ann") == [("mug", "purchase", AS_OF_S, 1.0)]
    assert [entry[0] for entry in _history(snapshot, "bob")] == ["cup"]


def test_a_return_takes_the_purchase_out_of_history_and_demand(tmp_path: Path) -> None:
    events = [
        *(event("ann", "mug", days=-9), event("ann", "mug", "return", days=-8)),
        *(event("ann", "cup", days=-9, quantity=2), event("ann", "cup", "return", days=-8)),
        *(event("ann", "jug", days=-9), event("ann", "jug", "return", days=1)),
    ]

    snapshot = take_snapshot(write_lake(tmp_path, events), as_of=AS_OF)

    bought = [entry[0] for entry in _history(snapshot, "ann") if entry[1] == "purchase"]
    # The cup went back in part, the jug only after `as_of`.
    assert bought == ["cup", "jug"]
    counts = snapshot.demand.counted(EventType.PURCHASE, n_items=len(snapshot.items))
    assert counts.tolist() == [1.0, 1.0, 0.0]  # cup, jug, mug


def test_a_visitor_without_an_account_is_a_person_of_their_own(tmp_path: Path) -> None:
    events = [
        event(None, "mug", anonymous_id="ann"),
        event("ann", "cup", anonymous_id="tab"),
        event(None, "jug"),
    ]

    snapshot = take_snapshot(write_lake(tmp_path, events), as_of=AS_OF)

    assert snapshot.users.ids(np.arange(2)) == ["ann", "anonymous:ann"]
    assert [entry[0] for entry in _history(snapshot, "anonymous:ann")] == ["mug"]
    assert [entry[0] for entry in _history(snapshot, "ann")] == ["cup"]


def test_what_nobody_bought_is_demand_and_no_history(tmp_path: Path) -> None:
    snapshot = take_snapshot(write_lake(tmp_path, [event(None, "jug")]), as_of=AS_OF)

    assert len(snapshot.users) == 0
    assert snapshot.demand.counted(EventType.PURCHASE, n_items=1).tolist() == [1.0]


def test_a_user_who_did_nothing_has_an_empty_history(tmp_path: Path) -> None:
    users = [user("idle", country="NZ", consent=["email"]), user("ann")]
    lake = write_lake(tmp_path, [event("ann", "mug", country="GB")], users=users)

    snapshot = take_snapshot(lake, as_of=AS_OF)

    assert _history(snapshot, "idle") == []
    rows = snapshot.users.rows(["idle", "ann"])
    # Ann never said where she lives: it is where she was last seen.
    assert [snapshot.people.country_of(row) for row in rows] == ["NZ", "GB"]
    assert snapshot.people.consented("email")[rows].tolist() == [True, False]


def test_what_a_user_says_goes_before_where_they_were_seen(tmp_path: Path) -> None:
    events = [event("ann", "mug", country="GB", days=-2), event("ann", "mug", country="FR")]
    lake = write_lake(
        tmp_path,
        [*events, event("bob", "mug", country="FR", days=-9)],
        users=[user("bob", country="NZ")],
    )

    snapshot = take_snapshot(lake, as_of=AS_OF)

    assert snapshot.people.country_names == ["FR", "NZ"]


def test_an_item_is_shown_from_its_release_or_its_first_event_on(tmp_path: Path) -> None:
    days = timedelta(days=1)
    items = [
        item("released", released_at=AS_OF),
        item("to-come", released_at=AS_OF + days),
        item("seen-before-release", released_at=AS_OF + days),
        item("first-seen-later"),
        item("never-seen"),
        item("released-and-seen-later", released_at=AS_OF - days),
        item("hidden", hidden=True),
        item("sold-out", available=False),
    ]
    events = [
        event("ann", "seen-before-release"),
        event("ann", "first-seen-later", days=1),
        event("ann", "released-and-seen-later", days=1),
        event("ann", "not-in-the-catalogue"),
        event("ann", "unknown-and-later", days=1),
        event("ann", "hidden"),
    ]

    snapshot = take_snapshot(write_lake(tmp_path, events, items=items), as_of=AS_OF)

    every = {one["item_id"] for one in [*items, *events]}
    assert {one for one in every if _can_be_shown(snapshot, one)} == {
        *("released", "never-seen", "released-and-seen-later", "not-in-the-catalogue")
    }


def test_the_catalogue_is_aligned_to_the_item_rows(tmp_path: Path) -> None:
    items = [item("b", title="Bowl", price=3.0), item("a", title="Axe")]
    lake = write_lake(tmp_path, [event("ann", "c")], items=items)

    snapshot = take_snapshot(lake, as_of=AS_OF)

    assert snapshot.catalogue.table["item_id"].to_pylist() == ["a", "b", "c"]
    assert [snapshot.catalogue.title(row) for row in range(3)] == ["Axe", "Bowl", "c"]
    assert snapshot.catalogue.properties(1) == {"title": "Bowl", "price": 3.0}


def test_as_of_is_the_same_moment_in_every_time_zone(tmp_path: Path) -> None:
    lake = write_lake(tmp_path, _some_events(2, n=50))

    here = take_snapshot(lake, as_of=AS_OF)
    there = take_snapshot(lake, as_of=AS_OF.astimezone(ZoneInfo("Pacific/Auckland")))

    _assert_equal(here, there)
    assert there.as_of.isoformat() == "2024-06-01T12:00:00+00:00"


@pytest.mark.parametrize("events", [[], [event("ann", "mug", days=1)]])
def test_a_shop_without_a_past_says_what_to_do(events: list[Row], tmp_path: Path) -> None:
    lake = write_lake(tmp_path, events)

    with pytest.raises(NotEnoughData, match="run vitrine ingest, or choose a later as_of"):
        take_snapshot(lake, as_of=AS_OF)


def test_a_moment_without_an_offset_is_refused(tmp_path: Path) -> None:
    lake = write_lake(tmp_path, [event("ann", "mug")])

    with pytest.raises(InvalidInput, match="offset"):
        take_snapshot(lake, as_of=AS_OF.replace(tzinfo=None))


def _assert_equal(one: Snapshot, other: Snapshot) -> None:
    for ids in ("users", "items"):
        maps = getattr(one, ids), getattr(other, ids)
        assert maps[0].ids(np.arange(len(maps[0]))) == maps[1].ids(np.arange(len(maps[1]))), ids
    for part, names in (
        ("histories", ("indptr", "item_rows", "event_types", "timestamps", "counts")),
        ("demand", ("item_rows", "days", "event_types", "country_rows", "counts")),
        ("people", ("country_rows", "consents")),
        ("catalogue", ("recommendable",)),
    ):
        for name in names:
            arrays = getattr(getattr(one, part), name), getattr(getattr(other, part), name)
            np.testing.assert_array_equal(*arrays, err_msg=f"{part}.{name}", strict=True)
    assert one.demand.countries == other.demand.countries
    assert one.people.countries == other.people.countries
    assert one.catalogue.table.equals(other.catalogue.table)
    np.testing.assert_array_equal(one.prices, other.prices)
    assert one.as_of == other.as_of


def test_a_price_is_the_median_that_was_paid_and_else_the_catalogues(tmp_path: Path) -> None:
    items = [item("cup", price=9.0), item("jug", price=7.0), item("mug"), item("new", price=4.0)]
    events = [
        *(event("ann", "cup", price=price) for price in (1.0, 2.0, 6.0)),
        # Neither a price of nought nor that of a view was paid, and this one only later.
        *(event("ann", "jug", price=0.0), event("ann", "jug", "view", price=3.0)),
        event("bob", "jug", days=1, price=5.0),
        event("ann", "mug"),
    ]

    snapshot = take_snapshot(write_lake(tmp_path, events, items=items), as_of=AS_OF)

    assert snapshot.items.ids(np.arange(4)) == ["cup", "jug", "mug", "new"]
    np.testing.assert_array_equal(snapshot.prices, [2.0, 7.0, np.nan, 4.0])
    assert snapshot.prices.dtype == np.float64
