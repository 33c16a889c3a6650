"""The laws of setting bots aside: crawlers go, however busy the buyers are that stay."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.event_log import EventLog
from features.events import EVENT_SCHEMA
from features.home import Home
from features.ingest import IngestReport, ingest
from features.ingest.bots import MAX_BROWSING_A_DAY

MIDNIGHT = datetime(2011, 12, 1, tzinfo=UTC)
NOW = datetime(2011, 12, 9, 12, tzinfo=UTC)


def browsing(
    person: dict, n_events: int, *, start: datetime = MIDNIGHT, kind: str = "view"
) -> list:
    return [
        person
        | {
            "event_type": kind,
            "item_id": "lamp",
            "timestamp": start + timedelta(seconds=second),
            "quantity": 1,
        }
        for second in range(n_events)
    ]


def take_in(folder: Path, rows: list[dict]) -> IngestReport:
    names = [name for name in EVENT_SCHEMA.names if name != "event_id"]
    schema = pa.schema([EVENT_SCHEMA.field(name).with_nullable(nullable=True) for name in names])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "events.parquet")
    return ingest(events=[folder / "events.parquet"], home=Home(folder / "shop"), now=NOW)


def people(folder: Path) -> set[str | None]:
    scanned = EventLog(Home(folder / "shop").lake).scan().to_pyarrow()
    return set(scanned["user_id"].to_pylist()) | set(scanned["anonymous_id"].to_pylist())


def test_who_browses_more_than_people_do_and_buys_nothing_is_set_aside_with_all_events(
    tmp_path: Path,
) -> None:
    crawler, busy = {"anonymous_id": "crawler"}, {"user_id": "busy"}
    other_day = browsing(crawler, 1, start=MIDNIGHT - timedelta(days=3), kind="purchase")
    rows = browsing(crawler, MAX_BROWSING_A_DAY + 1) + other_day
    rows += browsing(busy, MAX_BROWSING_A_DAY)

    report = take_in(tmp_path, rows)

    assert report.bots == 1
    assert report.events.set_aside == MAX_BROWSING_A_DAY + 2
    assert report.events.accepted == MAX_BROWSING_A_DAY
    assert people(tmp_path) == {"busy", None}
    assert report.set_aside_file is not None
    aside = pq.read_table(report.set_aside_file)
    assert aside.schema.names == EVENT_SCHEMA.names
    assert set(aside["anonymous_id"].to_pylist()) == {"crawler"}


def test_who_buys_or_carts_that_day_is_a_person_however_much_they_browse(tmp_path: Path) -> None:
    rows = []
    for kind in ("purchase", "cart", "wishlist"):
        rows += browsing({"user_id": kind}, MAX_BROWSING_A_DAY + 1)
        rows += browsing({"user_id": kind}, 1, start=MIDNIGHT + timedelta(hours=23), kind=kind)

    report = take_in(tmp_path, rows)

    assert report.bots == 0
    assert people(tmp_path) == {"purchase", "cart", "wishlist", None}


def test_neither_two_days_nor_impressions_nor_nobody_make_a_bot(tmp_path: Path) -> None:
    before_midnight = MIDNIGHT - timedelta(seconds=MAX_BROWSING_A_DAY)
    rows = browsing({"user_id": "night owl"}, 2 * MAX_BROWSING_A_DAY, start=before_midnight)
    rows += browsing({"user_id": "shown"}, 2 * MAX_BROWSING_A_DAY, kind="impression")
    rows += browsing({}, 2 * MAX_BROWSING_A_DAY)

    report = take_in(tmp_path, rows)

    assert report.bots == 0
    assert report.accepted.without_person == 2 * MAX_BROWSING_A_DAY


def test_a_user_and_a_visitor_with_the_same_name_are_two_people(tmp_path: Path) -> None:
    rows = browsing({"user_id": "7"}, MAX_BROWSING_A_DAY - 1)
    rows += browsing({"anonymous_id": "7"}, MAX_BROWSING_A_DAY + 1)

    report = take_in(tmp_path, rows)

    assert (report.bots, report.events.set_aside) == (1, MAX_BROWSING_A_DAY + 1)
    assert people(tmp_path) == {"7", None}
