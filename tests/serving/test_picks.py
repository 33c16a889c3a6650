"""Picks: everybody who agreed gets one list, nobody else gets any, and a kill costs little."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InvalidInput, UnknownPlacement
from features.events import EventType
from features.home import Home
from features.people import People
from serving import pick_job
from serving.audience import Audience
from serving.pick_job import USERS_IN_A_PART, PickJob
from serving.pick_tables import PICK_SCHEMA, pick_table
from serving.picks import Picker, pick_lines
from serving.placements import Placements
from serving.road import Road
from serving.schemas import PickStatus
from tests.shops import AS_OF
from training.bundle import Bundle

EMAIL, ANYBODY = "weekly_email", "discover"
N_USERS = 60
NOW = AS_OF


@pytest.fixture(scope="module")
def road(tiny_bundle: Bundle) -> Road:
    return Road(tiny_bundle, Placements.load())


def idle(_done: int) -> None:
    """Take no notice of the progress."""


def without_history(bundle: Bundle, user_row: int) -> Road:
    """Forget what one user did."""
    histories = bundle.histories.select(bundle.histories.person_of_entry != user_row)
    vectors = bundle.recommender.read(histories).vectors
    changed = replace(bundle, histories=histories, user_vectors=vectors)
    return Road(changed, Placements.load())


def rows_of(road: Road, placement: str, user_rows: list[int], num_results: int = 10) -> list[Any]:
    ids = [road.bundle.users.id_of(row) if row >= 0 else "nobody" for row in user_rows]
    picker = Picker.of(road, placement, num_results, now=NOW)
    found: list[Any] = pick_table(picker, ids).to_pylist()
    return found


# Who gets a list


@given(
    st.lists(
        st.sampled_from([None, [], ["email"], ["push", "email"], ["push"]]),
        min_size=N_USERS,
        max_size=N_USERS,
    )
)
def test_without_consent_nobody_ever_gets_an_item(
    tiny_bundle: Bundle, consents: list[list[str] | None]
) -> None:
    people = People.of([None] * N_USERS, consents)
    road = Road(replace(tiny_bundle, people=people), Placements.load())

    *lines, _ = pick_lines(
        Picker.of(road, EMAIL, 5, now=NOW), [f"user-{row:02d}" for row in range(N_USERS)]
    )

    agreed = ["email" in (one or ()) for one in consents]
    assert [bool(line["items"]) for line in lines] == agreed
    assert [line["status"] == "no_consent" for line in lines] == [not one for one in agreed]


def test_a_placement_without_a_purpose_asks_for_no_consent(road: Road) -> None:
    rows = rows_of(road, ANYBODY, list(range(N_USERS)))

    assert {row["status"] for row in rows} == {"ok"}
    assert all(row["returned"] == 10 for row in rows)


def test_somebody_unknown_gets_no_list_and_it_is_said(road: Road) -> None:
    (known, unknown) = rows_of(road, ANYBODY, [0, -1])

    assert (known["status"], unknown["status"]) == ("ok", "unknown_user")
    assert unknown["item_ids"] == unknown["titles"] == unknown["reasons"] == []
    assert (unknown["requested"], unknown["returned"], unknown["shortfall"]) == (10, 0, None)


def test_who_has_done_nothing_gets_what_is_trending_where_they_live(tiny_bundle: Bundle) -> None:
    nobody, in_new_zealand = 31, 1
    road = without_history(tiny_bundle, nobody)
    trends, people = tiny_bundle.recommender.trends, tiny_bundle.people
    assert people.country_of(nobody) == people.country_of(in_new_zealand) == "NZ"

    (row,) = rows_of(road, ANYBODY, [nobody], num_results=5)

    trending = set(tiny_bundle.items.ids(trends.top[trends.row_of("NZ")]))
    assert row["status"] == "fallback"
    assert len(row["item_ids"]) == 5
    assert set(row["item_ids"]) <= trending
    assert row["reasons"] == [[]] * 5


def test_nobody_is_sent_what_they_have_bought(road: Road) -> None:
    histories, items = road.bundle.histories, road.bundle.items

    rows = rows_of(road, ANYBODY, list(range(N_USERS)), num_results=30)

    bought = histories.event_types == EventType.PURCHASE.code
    for user_row, row in enumerate(rows):
        of_user = bought & (histories.person_of_entry == user_row)
        assert not set(row["item_ids"]) & set(items.ids(histories.item_rows[of_user]))


# What a list says


def test_the_columns_of_a_row_are_about_the_same_items(road: Road) -> None:
    catalogue, items = road.bundle.catalogue, road.bundle.items

    (row,) = rows_of(road, ANYBODY, [3])

    item_rows = items.rows(row["item_ids"])
    assert row["titles"] == [catalogue.title(one) for one in item_rows]
    assert row["prices"] == [10.0 + one for one in item_rows]
    assert row["scores"] == sorted(row["scores"], reverse=True)
    assert len(row["reasons"]) == row["returned"] == 10


def test_a_lamp_is_in_the_list_because_of_lamps(road: Road) -> None:
    (row,) = rows_of(road, ANYBODY, [0], num_results=3)

    for title, reasons in zip(row["titles"], row["reasons"], strict=True):
        assert title.startswith("Lamp")
        shares = [one["share"] for one in reasons]
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 1 + 1e-5
        assert {one["type"] for one in reasons} <= {"purchased", "viewed"}
        best = road.bundle.catalogue.title(road.bundle.items.row_of(reasons[0]["item_id"]))
        assert best.startswith("Lamp")


def test_a_short_list_says_why(road: Road) -> None:
    (row,) = rows_of(road, ANYBODY, [0], num_results=500)

    histories, catalogue = road.bundle.histories.take(np.array([0])), road.bundle.catalogue
    bought = set(histories.item_rows[histories.event_types == EventType.PURCHASE.code].tolist())
    unavailable = set(np.flatnonzero(~catalogue.recommendable).tolist())
    assert (row["requested"], len(bought), len(unavailable)) == (500, 5, 2)
    assert row["returned"] == len(catalogue) - len(bought | unavailable)
    assert row["shortfall"]["unavailable"] == 2
    assert row["shortfall"]["purchased"] == len(bought - unavailable)


# Lines over HTTP


def test_every_line_has_the_shape_of_the_wire_and_the_trailer_counts_them(road: Road) -> None:
    asked = ["user-02", "user-00", "stranger", "user-00"]

    *lines, trailer = pick_lines(Picker.of(road, EMAIL, 4, now=NOW), asked)

    told = [PickStatus.model_validate_json(orjson.dumps(line)) for line in lines]
    assert [line.user_id for line in told] == asked
    assert [line.status for line in told] == ["no_consent", "ok", "unknown_user", "ok"]
    assert [line.returned for line in told] == [0, 4, 0, 4]
    assert trailer == {
        "type": "trailer",
        "n_users": 4,
        "n_ok": 2,
        "n_fallback": 0,
        "n_no_consent": 1,
        "n_unknown_user": 1,
    }


def test_an_unknown_placement_is_an_error_before_the_first_line(road: Road) -> None:
    with pytest.raises(UnknownPlacement, match="weekly_email"):
        Picker.of(road, "weekly_emial", 4, now=NOW)


# Files


def of_parquet(path: Path) -> list[Any]:
    rows: list[Any] = pq.read_table(path).to_pylist()
    return rows


def of_json_lines(path: Path) -> list[Any]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def of_csv(path: Path) -> list[Any]:
    lists = ("item_ids", "titles", "prices", "scores", "reasons", "shortfall")
    return [
        {
            name: orjson.loads(cell) if name in lists and cell else cell or None
            for name, cell in row.items()
        }
        | {name: int(row[name]) for name in ("requested", "returned")}
        for row in pa_csv.read_csv(
            path,
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(PICK_SCHEMA.names, "string")
            ),
        ).to_pylist()
    ]


def job_of(road: Road, out: Path, user_ids: list[str] | None = None) -> PickJob:
    users = road.bundle.users
    audience = Audience.everybody(users) if user_ids is None else Audience.named(users, user_ids)
    return PickJob(Picker.of(road, EMAIL, 5, now=NOW), audience, out)


@pytest.mark.parametrize(
    ("name", "read"),
    [("picks.parquet", of_parquet), ("picks.jsonl", of_json_lines), ("picks.csv", of_csv)],
)
def test_every_format_holds_the_same(
    road: Road, tmp_path: Path, name: str, read: Callable[[Path], list[Any]]
) -> None:
    counts = job_of(road, tmp_path / name).run(idle)

    wanted = rows_of(road, EMAIL, list(range(N_USERS)), num_results=5)
    assert counts == Counter(ok=20, no_consent=40)
    assert orjson.loads(orjson.dumps(read(tmp_path / name))) == orjson.loads(orjson.dumps(wanted))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_another_suffix_is_refused_before_any_work(road: Road, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"\.parquet, \.jsonl, \.csv"):
        job_of(road, tmp_path / "picks.xlsx").run(idle)

    assert not list(tmp_path.iterdir())


# A job that is killed


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """For how many users lists have been made, call by call."""
    counted: list[int] = []

    def counting(picker: Picker, user_ids: list[str]) -> pa.Table:
        counted.append(len(user_ids))
        return pick_table(picker, user_ids)

    monkeypatch.setattr(pick_job, "pick_table", counting)
    return counted


def strangers(n: int) -> list[str]:
    """Name many whom nobody knows between those whom we know: quick to answer, yet many."""
    known = [f"user-{row:02d}" for row in range(N_USERS)]
    return [*known[:30], *(f"stranger-{one}" for one in range(n)), *known[30:]]


def killed_after(parts: int, command: list[str]) -> None:
    """Run a command in a process of its own, and kill it when it tells of that many parts."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for told, _ in enumerate(process.stderr, start=1):
            if told == parts:
                process.kill()
    assert process.returncode == -signal.SIGKILL


def test_a_killed_job_goes_on_where_it_stopped(road: Road, tiny_home: Home, tmp_path: Path) -> None:
    n_parts = 12
    users = strangers(n_parts * USERS_IN_A_PART - N_USERS)
    whom, out = tmp_path / "whom.txt", tmp_path / "picks.parquet"
    whom.write_text("\n".join(users))
    words = ["picks", "--home", str(tiny_home.root), "--placement", EMAIL, "-n", "5"]
    command = [sys.executable, "-m", "vitrine", *words, "--users", str(whom), "--out", str(out)]

    killed_after(3, command)
    kept = sorted(path.name for path in (tmp_path / "picks.parquet.parts").glob("*.arrow"))
    stood = out.exists()
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert not stood
    assert 3 <= len(kept) < n_parts
    assert "20 ok" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["picks.parquet", "whom.txt"]
    job_of(road, tmp_path / "whole.parquet", users).run(idle)
    assert pq.read_table(out).equals(pq.read_table(tmp_path / "whole.parquet"))


def interrupted(road: Road, out: Path, users: list[str], *, after: int) -> None:
    """Run a job up to some users and break it off."""

    def stop(done: int) -> None:
        if done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job_of(road, out, users).run(stop)


def test_what_is_done_is_not_done_twice(road: Road, tmp_path: Path, made: list[int]) -> None:
    users, out = strangers(5 * USERS_IN_A_PART), tmp_path / "picks.jsonl"
    interrupted(road, out, users, after=2 * USERS_IN_A_PART)
    parts = len(list((tmp_path / "picks.jsonl.parts").glob("*.arrow")))
    made.clear()

    job_of(road, out, users).run(idle)

    assert parts >= 2
    assert sum(made) == len(users) - parts * USERS_IN_A_PART
    assert len(of_json_lines(out)) == len(users)


def test_the_old_file_stands_until_the_new_one_is_complete(road: Road, tmp_path: Path) -> None:
    users, out = strangers(2 * USERS_IN_A_PART), tmp_path / "picks.csv"
    out.write_text("last week's")

    interrupted(road, out, users, after=USERS_IN_A_PART)

    assert out.read_text() == "last week's"


def test_parts_of_another_job_are_refused_by_name_of_what_differs(
    road: Road, tmp_path: Path
) -> None:
    users, out = strangers(2 * USERS_IN_A_PART), tmp_path / "picks.parquet"
    interrupted(road, out, users, after=USERS_IN_A_PART)
    fewer = job_of(road, out, users[:10])
    elsewhere = replace(job_of(road, out, users), picker=Picker.of(road, ANYBODY, 7, now=NOW))

    with pytest.raises(InvalidInput, match=r"with other users;.*--restart"):
        fewer.run(idle)
    with pytest.raises(InvalidInput, match="with other placement, num_results;"):
        elsewhere.run(idle)

    fewer.run(idle, restart=True)

    assert pq.read_table(out).num_rows == 10


def test_another_bundle_is_another_job(
    road: Road, make_tiny_bundle: Callable[..., Bundle], tmp_path: Path
) -> None:
    users, out = strangers(2 * USERS_IN_A_PART), tmp_path / "picks.parquet"
    interrupted(road, out, users, after=USERS_IN_A_PART)
    folder = make_tiny_bundle(seed=1).save(tmp_path)

    with pytest.raises(InvalidInput, match="with other bundle_id;"):
        job_of(Road(Bundle.open(folder), Placements.load()), out, users).run(idle)


def test_other_placements_are_another_job(road: Road, tmp_path: Path) -> None:
    users, out = strangers(2 * USERS_IN_A_PART), tmp_path / "picks.parquet"
    interrupted(road, out, users, after=USERS_IN_A_PART)
    stricter = tmp_path / "placements.toml"
    stricter.write_text('[weekly_email]\nexclude_purchased = true\npurpose = "sms"\n')

    with pytest.raises(InvalidInput, match="with other config_version;"):
        job_of(Road(road.bundle, Placements.load(stricter)), out, users).run(idle)


def test_two_jobs_on_one_file_do_not_disturb_each_other(road: Road, tmp_path: Path) -> None:
    out = tmp_path / "picks.parquet"
    refused = []

    def meanwhile(_done: int) -> None:
        with pytest.raises(InvalidInput, match="another process") as found:
            job_of(road, out).run(idle)
        refused.append(found.value)

    job_of(road, out).run(meanwhile)

    assert len(refused) == 1
    assert pq.read_table(out).num_rows == N_USERS
