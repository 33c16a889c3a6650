"""The laws of checking rows: each fault has its reason, and no valid row is lost."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InvalidInput, InvalidMapping, LakeBusy, UnreadableFile
from features.event_log import EventLog, writing
from features.events import EventType
from features.home import Home
from features.ingest import IngestReport, Mapping, ingest
from features.ingest.tables import _TELLING_LETTERS
from features.reasons import MAX_ID_BYTES, Reason

NOW = datetime(2011, 12, 9, 12, tzinfo=UTC)
GOOD = {
    "event_id": "1",
    "event_type": "purchase",
    "user_id": "ann",
    "item_id": "lamp",
    "timestamp": "2011-12-01T08:30:00+01:00",
    "quantity": "2",
    "price": "12.50",
}
FAULTS: dict[str, tuple[dict[str, str | None], Reason]] = {
    "no item": ({"item_id": ""}, Reason.MISSING_ID),
    "line break in an id": ({"order_id": "1\n2"}, Reason.CONTROL_CHARACTERS),
    "NUL in an id": ({"item_id": "la\0mp"}, Reason.CONTROL_CHARACTERS),
    "delete in an id": ({"user_id": "a\x7f"}, Reason.CONTROL_CHARACTERS),
    "long id": ({"session_id": "é" * (MAX_ID_BYTES // 2) + "x"}, Reason.TOO_LONG),
    "long country": ({"country": "x" * (MAX_ID_BYTES + 1)}, Reason.TOO_LONG),
    "reserved id": ({"user_id": "anonymous:7"}, Reason.RESERVED_ID),
    "unknown type": ({"event_type": "bought"}, Reason.UNKNOWN_EVENT_TYPE),
    "type in capitals": ({"event_type": "PURCHASE"}, Reason.UNKNOWN_EVENT_TYPE),
    "no type": ({"event_type": ""}, Reason.UNKNOWN_EVENT_TYPE),
    "no time": ({"timestamp": ""}, Reason.MISSING_TIME),
    "time without offset": ({"timestamp": "2011-12-01T08:30:00"}, Reason.TIME_WITHOUT_OFFSET),
    "date alone": ({"timestamp": "2011-12-01"}, Reason.TIME_WITHOUT_OFFSET),
    "31 November": ({"timestamp": "2011-11-31T08:30:00Z"}, Reason.INVALID_TIME),
    "hour 25": ({"timestamp": "2011-11-30T25:30:00Z"}, Reason.INVALID_TIME),
    "offset of 99 hours": ({"timestamp": "2011-12-01T08:30:00+99:00"}, Reason.INVALID_TIME),
    "infinity": ({"timestamp": "infinity"}, Reason.INVALID_TIME),
    "unix time unannounced": ({"timestamp": "1322728200"}, Reason.INVALID_TIME),
    "day first": ({"timestamp": "01/12/2011 08:30"}, Reason.INVALID_TIME),
    "zero time": ({"timestamp": "1969-12-31T23:59:59Z"}, Reason.TIME_BEFORE_1970),
    "future": ({"timestamp": "2011-12-09T12:10:01Z"}, Reason.FUTURE_TIME),
    "price in words": ({"price": "cheap"}, Reason.INVALID_PRICE),
    "price with comma": ({"price": "12,50"}, Reason.INVALID_PRICE),
    "price with underscore": ({"price": "1_000"}, Reason.INVALID_PRICE),
    "price not a number": ({"price": "nan"}, Reason.NON_FINITE_PRICE),
    "price infinite": ({"price": "-inf"}, Reason.NON_FINITE_PRICE),
    "negative price": ({"price": "-0.01"}, Reason.NEGATIVE_PRICE),
    "price beyond belief": ({"price": "1e13"}, Reason.IMPLAUSIBLE_PRICE),
    "quantity in words": ({"quantity": "two"}, Reason.INVALID_QUANTITY),
    "part of a piece": ({"quantity": "2.5"}, Reason.INVALID_QUANTITY),
    "quantity too large": ({"quantity": "2147483648"}, Reason.INVALID_QUANTITY),
    "quantity zero": ({"quantity": "0"}, Reason.QUANTITY_NOT_POSITIVE),
    "negative purchase": ({"quantity": "-2"}, Reason.QUANTITY_NOT_POSITIVE),
    "zero returned": ({"event_type": "return", "quantity": "0"}, Reason.QUANTITY_NOT_POSITIVE),
}
COLUMNS = (*GOOD, "order_id", "session_id", "country")


def write_csv(path: Path, rows: list[dict[str, str | None]]) -> Path:
    def field(text: str | None) -> str:
        return '"' + (text or "").replace('"', '""') + '"'

    lines = [",".join(COLUMNS), *(",".join(field(row.get(one)) for one in COLUMNS) for row in rows)]
    path = path.with_suffix(".csv")
    path.write_bytes("\n".join(lines).encode())
    return path


def write_json_lines(path: Path, rows: list[dict[str, str | None]]) -> Path:
    path = path.with_suffix(".jsonl")
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def write_parquet(path: Path, rows: list[dict[str, str | None]]) -> Path:
    path = path.with_suffix(".parquet")
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


WRITERS = [write_csv, write_json_lines, write_parquet]


def take_in(folder: Path, *paths: Path | str, mapping: Mapping | None = None) -> IngestReport:
    return ingest(events=paths, mapping=mapping, home=Home(folder / "shop"), now=NOW)


def logged(folder: Path) -> list[dict]:
    scanned = EventLog(Home(folder / "shop").lake).scan()
    return scanned.order_by("timestamp", "event_id").to_pyarrow().to_pylist()


def rejects(folder: Path, report: IngestReport) -> list[dict]:
    assert report.rejects_file is not None
    return pq.read_table(report.rejects_file).to_pylist()


@pytest.mark.parametrize("write", WRITERS)
def test_each_faulty_row_is_rejected_with_its_reason_and_line_and_the_good_ones_are_kept(
    tmp_path: Path, write: Callable[[Path, list], Path]
) -> None:
    faulty = [GOOD | change for change, _ in FAULTS.values()]
    rows = [GOOD | {"event_id": "first"}, *faulty, GOOD | {"event_id": "last"}]
    path = write(tmp_path / "events", rows)

    report = take_in(tmp_path, path)

    assert [row["event_id"] for row in logged(tmp_path)] == ["first", "last"]
    assert report.events.read == len(FAULTS) + 2
    assert report.events.rejected == sum(report.reasons.values()) == len(FAULTS)
    told = rejects(tmp_path, report)
    assert {row["file"] for row in told} == {str(path)}
    assert {row["kind"] for row in told} == {"events"}
    # In CSV the header is line 1, and one id with a line break makes its row two lines long.
    place = {n: n for n in range(2, len(rows))}
    if path.suffix == ".csv":
        two_lines = 2 + list(FAULTS).index("line break in an id")
        place = {n: n + 1 + (n > two_lines) for n in place}
    expected = [(place[n], reason.value) for n, (_, reason) in enumerate(FAULTS.values(), 2)]
    assert [(row["line"], row["reason"]) for row in told] == expected
    for row, (change, reason) in zip(told, FAULTS.values(), strict=True):
        assert row["message"] == reason.message
        for name, text in change.items():
            stated = json.loads(row["content"])[name] if len(row["content"]) < 1_000 else text
            assert (stated or "") == text


@pytest.mark.parametrize("write", WRITERS)
def test_a_good_row_means_the_same_in_every_format(
    tmp_path: Path, write: Callable[[Path, list], Path]
) -> None:
    take_in(tmp_path, write(tmp_path / "events", [GOOD]))

    assert logged(tmp_path) == [
        {
            "event_id": "1",
            "event_type": "purchase",
            "user_id": "ann",
            "anonymous_id": None,
            "item_id": "lamp",
            "timestamp": datetime(2011, 12, 1, 7, 30, tzinfo=UTC),
            "quantity": 2,
            "price": 12.5,
            "order_id": None,
            "session_id": None,
            "country": None,
            "device": None,
            "recommendation_id": None,
        }
    ]


def test_a_row_at_the_edge_of_what_is_allowed_is_kept(tmp_path: Path) -> None:
    edges: list[dict[str, str | None]] = [
        {"timestamp": "2011-12-09T12:10:00Z"},
        {"timestamp": "1970-01-01T00:00:00Z"},
        {"timestamp": "2011-12-01 08:30:00.123456+0530"},
        {"timestamp": "2011-12-01T08:30:00-08"},
        {"price": "0", "quantity": "2147483647"},
        {"price": "1e3", "quantity": "3.0"},
        {"price": "", "quantity": ""},
        {"user_id": "", "session_id": "x" * MAX_ID_BYTES},
        {"event_type": "return", "quantity": "-3"},
        {"country": "Åland\tIslands", "item_id": "Ünïcode 灯"},
    ]
    rows = [GOOD | edge | {"event_id": str(n)} for n, edge in enumerate(edges)]

    report = take_in(tmp_path, write_csv(tmp_path / "events", rows))

    assert report.reasons == {}
    assert report.events.accepted == len(edges)
    by_id = {int(row["event_id"]): row for row in logged(tmp_path)}
    assert by_id[2]["timestamp"] == datetime(2011, 12, 1, 3, 0, 0, 123456, tzinfo=UTC)
    assert by_id[3]["timestamp"] == datetime(2011, 12, 1, 16, 30, tzinfo=UTC)
    assert by_id[6]["quantity"] == 1
    assert by_id[6]["price"] is None
    assert by_id[7]["user_id"] is None
    assert (by_id[8]["event_type"], by_id[8]["quantity"]) == ("return", 3)


def test_lines_that_are_no_json_object_are_rejected_and_the_others_kept(tmp_path: Path) -> None:
    good = json.dumps(GOOD).encode()
    bad = [b"{", b"[1]", b"null", b'"text"', b'{"a": 1} {"a": 2}', b'{"a": "\xff"}', b"NaN"]
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([good, *bad, b"", good.replace(b'"1"', b'"2"')]))

    report = take_in(tmp_path, path)

    assert report.events.accepted == 2
    assert report.events.read == 2 + len(bad)
    assert report.reasons == {Reason.INVALID_JSON: 6, Reason.NOT_UTF8: 1}
    assert [row["line"] for row in rejects(tmp_path, report)] == [2, 3, 4, 5, 6, 7, 8]


def test_json_values_are_taken_by_their_meaning(tmp_path: Path) -> None:
    row = {
        "event_type": "view",
        "user_id": 17850,
        "timestamp": "2011-12-01T08:30:00Z",
        "price": 2.55,
        "quantity": 3,
        "properties": {"product": {"id": 2**63}},
    }
    listed = row | {"user_id": ["a", "b"]}
    nested = row | {"user_id": {"id": 5}}
    labelled = row | {"country": ["France"]}
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in (row, listed, nested, labelled)))
    mapping = Mapping.model_validate({"events": {"columns": {"item_id": "properties.product.id"}}})

    report = take_in(tmp_path, path, mapping=mapping)

    assert report.reasons == {Reason.WRONG_TYPE: 2}
    told = [
        (one["user_id"], one["item_id"], one["price"], one["quantity"]) for one in logged(tmp_path)
    ]
    assert sorted(told, key=str) == sorted(
        [("17850", str(2**63), 2.55, 3), (None, str(2**63), 2.55, 3)], key=str
    )


def test_numbers_in_parquet_become_the_ids_that_people_know(tmp_path: Path) -> None:
    table = pa.table(
        {
            "event_type": ["view"] * 3,
            "item_id": pa.array([7, 8, 9], pa.int16()),
            "user_id": pa.array([13085.0, None, 1.5], pa.float64()),
            "timestamp": pa.array([NOW] * 3, pa.timestamp("ns", tz="Europe/London")),
            "quantity": pa.array([1.0, 2.5, None], pa.float32()),
            "price": pa.array([1, 2, float("inf")], pa.float32()),
        }
    )
    pq.write_table(table, tmp_path / "events.parquet")

    report = take_in(tmp_path, tmp_path / "events.parquet")

    (row,) = logged(tmp_path)
    assert (row["user_id"], row["item_id"], row["timestamp"]) == ("13085", "7", NOW)
    assert [one["reason"] for one in rejects(tmp_path, report)] == [
        Reason.INVALID_QUANTITY,
        Reason.WRONG_TYPE,
    ]


@pytest.mark.parametrize("dtype", [pa.int64(), pa.float64(), pa.string()])
def test_no_quantity_is_too_extreme_to_be_rejected(tmp_path: Path, dtype: pa.DataType) -> None:
    extremes = [-(2**63), -(2**31), 2**31, 2**62]
    table = pa.table(
        {
            "event_type": ["return"] * 4 + ["purchase"] * 4,
            "item_id": ["lamp"] * 8,
            "timestamp": pa.array([NOW] * 8, pa.timestamp("us", tz="UTC")),
            "quantity": pa.array(extremes * 2).cast(dtype, safe=False),
        }
    )
    pq.write_table(table, tmp_path / "events.parquet")

    report = take_in(tmp_path, tmp_path / "events.parquet")

    assert [(row["line"], row["reason"]) for row in rejects(tmp_path, report)] == [
        (1, Reason.QUANTITY_NOT_POSITIVE),
        (2, Reason.QUANTITY_NOT_POSITIVE),
        (3, Reason.INVALID_QUANTITY),
        (4, Reason.INVALID_QUANTITY),
        (5, Reason.QUANTITY_NOT_POSITIVE),
        (6, Reason.QUANTITY_NOT_POSITIVE),
        (7, Reason.INVALID_QUANTITY),
        (8, Reason.INVALID_QUANTITY),
    ]


@pytest.mark.parametrize(
    ("name", "dtype", "message"),
    [
        ("item_id", pa.bool_(), "item_id .* holds boolean; item_id needs texts or whole numbers"),
        ("price", pa.date32(), "holds date; price needs numbers"),
        ("timestamp", pa.bool_(), "timestamp needs times or texts"),
        ("timestamp", pa.timestamp("us"), "needs times with an offset, or assume_timezone"),
        ("country", pa.list_(pa.string()), "country needs texts"),
    ],
)
def test_a_column_of_a_type_that_cannot_be_meant_is_an_error_before_anything_is_written(
    tmp_path: Path, name: str, dtype: pa.DataType, message: str
) -> None:
    text = dict.fromkeys(("event_type", "item_id", "timestamp", "price", "country"), pa.string())
    schema = pa.schema((text | {name: dtype}).items())
    pq.write_table(pa.Table.from_pylist([], schema=schema), tmp_path / "events.parquet")

    with pytest.raises(InvalidMapping, match=message):
        take_in(tmp_path, tmp_path / "events.parquet")

    assert [path.name for path in (tmp_path / "shop" / "lake").iterdir()] == [".lock"]


def test_ten_megabytes_in_a_field_of_a_parquet_file_are_rejected(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "events", [GOOD, GOOD | {"item_id": "x" * 10_000_000}])

    report = take_in(tmp_path, path)

    assert report.events.accepted == 1
    assert report.reasons == {Reason.TOO_LONG: 1}
    assert len(rejects(tmp_path, report)[0]["content"]) == 1_000


def test_a_file_that_is_missing_or_empty_or_damaged_is_an_error_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    good = write_csv(tmp_path / "good", [GOOD])
    (tmp_path / "empty.csv").touch()
    (tmp_path / "text.parquet").write_text("event_type,item_id\n")
    (tmp_path / "list.json").write_text("[\n" + json.dumps(GOOD) + "\n]")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "folder").mkdir()
    cases = {
        "absent.csv": "does not exist",
        "absent-*.csv": "does not exist",
        "empty.csv": "is empty",
        "text.parquet": "is not a Parquet file",
        "list.json": "is one JSON array; .* jq",
        "notes.txt": "does not say its format",
        "folder": "holds no file to read",
    }

    for name, message in cases.items():
        with pytest.raises(UnreadableFile, match=message):
            take_in(tmp_path, good, tmp_path / name)

    assert EventLog(Home(tmp_path / "shop").lake).files == ()


def test_text_in_parquet_that_is_not_utf8_is_an_error_that_says_so(tmp_path: Path) -> None:
    offsets, data = pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"b\xff")
    broken = pa.Array.from_buffers(pa.string(), 1, [None, offsets, data])
    row = {name: [text] for name, text in GOOD.items() if name != "item_id"}
    pq.write_table(pa.table(row | {"item_id": broken}), tmp_path / "events.parquet")

    with pytest.raises(UnreadableFile, match="not UTF-8"):
        take_in(tmp_path, tmp_path / "events.parquet")

    assert EventLog(Home(tmp_path / "shop").lake).files == ()


def test_a_missing_column_names_what_was_found_and_what_comes_near(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("event_type,itemid,when\nview,lamp,2011-12-01\n")

    with pytest.raises(InvalidMapping, match="lacks item_id, timestamp; it has") as caught:
        take_in(tmp_path, tmp_path / "events.csv")

    assert caught.value.details == (
        "item_id: not found; did you mean itemid?",
        "timestamp: not found",
    )


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("event_type,item_id,timestamp,Item_ID", "differ by case only"),
        ("event_type,item_id,timestamp,_source_line", "a name we need"),
    ],
)
def test_columns_that_cannot_be_told_apart_are_an_error(
    tmp_path: Path, header: str, message: str
) -> None:
    (tmp_path / "events.csv").write_text(header + "\nview,lamp,2011-12-01T00:00:00Z,1\n")

    with pytest.raises(UnreadableFile, match=message):
        take_in(tmp_path, tmp_path / "events.csv")


def test_folders_and_globs_stand_for_their_files_each_once(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    (exports / "2011").mkdir(parents=True)
    write_csv(exports / "a", [GOOD | {"event_id": "a"}])
    write_json_lines(exports / "2011" / "b", [GOOD | {"event_id": "b"}])
    write_parquet(exports / "c", [GOOD | {"event_id": "c"}])
    (exports / "README.txt").write_text("no data")

    report = take_in(tmp_path, exports, f"{exports}/*.csv", exports / "c.parquet")

    assert report.events.read == 3
    assert [Path(name).name for name in report.files["events"]] == ["b.jsonl", "a.csv", "c.parquet"]
    assert [row["event_id"] for row in logged(tmp_path)] == ["a", "b", "c"]


def test_paths_with_quotes_and_stars_mean_themselves(tmp_path: Path) -> None:
    folder = tmp_path / "it's [2011] *new*"
    folder.mkdir()

    for write in WRITERS:
        report = take_in(folder, write(folder / "events [1]", [GOOD, GOOD | {"item_id": ""}]))

    assert report.reasons == {Reason.MISSING_ID: 1}
    assert len(logged(folder)) == 1


def test_a_column_is_found_in_whatever_case_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(
        "Event_Type,ITEM_ID,Timestamp\nview,lamp,2011-12-01T00:00:00Z\n"
    )

    assert take_in(tmp_path, tmp_path / "events.csv").events.accepted == 1


def test_a_file_with_a_header_and_no_rows_is_a_quiet_day(tmp_path: Path) -> None:
    report = take_in(tmp_path, write_csv(tmp_path / "events", []))

    assert report.events.read == 0
    assert not report.did_something


def test_nothing_to_ingest_and_a_clock_without_offset_are_errors(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "events", [GOOD])

    with pytest.raises(InvalidInput, match="nothing to ingest"):
        take_in(tmp_path)
    with pytest.raises(InvalidInput, match="without an offset"):
        ingest(events=[path], home=Home(tmp_path), now=NOW.replace(tzinfo=None))


def test_two_ingests_into_one_lake_at_once_are_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "events", [GOOD])

    with writing(Home(tmp_path / "shop").lake), pytest.raises(LakeBusy):
        take_in(tmp_path, path)

    assert take_in(tmp_path, path).events.accepted == 1


def test_events_without_ids_are_told_apart_by_their_natural_key(tmp_path: Path) -> None:
    without_id = {name: text for name, text in GOOD.items() if name != "event_id"}
    changes: list[dict[str, str | None]] = [
        {},
        {"user_id": "bob"},
        {"user_id": None, "order_id": "ann"},
        {"item_id": "lamp2"},
        {"event_type": "return"},
        {"timestamp": "2011-12-01T08:30:00.000001+01:00"},
        {"quantity": "3"},
        {"price": "12.500001"},
        {"price": None},
        {"order_id": "7"},
        {"session_id": "7"},
    ]
    same: list[dict[str, str | None]] = [
        {"timestamp": "2011-12-01T07:30:00Z"},
        {"price": "12.5"},
        {"country": "France"},
    ]
    path = write_csv(tmp_path / "events", [without_id | change for change in changes + same])

    first = take_in(tmp_path, path)
    ids = [row["event_id"] for row in logged(tmp_path)]
    second = take_in(tmp_path, path)

    assert (first.events.accepted, first.events.duplicates) == (len(changes), len(same))
    assert (second.events.accepted, second.events.duplicates) == (0, len(changes + same))
    assert [row["event_id"] for row in logged(tmp_path)] == ids


def test_the_first_letters_that_a_natural_key_takes_tell_event_types_apart() -> None:
    assert len({event_type[:_TELLING_LETTERS] for event_type in EventType}) == len(EventType)


def test_a_derived_id_never_changes(tmp_path: Path) -> None:
    without_id = {name: text for name, text in GOOD.items() if name != "event_id"}

    take_in(tmp_path, write_csv(tmp_path / "events", [without_id]))

    # md5 of "ann", nobody, "lamp", purchase, microseconds since 1970, 2, 12.50 in millionths,
    # no order, no session: each followed by the unit separator.
    (row,) = logged(tmp_path)
    key = "\x1f".join(["ann", "", "lamp", "pur", "1322724600000000", "2", "12500000", "", "", ""])
    assert row["event_id"] == hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


MESSY = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from(["1", "2", "3", "4", "", None, "x\ty"]),
        "event_type": st.sampled_from(["view", "return", "bought", "test", None]),
        "user_id": st.sampled_from(["ann", "anonymous:1", "", "é\n"]),
        "item_id": st.sampled_from(["lamp", "", "x" * 300]),
        "timestamp": st.sampled_from(
            ["2011-12-01T08:30:00Z", "2011-10-01T08:30:00Z", "2011-12-01", "soon", ""]
        ),
        "quantity": st.sampled_from(["1", "-1", "0", "x", None]),
        "price": st.sampled_from(["1", "-1", "nan", "x", None]),
        "shop": st.sampled_from(["main", "test", None]),
    }
)
MESSY_MAPPING = Mapping.model_validate(
    {"events": {"ignore_types": ["test"], "keep": [{"column": "shop", "equals": "main"}]}}
)


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(MESSY, max_size=15),
    junk=st.lists(st.sampled_from([b"{", b'a,"b', b"\xff", b"1,2", b""]), max_size=4),
    is_csv=st.booleans(),
)
def test_every_row_that_was_read_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, str | None]],
    junk: list[bytes],
    is_csv: bool,
) -> None:
    folder = tmp_path_factory.mktemp("messy")
    names = ("event_id", "event_type", "user_id", "item_id", "timestamp", "quantity", "price")
    columns = (*names, "shop")
    if is_csv:
        told = [",".join('"' + (row[name] or "") + '"' for name in columns) for row in rows]
        header = [",".join(columns).encode()]
    else:
        told = [json.dumps(row) for row in rows]
        header = [json.dumps(dict.fromkeys(columns)).encode()]
    path = folder / ("events.csv" if is_csv else "events.jsonl")
    # Junk goes to the end: in CSV an open quote may rightly take the lines behind it.
    path.write_bytes(b"\n".join([*header, *(line.encode() for line in told), *junk]))

    first = take_in(folder, path, mapping=MESSY_MAPPING).events
    second = take_in(folder, path, mapping=MESSY_MAPPING).events

    n_rows = len(rows) + sum(map(bool, junk)) + (not is_csv)
    for counts in (first, second):
        assert counts.read == n_rows
        assert counts.read == (
            counts.accepted
            + counts.duplicates
            + counts.rejected
            + counts.ignored
            + counts.filtered
            + counts.set_aside
        )
    assert first.accepted == len(logged(folder))
    assert second.accepted == 0
    assert second.duplicates == first.accepted + first.duplicates
    assert (second.rejected, second.ignored, second.filtered) == (
        first.rejected,
        first.ignored,
        first.filtered,
    )


def test_a_report_tells_what_the_new_events_are(tmp_path: Path) -> None:
    later = (NOW - timedelta(days=1)).isoformat()
    rows = [
        GOOD,
        GOOD | {"event_id": "2", "event_type": "view", "timestamp": later},
        GOOD | {"event_id": "3", "user_id": None},
    ]

    report = take_in(tmp_path, write_csv(tmp_path / "events", rows))

    accepted = report.accepted
    assert accepted.by_type == {"purchase": 2, "view": 1}
    assert (accepted.first, accepted.last) == ("2011-12-01T07:30:00+00:00", later)
    assert accepted.without_person == 1
    assert (accepted.unknown_items, accepted.of_unknown_items) == (1, 3)
    stored = json.loads((tmp_path / "shop/lake/ingests/000001.json").read_text())
    assert stored["events"]["accepted"] == 3
