"""The commands that show lists: what somebody did, what they get, and an error that helps."""

import re
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result

from features.errors import NoBundle, UnknownItem, UnknownPlacement, UnknownUser
from features.events import EventType
from features.home import Home
from serving.cli import picks, recommend, similar
from training.bundle import Bundle

KEEN = 3


def run(command: object, home: Home, *words: str) -> Result:
    return CliRunner().invoke(command, ["--home", str(home.root), *words])  # type: ignore[arg-type]  # a click command


def test_a_list_stands_below_what_the_user_did(tiny_home: Home, tiny_bundle: Bundle) -> None:
    done = run(recommend, tiny_home, "--user", f"user-{KEEN:02d}", "--titles", "-n", "5")

    assert done.exit_code == 0, done.output
    person, bought, viewed, wanted = done.output.rstrip().split("\n\n")
    assert person == f"user user-{KEEN:02d}, GB, agreed to email, personalisation"
    assert bought.startswith("bought 5 items\n")
    assert viewed.startswith("viewed 3 items\n")
    assert wanted.startswith(f"recommended for home (bundle {tiny_bundle.manifest.bundle_id})\n")
    assert len(wanted.split("\n")) == 2 + 5


def test_the_latest_stands_first_with_its_date_and_how_often(
    tiny_home: Home, tiny_bundle: Bundle
) -> None:
    history = tiny_bundle.histories.take(np.array([KEEN]))
    bought = history.select(history.event_types == EventType.PURCHASE.code)

    done = run(recommend, tiny_home, "--user", f"user-{KEEN:02d}", "--titles")

    table = done.output.split("\n\n")[1].split("\n")[2:]
    dates = [line.split()[0] for line in table]
    assert dates == sorted(dates, reverse=True)
    title = tiny_bundle.catalogue.title(int(bought.item_rows[-1]))
    assert re.match(rf"\d{{4}}-\d\d-\d\d +1 +item-\d\d +{title}$", table[0])


def test_what_speaks_for_an_item_is_told_with_its_share(tiny_home: Home) -> None:
    done = run(recommend, tiny_home, "--user", f"user-{KEEN:02d}", "--titles", "-n", "1")

    assert re.search(r"(bought|viewed): Lamp \d+ \d+%", done.output.split("\n")[-2])


def test_where_something_is_wanted_by_everybody_is_told_in_words(tiny_home: Home) -> None:
    done = run(recommend, tiny_home, "--user", f"user-{KEEN:02d}", "--placement", "trending_now")

    assert re.search(r"trending_in_country +trending in country: GB", done.output)


def test_titles_are_shown_on_request_only(tiny_home: Home) -> None:
    done = run(recommend, tiny_home, "--user", f"user-{KEEN:02d}")

    assert "item-" in done.output
    assert "Lamp" not in done.output


def test_the_placement_decides_what_the_list_holds(tiny_home: Home, tiny_bundle: Bundle) -> None:
    history = tiny_bundle.histories.take(np.array([KEEN]))
    bought = history.item_rows[history.event_types == EventType.PURCHASE.code]

    at_home = run(recommend, tiny_home, "--user", f"user-{KEEN:02d}")
    to_discover = run(recommend, tiny_home, "--user", f"user-{KEEN:02d}", "--placement", "discover")

    own = {tiny_bundle.items.id_of(int(row)) for row in bought}
    listed = [
        set(re.findall(r"^ +\d+ +(item-\d\d)", done.output, flags=re.MULTILINE))
        for done in (at_home, to_discover)
    ]
    assert own & listed[0]
    assert not own & listed[1]


def test_a_short_list_says_so(tiny_home: Home) -> None:
    done = run(recommend, tiny_home, "--user", f"user-{KEEN:02d}", "-n", "100")

    assert "38 of 100: {'unavailable': 2" in done.output


def test_similar_items_stand_below_the_item(tiny_home: Home) -> None:
    done = run(similar, tiny_home, "--item", "item-25", "--titles", "-n", "4")

    item, like_it = done.output.rstrip().split("\n\n")
    assert item == "item item-25: Mug 25, Kitchen > Mugs, Clay, 35.0"
    lines = like_it.split("\n")
    assert len(lines) == 2 + 4
    assert all("Mug" in line for line in lines[2:])


@pytest.mark.parametrize(
    ("kind", "heading"),
    [("alternatives", "wanted instead of it"), ("complements", "wanted as well")],
)
def test_a_kind_of_similar_items_is_named_in_the_heading(
    tiny_home: Home, kind: str, heading: str
) -> None:
    done = run(similar, tiny_home, "--item", "item-25", "--kind", kind, "-n", "4")

    _, like_it = done.output.rstrip().split("\n\n")
    assert like_it.startswith(f"{heading} (bundle ")


def test_an_item_that_is_in_no_list_says_so(tiny_home: Home) -> None:
    done = run(similar, tiny_home, "--item", "item-19")

    assert done.output.startswith("item item-19 (not shown in any list): Lamp 19")


@pytest.mark.parametrize(
    ("command", "words", "kind", "near"),
    [
        (recommend, ("--user", "user-3"), UnknownUser, "user-3[0-9]"),
        (recommend, ("--user", "~"), UnknownUser, "own data"),
        (similar, ("--item", "itm-25"), UnknownItem, "item-25"),
        (recommend, ("--user", "user-03", "--placement", "hom"), UnknownPlacement, "home"),
    ],
)
def test_a_mistyped_name_is_answered_with_its_neighbours(
    tiny_home: Home, command: object, words: tuple[str, ...], kind: type[Exception], near: str
) -> None:
    done = run(command, tiny_home, *words)

    assert isinstance(done.exception, kind)
    assert re.search(near, str(done.exception))


def test_without_a_bundle_the_next_command_is_named(tmp_path: Path) -> None:
    done = run(recommend, Home(tmp_path), "--user", "user-03")

    assert isinstance(done.exception, NoBundle)
    assert "vitrine train" in str(done.exception)


def test_picks_say_how_far_they_are_and_what_became_of_whom(
    tiny_home: Home, tmp_path: Path
) -> None:
    out = tmp_path / "picks.jsonl"

    done = run(picks, tiny_home, "--placement", "weekly_email", "--all", "--out", str(out))

    assert done.exit_code == 0, done.output
    assert done.stderr == "60 of 60 users\n"
    assert done.stdout == f"60 users: 40 no_consent, 20 ok; {out}\n"
    rows = [orjson.loads(line) for line in out.read_bytes().splitlines()]
    assert sum(bool(row["item_ids"]) for row in rows) == 20


def test_picks_go_to_those_whom_a_file_names(tiny_home: Home, tmp_path: Path) -> None:
    whom, out = tmp_path / "whom.csv", tmp_path / "picks.jsonl"
    whom.write_text("user_id\nuser-33\nuser-30\nuser-33\nstranger\n")

    run(
        picks,
        tiny_home,
        *("--placement", "weekly_email", "--users", str(whom), "-n", "3", "--out", str(out)),
    )

    rows = [orjson.loads(line) for line in out.read_bytes().splitlines()]
    told = [(row["user_id"], row["status"], row["returned"]) for row in rows]
    assert told == [("user-33", "ok", 3), ("user-30", "ok", 3), ("stranger", "unknown_user", 0)]


@pytest.mark.parametrize("whom", [(), ("--all", "--users", __file__)])
def test_picks_are_for_all_or_for_some(
    tiny_home: Home, tmp_path: Path, whom: tuple[str, ...]
) -> None:
    out = str(tmp_path / "picks.csv")

    done = run(picks, tiny_home, "--placement", "weekly_email", "--out", out, *whom)

    assert done.exit_code == 2
    assert "--users FILE or --all" in done.output
