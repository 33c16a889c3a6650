"""The laws of `vitrine ingest`: a report that a shop's owner can read, on real exports too."""

import io
import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from features.cli import ingest as command
from features.errors import InvalidSettings, UnreadableFile
from features.event_log import EventLog
from features.home import Home
from features.ingest import IngestReport, Mapping, ingest
from features.ingest.progress import ProgressLine

ROOT = Path(__file__).parents[2]
DATA = ROOT / "../shared/data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def run(folder: Path, *arguments: str) -> Result:
    given = [*arguments, "--home", str(folder / "shop")]
    return CliRunner(catch_exceptions=False).invoke(command, given)


def test_the_report_says_what_became_of_every_row(tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text(
        "event_type,user_id,item_id,timestamp,price,shop\n"
        "purchase,ann,lamp,2011-12-01T08:30:00Z,12.50,main\n"
        "purchase,ann,lamp,2011-12-01T08:30:00Z,12.50,main\n"
        "view,,sofa,2011-12-02T08:30:00Z,,main\n"
        "view,,sofa,2011-12-02T08:30:00Z,,test\n"
        "probe,,sofa,2011-12-02T08:30:00Z,,main\n"
        "purchase,ann,lamp,2011-12-01T08:30:00Z,-1,main\n"
        'view,"ann,lamp\n'
        + "".join(
            f"view,crawler,lamp,2011-12-03T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z,,main\n"
            for n in range(1_001)
        )
    )
    (tmp_path / "items.csv").write_text("item_id,title\nlamp,A lamp\nlamp,The lamp\n")
    (tmp_path / "mapping.toml").write_text(
        '[events]\nignore_types = ["probe"]\nkeep = [{column = "shop", equals = "main"}]\n'
    )

    result = run(
        tmp_path,
        *("--events", str(events)),
        *("--items", str(tmp_path / "items.csv")),
        *("--mapping", str(tmp_path / "mapping.toml")),
    )

    lake = tmp_path / "shop/lake"
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Ingest 000001",
        "1,008 rows of events in 1 file",
        "           2  new events in the log: purchase 1, view 1",
        "           1  known already, or twice in the files",
        "           1  filtered out by the mapping's keep conditions",
        "           1  of types that the mapping ignores",
        "           2  rejected",
        "       1,001  set aside: 1 visitors with more than 1,000 views and clicks on a day"
        f" and nothing bought, see {lake}/set_aside/000001.parquet",
        "  From 2011-12-01 08:30 to 2011-12-02 08:30 UTC",
        "  1 (50%) name no user: they say what sells, not who buys",
        "  1 of their items are not in the catalogue (1 events): no title, no price, no filter"
        " for them",
        "2 rows of items in 1 file",
        "           1  items added or updated",
        "           1  with an id that came again later",
        f"Rejected rows, all of them in {lake}/rejects/000001.parquet",
        "           1  broken_quote: a quoted field does not end where it should; a quote inside"
        ' quotes is written twice: ""',
        f'              {events}, line 8: view,"ann,lamp',
        "           1  negative_price: the price is negative",
        f'              {events}, line 7: {{"event_type":"purchase","user_id":"ann","item_id":'
        '"lamp","timestamp":"2011-12-01T08:30:00Z","price"',
    ]
    assert result.stderr.splitlines() == [
        "0/5 reading events.csv",
        "1/5 reading items.csv",
        "2/5 looking for bots",
        "3/5 writing new events",
        "4/5 updating items and users",
        "5/5 done",
    ]


def test_taking_in_the_same_again_succeeds_and_taking_in_nothing_does_not(tmp_path: Path) -> None:
    header = "event_type,item_id,timestamp\n"
    (tmp_path / "events.csv").write_text(header + "view,lamp,2011-12-01T08:30:00Z\n")
    (tmp_path / "none.csv").write_text(header)

    first = run(tmp_path, "--events", str(tmp_path / "events.csv"))
    again = run(tmp_path, "--events", str(tmp_path / "events.csv"))
    nothing = run(tmp_path, "--events", str(tmp_path / "none.csv"))

    assert (first.exit_code, again.exit_code, nothing.exit_code) == (0, 0, 1)
    assert "1  known already" in again.stdout


def test_on_a_terminal_a_bar_shows_the_step_and_is_gone_in_the_end() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", Terminal())
        with ProgressLine() as progress:
            progress("reading events.csv", 1, 4)
            shown = sys.stderr.getvalue()
        cleared = sys.stderr.getvalue().removeprefix(shown)

    assert "reading events.csv:  25%" in shown
    assert "\n" not in shown
    assert cleared.strip() == ""


def test_an_error_is_raised_for_the_front_door_to_print(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="does not exist"):
        run(tmp_path, "--events", str(tmp_path / "absent.csv"))


def test_leftovers_of_a_killed_ingest_are_removed_and_reports_of_others_stay(
    tmp_path: Path,
) -> None:
    (tmp_path / "events.csv").write_text(
        "event_type,item_id,timestamp\nview,lamp,2011-12-01T08:30:00Z\nview,,\n"
    )
    given = ("--events", str(tmp_path / "events.csv"))
    run(tmp_path, *given)
    lake = tmp_path / "shop/lake"
    for name in ("ingests/000002.json", "ingests/.000002.json.new", "set_aside/000002.parquet"):
        (lake / name).parent.mkdir(exist_ok=True)
        (lake / name).write_text("left behind")

    run(tmp_path, *given)

    assert sorted(path.name for path in (lake / "ingests").iterdir()) == [
        "000001.json",
        "000002.json",
    ]
    assert json.loads((lake / "ingests/000002.json").read_text())["events"]["duplicates"] == 1
    assert sorted(path.name for path in (lake / "rejects").iterdir()) == [
        "000001.parquet",
        "000002.parquet",
    ]
    assert list((lake / "set_aside").iterdir()) == []


def test_an_export_larger_than_the_engines_memory_is_taken_in(tmp_path: Path) -> None:
    n_events, path = 1_000_000, tmp_path / "events.csv"
    duckdb.execute(
        "COPY (SELECT md5(n::VARCHAR) AS event_id, 'view' AS event_type, 'user' || n AS user_id,"
        " 'item' || n % 20011 AS item_id, md5((n + 1)::VARCHAR) AS session_id,"
        " strftime(TIMESTAMP '2011-01-01' + to_seconds(n * 7), '%Y-%m-%dT%H:%M:%SZ') AS timestamp"
        f" FROM range({n_events}) AS numbers(n)) TO '{path}' (HEADER)"
    )
    assert path.stat().st_size > 110_000_000

    report = ingest(events=[path], home=Home(tmp_path / "shop"), now=NOW, memory_limit="100MB")

    assert report.events.accepted == n_events
    with pytest.raises(InvalidSettings, match="raise memory_limit"):
        ingest(events=[path], home=Home(tmp_path / "other"), now=NOW, memory_limit="20MB")
    assert EventLog(Home(tmp_path / "other").lake).files == ()


@dataclass(frozen=True)
class Expected:
    n_accepted: int
    n_users: int
    n_filtered: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


def take_in(name: str, folder: Path) -> IngestReport:
    data = DATA / name
    if not data.exists():
        pytest.skip(f"{data} is not there")
    events = data / ("interactions.parquet" if name == "gowalla" else "events.parquet")
    tables = {kind: data / f"{kind}.parquet" for kind in ("items", "users")}
    return ingest(
        events=[events],
        **{kind: [path] for kind, path in tables.items() if path.exists()},
        mapping=Mapping.load(ROOT / "docs/mappings" / f"{name}.toml"),
        home=Home(folder),
        now=NOW,
    )


@pytest.mark.real_data
def test_online_retail_loses_nothing_but_what_the_mapping_says_and_repeated_lines(
    tmp_path: Path,
) -> None:
    report = take_in("online_retail_ii", tmp_path)

    counts = report.events
    # 3,391 + 2,582 rows of products are stock adjustments or have no price; no product has an
    # "adjustment". 4,565 purchases, 1,191 returns and 57 others are no products.
    assert (counts.ignored, counts.filtered) == (3_391 + 2_582, 4_565 + 1_191 + 57)
    assert (counts.rejected, counts.set_aside, report.bots) == (0, 0, 0)
    assert counts.read == 1_044_848
    assert counts.accepted + counts.duplicates == 1_015_088 + 17_974
    log = EventLog(Home(tmp_path).lake).scan()
    bought = log.filter(log.event_type == "purchase", log.user_id.notnull())
    # 788,206 lines in the export; 11,612 of them repeat another line in every column of the key.
    assert bought.count().to_pyarrow().as_py() == 788_206 - 11_612
    assert log.quantity.min().to_pyarrow().as_py() == 1
    assert report.accepted.unknown_items == 0


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("retailrocket_mb", Expected(99_555 - 2_174, n_filtered=2_174, n_users=2_174)),
        ("amazon_beauty", Expected(198_502 - 287, reasons={"missing_time": 287}, n_users=22_332)),
        ("eshop_clothing", Expected(165_474, n_users=24_026)),
        ("gowalla", Expected(1_027_370 - 217_242, n_filtered=217_242, n_users=29_858)),
    ],
)
def test_the_other_data_sets_load_as_they_are(
    tmp_path: Path, name: str, expected: Expected
) -> None:
    report = take_in(name, tmp_path)

    assert report.events.accepted == expected.n_accepted
    assert report.events.filtered == expected.n_filtered
    assert report.reasons == expected.reasons
    assert report.users_from_events == expected.n_users
    assert (report.events.duplicates, report.bots) == (0, 0)
