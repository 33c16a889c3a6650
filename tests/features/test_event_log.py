"""The laws of the event log."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InvalidInput, LakeBusy, UnreadableFile
from features.event_log import AppendResult, EventLog, connect, writing
from features.events import EVENT_SCHEMA

NOON = datetime(2011, 12, 9, 12, tzinfo=UTC)
CONNECTION = connect(threads=1)


def events(*rows: dict) -> ibis.Table:
    usual = {"event_type": "view", "user_id": "ann", "item_id": "lamp", "quantity": 1}
    table = pa.Table.from_pylist([usual | row for row in rows], schema=EVENT_SCHEMA)
    return CONNECTION.create_table("given", table, overwrite=True)


def event(event_id: str, timestamp: datetime = NOON, **further: object) -> dict:
    return {"event_id": event_id, "timestamp": timestamp, **further}


def rows(scanned: ibis.Table) -> list[dict]:
    return scanned.order_by("event_id").to_pyarrow().to_pylist()


def ids(scanned: ibis.Table) -> list[str]:
    return [row["event_id"] for row in rows(scanned)]


def test_an_empty_log_has_the_schema_and_no_rows_and_no_latest_event(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)

    scanned = log.scan(end=NOON).to_pyarrow()

    assert scanned.num_rows == 0
    assert scanned.schema.names == EVENT_SCHEMA.names
    assert scanned.schema.field("timestamp").type == pa.timestamp("us", tz="UTC")
    assert log.latest() is None
    assert log.files == ()


def test_what_is_appended_comes_back_as_it_was(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)
    given_rows = [
        event("1", price=2.5, order_id="A", country="Åland", quantity=3),
        event("2", user_id=None, anonymous_id="cookie", device="phone", session_id="s"),
        event("3", user_id=None, recommendation_id="r"),
    ]

    result = log.append(events(*given_rows))

    assert result == AppendResult(n_new=3, n_duplicates=0)
    expected = events(*given_rows).order_by("event_id").to_pyarrow().to_pylist()
    assert rows(log.scan()) == expected
    assert log.latest() == NOON


def test_files_are_zstd_parquet_with_exactly_the_schema_in_a_folder_for_each_month(
    tmp_path: Path,
) -> None:
    log = EventLog(tmp_path, CONNECTION)
    last_of_november = datetime(2011, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
    first_of_december = datetime(2011, 12, 1, tzinfo=UTC)

    log.append(events(event("1", last_of_november), event("2", first_of_december)))

    folder = tmp_path / "events"
    assert [path.parent for path in log.files] == [
        folder / "month=2011-11",
        folder / "month=2011-12",
    ]
    for path, event_id in zip(log.files, ("1", "2"), strict=True):
        file = pq.ParquetFile(path)
        stored = file.schema_arrow
        assert stored.names == EVENT_SCHEMA.names
        assert stored.types == EVENT_SCHEMA.types
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
        assert file.read()["event_id"].to_pylist() == [event_id]


def test_a_scan_begins_after_its_start_and_includes_its_end(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)
    second = timedelta(seconds=1)
    log.append(events(event("1", NOON - second), event("2", NOON), event("3", NOON + second)))

    assert ids(log.scan(end=NOON)) == ["1", "2"]
    assert ids(log.scan(start=NOON)) == ["3"]
    assert ids(log.scan(start=NOON - second, end=NOON)) == ["2"]


@settings(max_examples=25, deadline=None)
@given(
    hours=st.lists(st.integers(0, 24 * 90), min_size=1, max_size=20),
    as_of_hour=st.integers(-1, 24 * 91),
)
def test_history_and_what_came_later_share_no_event_and_miss_none(
    tmp_path_factory: pytest.TempPathFactory, hours: list[int], as_of_hour: int
) -> None:
    log = EventLog(tmp_path_factory.mktemp("lake"), CONNECTION)
    moments = [NOON + timedelta(hours=hour) for hour in hours]
    log.append(events(*(event(f"{n:03}", moment) for n, moment in enumerate(moments))))
    as_of = NOON + timedelta(hours=as_of_hour)

    history, later = rows(log.scan(end=as_of)), rows(log.scan(start=as_of))

    assert all(row["timestamp"] <= as_of for row in history)
    assert all(row["timestamp"] > as_of for row in later)
    assert len(history) + len(later) == len(moments)


def test_a_scan_opens_only_the_months_it_needs(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)
    log.append(events(event("1", NOON - timedelta(days=31)), event("2", NOON)))
    november, _ = log.files

    november.unlink()

    assert ids(log.scan(start=datetime(2011, 12, 1, tzinfo=UTC))) == ["2"]
    with pytest.raises(UnreadableFile, match="cannot be read"):
        log.scan()


@settings(max_examples=25, deadline=None)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 60)), max_size=8),
        min_size=1,
        max_size=4,
    )
)
def test_each_event_id_is_kept_once_the_earliest_of_the_first_batch_that_has_it(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[str, int]]]
) -> None:
    log = EventLog(tmp_path_factory.mktemp("lake"), CONNECTION)
    expected: dict[str, datetime] = {}

    for batch in batches:
        known = len(expected)
        for event_id, day in sorted(batch, key=lambda pair: pair[1]):
            # An id of an earlier batch stays even where this one is earlier.
            expected.setdefault(event_id, NOON + timedelta(days=day))
        result = log.append(
            events(*(event(event_id, NOON + timedelta(days=day)) for event_id, day in batch))
        )

        assert result.n_new == len(expected) - known
        assert result.n_new + result.n_duplicates == len(batch)

    assert {row["event_id"]: row["timestamp"] for row in rows(log.scan())} == expected
    assert len(ids(log.scan())) == len(expected)


def test_of_two_events_with_one_id_and_one_time_the_order_of_the_batch_does_not_choose(
    tmp_path: Path,
) -> None:
    pair = [event("1", country="France"), event("1", country="Spain")]

    for name, batch in (("one", pair), ("other", pair[::-1])):
        EventLog(tmp_path / name, CONNECTION).append(events(*batch))

    one, other = (rows(EventLog(tmp_path / name, CONNECTION).scan()) for name in ("one", "other"))
    assert one == other
    assert len(one) == 1


def test_a_batch_is_not_in_the_log_before_it_is_committed(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)
    log.append(events(event("1")))

    with writing(tmp_path):
        prepared = log.prepare(events(event("1"), event("2")))
        before = ids(log.scan())
        log.commit(prepared)

    assert before == ["1"]
    assert prepared.n_new == 1
    assert ids(log.scan()) == ["1", "2"]


def test_files_that_the_list_does_not_name_are_ignored_and_removed_by_the_next_append(
    tmp_path: Path,
) -> None:
    log = EventLog(tmp_path, CONNECTION)
    with writing(tmp_path):
        abandoned = log.prepare(events(event("lost")))
    (leftover,) = abandoned.files
    assert leftover.exists()

    seen = log.scan().count().to_pyarrow().as_py()
    log.append(events(event("kept", NOON - timedelta(days=31))))

    assert seen == 0
    assert not leftover.exists()
    assert ids(log.scan()) == ["kept"]


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)

    with writing(tmp_path), pytest.raises(LakeBusy, match="another process is writing"):
        log.append(events(event("1")))

    assert log.append(events(event("1"))).n_new == 1


def test_after_a_user_is_deleted_no_file_holds_the_id_and_all_other_events_are_there(
    tmp_path: Path,
) -> None:
    log = EventLog(tmp_path, CONNECTION)
    long_ago = NOON - timedelta(days=400)
    log.append(
        events(
            event("1", user_id="user-to-forget"),
            event("2"),
            event("3", long_ago),
            event("4", user_id=None),
        )
    )
    log.append(events(event("5", NOON - timedelta(days=31), user_id="user-to-forget")))
    untouched = log.files[0]

    n_deleted = log.delete_user("user-to-forget")

    assert n_deleted == 2
    assert ids(log.scan()) == ["2", "3", "4"]
    assert log.latest() == NOON
    assert untouched in log.files
    on_disk = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in on_disk if b"user-to-forget" in path.read_bytes()]
    assert set(log.files) == set(tmp_path.rglob("*.parquet"))


def test_deleting_somebody_unknown_changes_nothing(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)
    assert log.delete_user("nobody") == 0

    log.append(events(event("1")))
    generation = log.generation

    assert log.delete_user("nobody") == 0
    assert log.generation == generation


def test_a_time_without_offset_is_refused(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)

    with pytest.raises(InvalidInput, match="has no offset"):
        log.scan(end=datetime(2011, 12, 9))  # noqa: DTZ001 -- that is the point


def test_a_batch_with_other_columns_is_refused_naming_each(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)
    batch = events(event("1")).drop("price").mutate(quantity=ibis.literal("many"))

    with pytest.raises(InvalidInput) as caught:
        log.append(batch)

    assert caught.value.details == (
        "quantity: string, expected !int32",
        "price: missing, expected float64",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not an event log's manifest"),
        ('{"format": 1, "generation": 1}', "not an event log's manifest"),
        ('{"format": 2, "generation": 1, "files": []}', "has format 2, this version reads 1"),
    ],
)
def test_a_damaged_list_of_files_is_never_taken_for_an_empty_log(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "events.json").write_text(content)

    with pytest.raises(UnreadableFile, match=message):
        EventLog(tmp_path, CONNECTION).scan()


def test_a_log_larger_than_the_engines_memory_is_appended_and_scanned(tmp_path: Path) -> None:
    small = connect(memory_limit="120MB", temp_directory=tmp_path / "spill", threads=1)
    log = EventLog(tmp_path / "lake", small)
    n_events = 1_500_000
    numbers = ibis.range(n_events).unnest().name("n").as_table()
    text = numbers.n.cast("string").hexdigest("md5")
    batch = numbers.select(
        event_id=text,
        event_type=ibis.literal("view"),
        user_id=text.substr(0, 12),
        anonymous_id=ibis.null("string"),
        item_id=text.substr(12, 12),
        timestamp=ibis.literal(NOON),
        quantity=ibis.literal(1, "int32"),
        price=ibis.null("float64"),
        order_id=ibis.null("string"),
        session_id=text.substr(5, 20),
        country=ibis.null("string"),
        device=ibis.null("string"),
        recommendation_id=ibis.null("string"),
    )

    result = log.append(batch)

    # 1.5 million rows with 32 + 12 + 12 + 20 bytes of text are 114 MB before any overhead.
    assert result == AppendResult(n_new=n_events, n_duplicates=0)
    assert log.scan().count().to_pyarrow().as_py() == n_events


def test_a_log_as_it_was_is_read_the_same_whatever_is_added(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)
    log.append(events(event("1")))

    then = log.as_it_is()
    log.append(events(event("2", NOON + timedelta(days=40))))

    assert ids(then.scan()) == ["1"]
    assert (then.latest(), len(then.files), then.generation) == (NOON, 1, 1)
    assert ids(log.scan()) == ["1", "2"]


def test_a_batch_of_the_store_counts_with_its_events_and_stays_known(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)
    log.append(events(event("file")))
    assert log.synced_batch is None

    with writing(tmp_path):
        prepared = log.prepare(events(event("posted")), synced_batch=4)
        assert (log.synced_batch, ids(log.scan())) == (None, ["file"])
        log.commit(prepared)
    assert (log.synced_batch, ids(log.scan())) == (4, ["file", "posted"])

    log.append(events(event("another file", user_id="bob")))
    log.delete_user("bob")
    assert log.synced_batch == 4


def test_a_list_of_files_from_before_there_were_batches_is_read(tmp_path: Path) -> None:
    log = EventLog(tmp_path, CONNECTION)
    log.append(events(event("1")))

    assert "synced_batch" not in (tmp_path / "events.json").read_text(encoding="utf-8")
