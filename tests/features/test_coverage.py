"""The data map says by plain counting what a shop has, and promises nothing that is not there."""

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.catalog import ITEM_SCHEMA, USER_SCHEMA
from features.coverage import Coverage, coverage
from features.coverage.attribute import Attribute, Reach
from features.coverage.enables import EVENTS, ITEMS, USERS
from features.coverage.entry import Entry, State
from features.coverage.event_types import EVENT_TYPES
from features.errors import NotEnoughData
from features.events import EVENT_SCHEMA, EventType
from tests.shops import AS_OF, event, item, user, write_lake

MAPS = {"event types": EVENT_TYPES, "events": EVENTS, "items": ITEMS, "users": USERS}
EVERY = [(part, one) for part, attributes in MAPS.items() for one in attributes]


def added(found: Coverage) -> list[tuple[str, str]]:
    return [(one.part, one.attribute.name) for one in found.to_add]


def notes(found: Coverage, part: str, name: str) -> str:
    return " ".join(entry(found, part, name).notes)


def entry(found: Coverage, part: str, name: str) -> Entry:
    return found.entry(part, name)  # type: ignore[arg-type]  # a test may name any part


# The map


@pytest.mark.parametrize(
    ("attributes", "schema"), [(EVENTS, EVENT_SCHEMA), (ITEMS, ITEM_SCHEMA), (USERS, USER_SCHEMA)]
)
def test_every_column_of_the_schemas_is_on_the_map(
    attributes: tuple[Attribute, ...], schema: pa.Schema
) -> None:
    assert [one.name for one in attributes] == schema.names


def test_every_type_of_event_is_on_the_map() -> None:
    assert [one.name for one in EVENT_TYPES] == list(EventType)


@pytest.mark.parametrize(("part", "attribute"), EVERY, ids=lambda one: getattr(one, "name", one))
def test_what_works_today_names_a_module_that_knows_the_attribute(
    part: str, attribute: Attribute
) -> None:
    for use in attribute.uses:
        if use.module is None:
            continue
        found = find_spec(use.module)
        assert found is not None, f"{part}.{attribute.name}: there is no {use.module}"
        assert found.origin is not None
        files = [Path(found.origin)]
        if found.submodule_search_locations:
            files = sorted(files[0].parent.glob("*.py"))
        source = "".join(path.read_text(encoding="utf-8").lower() for path in files)
        assert attribute.name in source, f"{use.module} knows nothing of {attribute.name}"


@pytest.mark.parametrize(("part", "attribute"), EVERY, ids=lambda one: getattr(one, "name", one))
def test_whatever_can_be_added_says_how_and_what_for(part: str, attribute: Attribute) -> None:
    assert attribute.uses, f"{part}.{attribute.name} enables nothing"
    assert bool(attribute.give) == (attribute.reach > Reach.GIVEN)


# Shares, by arithmetic


def test_shares_are_of_the_rows_that_a_column_is_for(tmp_path: Path) -> None:
    purchases = [
        event("ann", "lamp", price=10.0, order_id="o1"),
        event("ann", "mug", price=5.0, order_id="o1"),
        event("bob", "mug", price=5.0),
        event("bob", "lamp"),
    ]
    views = [event("cat", "mug", "view", session_id="s1"), event("cat", "lamp", "view")]

    found = coverage(write_lake(tmp_path, [*purchases, *views]))

    price, order = entry(found, "events", "price"), entry(found, "events", "order_id")
    assert (price.measured.share, price.measured.n_distinct) == (3 / 4, 2)
    assert (order.measured.share, order.measured.n_distinct) == (2 / 4, 1)
    session = entry(found, "events", "session_id")
    assert session.measured.share == 1 / 6
    view, bought = (entry(found, "event types", one) for one in ("view", "purchase"))
    assert (view.measured.share, view.measured.n_distinct) == (2 / 6, 1)
    assert (bought.measured.share, bought.measured.n_distinct) == (4 / 6, 2)
    shop = found.shop
    assert (shop.n_events, shop.n_items, shop.n_people) == (6, 2, 3)
    assert (shop.n_buyers, shop.n_browsers, shop.n_of_nobody) == (2, 1, 0)


def test_a_return_has_no_visit_and_lacks_none(tmp_path: Path) -> None:
    events = [event("ann", "lamp", session_id="s1"), event("ann", "lamp", "return", days=0)]

    found = coverage(write_lake(tmp_path, events))

    assert entry(found, "events", "session_id").measured.share == 1 / 1


def test_the_tables_shares_are_of_their_rows_and_of_the_events(tmp_path: Path) -> None:
    events = [event("ann", "lamp", days=-day) for day in range(1, 8)]
    events += [event("bob", "mug"), event(None, "mug"), event("eve", "vase")]
    items = [
        item("lamp", title="Lamp", category="Home > Lamps"),
        item("mug", title="Mug"),
        item("bowl", title="  "),
    ]
    users = [user("ann", consent=["email"]), user("bob", consent=[]), user("dan"), user("fay")]

    found = coverage(write_lake(tmp_path, events, items=items, users=users))

    title = entry(found, "items", "title").measured
    category = entry(found, "items", "category").measured
    assert (title.share, title.share_of_events) == (2 / 3, 9 / 10)
    assert (category.share, category.share_of_events) == (1 / 3, 7 / 10)
    consent = entry(found, "users", "consent").measured
    assert (consent.share, consent.share_of_events) == (2 / 4, 8 / 9)
    in_catalogue, in_table = entry(found, "items", "item_id"), entry(found, "users", "user_id")
    assert (in_catalogue.measured.share, in_table.measured.share) == (2 / 3, 2 / 3)
    assert in_catalogue.notes == (
        "1 items of the log have no row; 10 % of the events are theirs",
        "1 of 3 rows are items without any event",
    )
    assert "2 of 4 rows are users without any event" in in_table.notes


def test_a_visitors_id_is_asked_for_where_nobody_is_logged_in(tmp_path: Path) -> None:
    events = [
        event("ann", "lamp"),
        event(None, "lamp", anonymous_id="v1"),
        event(None, "mug"),
        event(None, "mug", days=-2),
    ]

    found = coverage(write_lake(tmp_path, events))

    anonymous = entry(found, "events", "anonymous_id")
    assert (anonymous.measured.n_rows, anonymous.measured.n_filled) == (3, 1)
    assert "50 % of the events name neither a user nor a visitor" in notes(
        found, "events", "user_id"
    )
    assert (found.shop.n_people, found.shop.n_of_nobody) == (2, 2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(
    filled=st.lists(
        st.tuples(
            st.sampled_from(list(EventType)),
            *(st.booleans() for _ in range(4)),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_shares_are_shares_and_values_are_no_more_than_rows(
    tmp_path_factory: pytest.TempPathFactory, filled: list[tuple[EventType, bool, bool, bool, bool]]
) -> None:
    events = [
        event(
            "ann" if known else None,
            f"item-{place % 3}",
            kind.value,
            price=1.0 + place if priced else None,
            session_id=f"s{place % 2}" if visited else None,
            country="NZ" if placed else None,
        )
        for place, (kind, known, priced, visited, placed) in enumerate(filled)
    ]
    lake = tmp_path_factory.mktemp("lake")

    found = coverage(write_lake(lake, events, items=[item("item-0", title="A")]))

    for one in found.entries:
        measured = one.measured
        assert 0 <= measured.n_filled <= measured.n_rows
        assert measured.n_distinct <= max(measured.n_filled, measured.n_rows)
        assert measured.share is None or 0 <= measured.share <= 1
        assert measured.share_of_events is None or 0 <= measured.share_of_events <= 1
        assert 0 <= one.gap <= 1
    types = [one.measured for one in found.entries if one.part == "event types"]
    assert sum(one.n_filled for one in types) == len(events)


# Freshness


def test_what_stopped_is_told_and_comes_first(tmp_path: Path) -> None:
    events = [event("ann", "lamp", "view", days=-45), event("ann", "lamp", days=-1)]

    found = coverage(write_lake(tmp_path, events))

    view, bought = (entry(found, "event types", one) for one in ("view", "purchase"))
    assert (view.state, view.days_behind) == (State.STOPPED, 44.0)
    assert (bought.state, bought.days_behind) == (State.OK, 0.0)
    assert ("event types", "view") in added(found)[:2]
    assert "stopped on 2024-04-17" in found.as_text()


def test_a_return_of_last_year_is_no_alarm(tmp_path: Path) -> None:
    events = [event("ann", "lamp", "return", days=-300), event("ann", "lamp", days=-1)]

    found = coverage(write_lake(tmp_path, events))

    assert entry(found, "event types", "return").state is State.OK


def test_later_events_are_not_looked_at(tmp_path: Path) -> None:
    seen = [event("ann", "lamp", country="NZ"), event("ann", "mug", days=0)]
    later = [event("bob", "vase", "view", days=1, country="FR", session_id="s1")]
    before = coverage(write_lake(tmp_path / "before", seen))

    found = coverage(write_lake(tmp_path / "after", [*seen, *later]), as_of=AS_OF)

    assert found.entries == before.entries
    assert found.shop == before.shop
    assert found.shop.latest == AS_OF


def test_a_catalogue_whose_newest_item_is_old_is_told(tmp_path: Path) -> None:
    old = [item("lamp", released_at=AS_OF - timedelta(days=401))]

    found = coverage(write_lake(tmp_path, [event("ann", "lamp")], items=old))

    assert "the newest item is 400 days older than the last event" in notes(
        found, "items", "released_at"
    )


# What tells nothing


def test_equal_values_tell_nothing(tmp_path: Path) -> None:
    events = [event("ann", "lamp", device="phone"), event("bob", "mug", device="phone")]

    found = coverage(write_lake(tmp_path, events, items=[item("lamp"), item("mug")]))

    assert "every value is the same (phone)" in notes(found, "events", "device")
    assert "every value is the same (true)" in notes(found, "items", "available")


def test_categories_of_one_item_each_group_nothing(tmp_path: Path) -> None:
    items = [item("lamp", category="A", title="One"), item("mug", category="B", title="Two")]

    found = coverage(write_lake(tmp_path, [event("ann", "lamp")], items=items))

    assert "every value differs" in notes(found, "items", "category")
    assert not notes(found, "items", "title")


def test_fewer_views_than_purchases_are_told(tmp_path: Path) -> None:
    bought = [event("ann", "lamp", days=-day) for day in range(1, 4)]

    found = coverage(write_lake(tmp_path, [*bought, event("ann", "lamp", "view", days=-4)]))

    assert "fewer than the 3 purchase events" in notes(found, "event types", "view")
    assert not notes(found, "event types", "cart")


def test_times_of_midnight_are_days(tmp_path: Path) -> None:
    midnight = AS_OF.replace(hour=0)
    by_day = [event("ann", "lamp", timestamp=midnight), event("bob", "mug", timestamp=midnight)]

    found = coverage(write_lake(tmp_path / "days", by_day))
    timed = coverage(write_lake(tmp_path / "times", [*by_day, event("ann", "mug")]))

    assert "every time is midnight UTC" in notes(found, "events", "timestamp")
    assert not notes(timed, "events", "timestamp")


def test_consent_is_counted_by_purpose(tmp_path: Path) -> None:
    users = [user("ann", consent=["email", "sms"]), user("bob", consent=["sms"]), user("cat")]

    found = coverage(write_lake(tmp_path, [event("ann", "lamp")], users=[*users, user("dan")]))

    assert notes(found, "users", "consent") == "of 4 users agreed: email 25 %, sms 50 %"


def test_without_consent_to_email_nobody_gets_email(tmp_path: Path) -> None:
    users = [user("ann", consent=["sms"]), user("bob", consent=["sms"])]

    found = coverage(write_lake(tmp_path, [event("ann", "lamp")], users=users))

    assert 'nobody agreed to "email"' in notes(found, "users", "consent")


# What to add first


def test_a_shop_without_tables_is_asked_for_the_files_not_for_each_column(tmp_path: Path) -> None:
    found = coverage(write_lake(tmp_path, [event("ann", "lamp")]))

    assert ("items", "item_id") in added(found)
    assert ("users", "user_id") in added(found)
    columns = {(part, name) for part, name in added(found) if part in ("items", "users")}
    assert columns == {("items", "item_id"), ("users", "user_id")}
    assert entry(found, "items", "title").state is State.NOT_APPLICABLE
    assert entry(found, "items", "item_id").notes == ("there is no table of items",)


def test_what_is_there_is_not_asked_for(tmp_path: Path) -> None:
    items = [item("lamp", title="Lamp"), item("mug", title="Mug")]
    every = [event("ann", "lamp", "view", days=-2), event("ann", "lamp")]

    found = coverage(write_lake(tmp_path, every, items=items))

    assert ("items", "title") not in added(found)
    assert ("event types", "view") not in added(found)
    assert ("items", "category") in added(found)


def test_more_missing_means_earlier(tmp_path: Path) -> None:
    items = [item("a", category="X"), item("b", category="X"), item("c"), item("d")]
    users = [user("ann"), user("bob")]

    found = coverage(write_lake(tmp_path, [event("ann", "a")], items=items, users=users))

    # Both decide who or what is listed at all: nobody has the one, 2 of 4 items have the other.
    assert entry(found, "users", "consent").gap == 1
    assert entry(found, "items", "category").gap == 2 / 4
    order = added(found)
    assert order.index(("users", "consent")) < order.index(("items", "category"))
    gains = [one.gain for one in found.to_add]
    assert gains == sorted(gains, reverse=True)


def test_the_country_of_events_stands_in_for_the_user_tables(tmp_path: Path) -> None:
    events = [event("ann", "lamp", country="NZ"), event("bob", "mug", country="FR")]
    users = [user("ann"), user("bob")]

    found = coverage(write_lake(tmp_path / "placed", events, users=users))
    nowhere = coverage(write_lake(tmp_path / "nowhere", [event("ann", "lamp")], users=users))

    assert ("users", "country") not in added(found)
    assert "the person's last event stands in" in notes(found, "users", "country")
    assert ("users", "country") in added(nowhere)


def test_a_few_recommendation_ids_are_as_good_as_all(tmp_path: Path) -> None:
    events = [event("ann", "lamp", "click", recommendation_id="r1"), event("ann", "mug", "click")]

    found = coverage(write_lake(tmp_path, events))

    assert entry(found, "events", "recommendation_id").measured.share == 1 / 2
    assert entry(found, "events", "recommendation_id").state is State.OK


# Edges


def test_the_shops_own_columns_are_kept_and_not_used(tmp_path: Path) -> None:
    write_lake(tmp_path, [event("ann", "lamp")], items=[item("lamp"), item("mug")])
    table = pq.read_table(tmp_path / "items.parquet")
    own = pa.array(["red", None])
    pq.write_table(table.append_column("colour", own), tmp_path / "items.parquet")

    found = coverage(tmp_path)

    (further,) = found.further
    assert (further.part, further.name, further.measured.share) == ("items", "colour", 1 / 2)
    assert "kept, not used: colour 50 %" in found.as_text()


def test_a_log_without_users_is_measured(tmp_path: Path) -> None:
    found = coverage(write_lake(tmp_path, [event(None, "lamp"), event(None, "mug")]))

    assert (found.shop.n_people, found.shop.n_of_nobody) == (0, 2)
    assert entry(found, "events", "user_id").state is State.MISSING
    assert entry(found, "users", "user_id").measured.share is None
    assert ("events", "anonymous_id") in added(found)


def test_an_empty_catalogue_is_as_good_as_none(tmp_path: Path) -> None:
    write_lake(tmp_path, [event("ann", "lamp")])
    pq.write_table(ITEM_SCHEMA.empty_table(), tmp_path / "items.parquet")

    found = coverage(tmp_path)

    assert entry(found, "items", "item_id").measured.share == 0
    assert entry(found, "items", "item_id").notes == ("there is no table of items",)


def test_an_empty_log_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughData, match="run vitrine ingest first"):
        coverage(tmp_path)
    lake = write_lake(tmp_path / "later", [event("ann", "lamp", days=1)])
    with pytest.raises(NotEnoughData, match="no event up to 2024-06-01T12:00:00"):
        coverage(lake, as_of=AS_OF)
