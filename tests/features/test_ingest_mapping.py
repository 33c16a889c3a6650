"""The laws of mapping files: stated as data, understood or refused by name."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.errors import InvalidMapping
from features.event_log import EventLog
from features.home import Home
from features.ingest import IngestReport, Mapping, ingest

NOW = datetime(2011, 12, 9, 12, tzinfo=UTC)
MAPPINGS = Path(__file__).parents[2] / "docs" / "mappings"


def load(folder: Path, text: str) -> Mapping:
    (folder / "mapping.toml").write_text(text)
    return Mapping.load(folder / "mapping.toml")


def take_in(folder: Path, csv: str, mapping: str) -> IngestReport:
    (folder / "events.csv").write_text(csv)
    return ingest(
        events=[folder / "events.csv"],
        mapping=load(folder, mapping),
        home=Home(folder / "shop"),
        now=NOW,
    )


def logged(folder: Path, *names: str) -> list[tuple]:
    scanned = EventLog(Home(folder / "shop").lake).scan()
    table = scanned.order_by("timestamp", "item_id").to_pyarrow().select(names)
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_is_understood(path: Path) -> None:
    assert Mapping.load(path)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("[event]", "event: unknown key; did you mean events?"),
        ("[events]\ncolums = {}", "events.colums: unknown key; did you mean columns?"),
        ("[users]\nevent_types = {}", "users.event_types: unknown key"),
        (
            '[[events.keep]]\ncolumn = "a"\nequal = 1',
            "events.keep.0.equal: unknown key; did you mean equals?",
        ),
        ('[[events.keep]]\ncolumn = "a"', "exactly one of equals, one_of, not_null"),
        ('[events.columns]\nitemid = "sku"', "itemid is not one of .*; did you mean item_id?"),
        ("[items.constants]\nprise = 1", "prise is not one of .*; did you mean price?"),
        ('[events]\ncolumns = {price = "p"}\nconstants = {price = 1}', "both in columns and in"),
        ('[events.event_types]\nbuy = "bought"', "events.event_types.buy: Input should be 'view'"),
        ("[events.constants]\ntimestamp = 2011-12-09T12:00:00", "needs an offset"),
        ('[events]\ntimestamp_format = "%d/%m/%Y"', "reads no offset .*set assume_timezone"),
        ("[events]\nnatural_key = []", "events.natural_key: .*at least 1"),
        ('[events]\ndelimiter = ", "', "events.delimiter: .*at most 1"),
    ],
)
def test_what_is_not_understood_is_named_with_its_place_and_what_comes_near(
    tmp_path: Path, text: str, finding: str
) -> None:
    with pytest.raises(InvalidMapping, match=r"mapping\.toml") as caught:
        load(tmp_path, text)

    (detail,) = caught.value.details
    assert re.search(finding.replace("?", r"\?"), detail)


def test_a_mapping_that_is_missing_or_no_toml_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidMapping, match="cannot be read as TOML"):
        Mapping.load(tmp_path / "absent.toml")
    with pytest.raises(InvalidMapping, match="cannot be read as TOML"):
        load(tmp_path, "[events\n")


def test_columns_types_constants_and_filters_of_an_export_are_translated(tmp_path: Path) -> None:
    csv = (
        "sku,when,action,customer,session_id,test\n"
        "lamp,09/12/2011 08:30,bought,7,s1,no\n"
        "desk,09/12/2011 08:31,refunded,7,s2,no\n"
        "sofa,09/12/2011 08:32,looked,7,s3,no\n"
        "vase,09/12/2011 08:33,bought,7,s4,yes\n"
        "rug,09/07/2011 08:34,view,,s5,no\n"
    )
    mapping = """
        [events]
        constants = { country = "United Kingdom", quantity = 2 }
        event_types = { bought = "purchase", refunded = "return" }
        ignore_types = ["looked"]
        timestamp_format = "%d/%m/%Y %H:%M"
        assume_timezone = "Europe/London"
        [events.columns]
        item_id = "sku"
        timestamp = "when"
        event_type = "action"
        user_id = "customer"
        order_id = "session_id"
        [[events.keep]]
        column = "test"
        one_of = ["no", "never"]
    """

    report = take_in(tmp_path, csv, mapping)

    assert report.events.filtered == 1
    assert report.events.ignored == 1
    assert report.unused_columns == ()
    names = ("item_id", "event_type", "user_id", "order_id", "session_id", "country", "quantity")
    assert logged(tmp_path, "timestamp", *names) == [
        # In July the clocks of London are an hour ahead of UTC.
        (
            datetime(2011, 7, 9, 7, 34, tzinfo=UTC),
            "rug",
            "view",
            None,
            "s5",
            None,
            "United Kingdom",
            2,
        ),
        (
            datetime(2011, 12, 9, 8, 30, tzinfo=UTC),
            "lamp",
            "purchase",
            "7",
            "s1",
            None,
            "United Kingdom",
            2,
        ),
        (
            datetime(2011, 12, 9, 8, 31, tzinfo=UTC),
            "desk",
            "return",
            "7",
            "s2",
            None,
            "United Kingdom",
            2,
        ),
    ]


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        ('assume_timezone = "Asia/Kolkata"', "2011-12-01T06:00:00"),
        ('assume_timezone = "Asia/Kolkata"', "2011-12-01T00:30:00Z"),
        ('timestamp_format = "unix_s"', "1322699400"),
        ('timestamp_format = "unix_ms"', "1322699400000"),
        ('timestamp_format = "%d.%m.%y %H:%M %z"', "01.12.11 01:30 +0100"),
        ('timestamp_format = "%Y%m%d %H%M"\nassume_timezone = "UTC"', "20111201 0030"),
    ],
)
def test_times_are_read_as_the_mapping_says(tmp_path: Path, stated: str, text: str) -> None:
    csv = f"event_type,item_id,timestamp\nview,lamp,{text}\nview,sofa,nonsense\n"

    report = take_in(tmp_path, csv, f"[events]\n{stated}")

    assert report.reasons == {"invalid_time": 1}
    assert logged(tmp_path, "timestamp") == [(datetime(2011, 12, 1, 0, 30, tzinfo=UTC),)]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("equals = true", ["a", "b"]),
        ("equals = false", ["c"]),
        ("equals = 1", ["b"]),
        ('equals = "true"', ["a"]),
        ('one_of = ["true", "0"]', ["a", "c"]),
        ("not_null = true", ["a", "b", "c", "e"]),
    ],
)
def test_a_condition_keeps_the_rows_that_meet_it_and_an_empty_field_meets_none(
    tmp_path: Path, condition: str, kept: list[str]
) -> None:
    time = "2011-12-01T00:00:00Z"
    rows = {"a": "true", "b": "1", "c": "0", "d": "", "e": "perhaps"}
    csv = "event_type,item_id,timestamp,flag\n" + "".join(
        f"view,{item_id},{time},{flag}\n" for item_id, flag in rows.items()
    )

    report = take_in(tmp_path, csv, f'[[events.keep]]\ncolumn = "flag"\n{condition}')

    assert [item_id for (item_id,) in logged(tmp_path, "item_id")] == kept
    assert report.events.filtered == len(rows) - len(kept)


def test_a_column_of_theirs_can_be_part_of_the_natural_key(tmp_path: Path) -> None:
    csv = "event_type,item_id,timestamp,position\n" + "".join(
        f"view,lamp,2011-12-01T00:00:00Z,{position}\n" for position in (1, 2, 2)
    )

    report = take_in(tmp_path, csv, '[events]\nnatural_key = ["item_id", "timestamp", "position"]')

    assert (report.events.accepted, report.events.duplicates) == (2, 1)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (
            '[events.columns]\nprice = "pryce"',
            "no column pryce, .*columns.price names; did you mean price",
        ),
        ('[events]\nnatural_key = ["item_id", "pos"]', "no column pos, which events.natural_key"),
        ('[[events.keep]]\ncolumn = "shop"\nequals = 1', "no column shop, which one of .* keep"),
        ('[events]\nassume_timezone = "London"', "'London' is no time zone"),
    ],
)
def test_a_mapping_that_does_not_fit_the_file_is_an_error_before_anything_is_written(
    tmp_path: Path, mapping: str, message: str
) -> None:
    csv = "event_type,item_id,timestamp,price\nview,lamp,2011-12-01T00:00:00Z,1\n"

    with pytest.raises(InvalidMapping, match=message):
        take_in(tmp_path, csv, mapping)

    assert EventLog(Home(tmp_path / "shop").lake).files == ()


def test_columns_that_nothing_was_read_from_are_told(tmp_path: Path) -> None:
    csv = "event_type,item_id,timestamp,colour,mood\nview,lamp,2011-12-01T00:00:00Z,red,good\n"

    assert take_in(tmp_path, csv, "").unused_columns == ("colour", "mood")
