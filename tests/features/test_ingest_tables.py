"""The laws of items and users: the latest row of an id stands, what is not said stays."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.catalog import ITEM_SCHEMA, USER_SCHEMA
from features.errors import InvalidMapping
from features.home import Home
from features.ingest import IngestReport, Mapping, ingest

NOW = datetime(2011, 12, 9, 12, tzinfo=UTC)


def take_in(folder: Path, mapping: dict | None = None, **files: str) -> IngestReport:
    paths: dict[str, list[Path]] = {}
    for kind, text in files.items():
        suffix = "jsonl" if text.startswith("{") else "csv"
        path = folder / f"{kind}.{suffix}"
        path.write_text(text)
        paths[kind] = [path]
    return ingest(
        **paths,
        mapping=Mapping.model_validate(mapping or {}),
        home=Home(folder / "shop"),
        now=NOW,
    )


def items(folder: Path) -> list[dict]:
    return pq.read_table(folder / "shop/lake/items.parquet").to_pylist()


def users(folder: Path) -> list[dict]:
    return pq.read_table(folder / "shop/lake/users.parquet").to_pylist()


def test_the_catalogue_has_our_columns_then_the_shops_own_sorted_by_id(tmp_path: Path) -> None:
    report = take_in(
        tmp_path,
        items=(
            "colour,item_id,title,price,available,released_at\n"
            "red,sofa,A sofa,499.00,no,2011-05-01T00:00:00Z\n"
            ",lamp,,,,\n"
        ),
    )

    table = pq.read_table(tmp_path / "shop/lake/items.parquet")
    assert table.schema.names == [*ITEM_SCHEMA.names, "colour"]
    assert table.schema.types[:-1] == ITEM_SCHEMA.types
    assert report.items.read == report.items.written == 2
    lamp, sofa = items(tmp_path)
    assert lamp == dict.fromkeys(table.schema.names) | {
        "item_id": "lamp",
        "available": True,
        "hidden": False,
    }
    assert (sofa["title"], sofa["price"], sofa["colour"]) == ("A sofa", 499.0, "red")
    assert (sofa["available"], sofa["hidden"]) == (False, False)
    assert sofa["released_at"] == datetime(2011, 5, 1, tzinfo=UTC)


def test_the_last_row_of_an_id_stands_and_the_report_counts_the_others(tmp_path: Path) -> None:
    report = take_in(tmp_path, items="item_id,price\nlamp,1\nsofa,5\nlamp,2\nlamp,3\n")

    assert [(row["item_id"], row["price"]) for row in items(tmp_path)] == [("lamp", 3), ("sofa", 5)]
    assert (report.items.written, report.items.superseded) == (2, 2)


def test_a_file_changes_the_columns_that_it_has_and_no_others(tmp_path: Path) -> None:
    take_in(tmp_path, items="item_id,title,available,colour\nlamp,A lamp,no,red\nrug,A rug,,\n")

    take_in(tmp_path, items="item_id,title,size\nlamp,,9\nsofa,A sofa,L\n")

    told = [
        (r["item_id"], r["title"], r["available"], r["colour"], r["size"]) for r in items(tmp_path)
    ]
    assert told == [
        ("lamp", None, False, "red", "9"),
        ("rug", "A rug", True, None, None),
        ("sofa", "A sofa", True, None, "L"),
    ]


def test_a_further_column_that_changes_its_type_is_kept_in_a_type_for_both(tmp_path: Path) -> None:
    for values in ([1, 2], [1.5], ["large"]):
        ids = [f"{type(values[0]).__name__}{place}" for place in range(len(values))]
        pq.write_table(pa.table({"item_id": ids, "size": values}), tmp_path / "items.parquet")
        ingest(items=[tmp_path / "items.parquet"], home=Home(tmp_path / "shop"), now=NOW)

    told = {row["item_id"]: row["size"] for row in items(tmp_path)}
    assert told == {"int0": "1.0", "int1": "2.0", "float0": "1.5", "str0": "large"}


def test_faulty_items_and_users_are_rejected_and_the_others_kept(tmp_path: Path) -> None:
    long = "x" * 65_537
    report = take_in(
        tmp_path,
        items=(
            "item_id,title,price,available\n,no id,1,\nlamp,ok,1,\na,,-1,\nb,,inf,\nc,,x,\n"
            f"d,,1,maybe\ne,{long},1,\n"
        ),
        users="user_id,country\nann,France\nanonymous:1,France\n,France\n",
    )

    assert [row["item_id"] for row in items(tmp_path)] == ["lamp"]
    assert [row["user_id"] for row in users(tmp_path)] == ["ann"]
    assert report.items.rejected == 6
    assert report.users.rejected == 2
    assert report.reasons == {
        "missing_id": 2,
        "invalid_flag": 1,
        "invalid_price": 1,
        "negative_price": 1,
        "non_finite_price": 1,
        "reserved_id": 1,
        "too_long": 1,
    }
    for counts in (report.items, report.users):
        assert counts.read == counts.written + counts.superseded + counts.rejected


def test_consent_is_a_list_in_every_format_and_silence_is_no_consent(tmp_path: Path) -> None:
    take_in(tmp_path, users="user_id,consent\nann,email; personalisation\nbob,\ncid,;\n")
    rows = [{"user_id": "dan", "consent": ["email"]}, {"user_id": "eve", "consent": []}]
    take_in(tmp_path, users="\n".join(json.dumps(row) for row in rows))
    table = pa.table({"user_id": ["fay"], "consent": [["email", "personalisation"]]})
    pq.write_table(table, tmp_path / "users.parquet")
    ingest(users=[tmp_path / "users.parquet"], home=Home(tmp_path / "shop"), now=NOW)

    assert {row["user_id"]: row["consent"] for row in users(tmp_path)} == {
        "ann": ["email", "personalisation"],
        "bob": None,
        "cid": [],
        "dan": ["email"],
        "eve": [],
        "fay": ["email", "personalisation"],
    }
    stored = pq.read_schema(tmp_path / "shop/lake/users.parquet")
    assert stored.names == USER_SCHEMA.names


EVENTS = "event_type,user_id,item_id,timestamp\n" + "".join(
    f"view,{user_id},lamp,2011-12-01T00:00:00Z\n" for user_id in ("ann", "bob", "", "ann")
)
FROM_EVENTS = {"users": {"from_events": True, "constants": {"consent": ["email"], "country": "UK"}}}


def test_users_can_come_from_the_events_and_no_user_comes_twice(tmp_path: Path) -> None:
    report = take_in(tmp_path, FROM_EVENTS, events=EVENTS)
    again = take_in(tmp_path, FROM_EVENTS, events=EVENTS)

    assert (report.users_from_events, again.users_from_events) == (2, 0)
    told = [(row["user_id"], row["consent"], row["country"]) for row in users(tmp_path)]
    assert told == [("ann", ["email"], "UK"), ("bob", ["email"], "UK")]


def test_a_consent_that_was_withdrawn_does_not_come_back_with_the_next_events(
    tmp_path: Path,
) -> None:
    take_in(tmp_path, FROM_EVENTS, events=EVENTS)
    take_in(tmp_path, users="user_id,consent\nann,;\n")

    take_in(tmp_path, FROM_EVENTS, events=EVENTS.replace("2011-12-01", "2011-12-02"))

    assert {row["user_id"]: row["consent"] for row in users(tmp_path)} == {
        "ann": [],
        "bob": ["email"],
    }


def test_events_alone_leave_items_and_users_as_they_are(tmp_path: Path) -> None:
    take_in(tmp_path, items="item_id\nlamp\n", users="user_id\nann\n")
    before = [(tmp_path / f"shop/lake/{kind}.parquet").stat() for kind in ("items", "users")]

    report = take_in(tmp_path, events=EVENTS)

    after = [(tmp_path / f"shop/lake/{kind}.parquet").stat() for kind in ("items", "users")]
    assert [(one.st_ino, one.st_mtime_ns) for one in before] == [
        (one.st_ino, one.st_mtime_ns) for one in after
    ]
    assert report.accepted.unknown_items == 0


def test_a_catalogue_without_ids_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidMapping, match="lacks item_id; it has sku, title"):
        take_in(tmp_path, items="sku,title\nlamp,A lamp\n")
