"""The report in words: who is better, for whom, how sure that is, and what it was paid with."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.planted_reports import planted_report
from training.report import Report, Target
from training.report_text import as_text

N = 60
SEGMENTS = {
    "orders: 1": np.arange(N) < 40,
    "lifecycle: loyal": np.arange(N) >= 40,
    "country: NZ": np.arange(N) == 3,
}


def _report(targets: tuple[Target, ...] = ("all", "new"), **means: float) -> Report:
    return planted_report(np.arange(N), SEGMENTS, targets=targets, **means)


def _table(text: str, begins: str) -> list[str]:
    """Find a table of the report by how its first line begins."""
    (found,) = [one for one in text.split("\n\n") if one.startswith(begins)]
    return found.splitlines()


def _line(lines: Sequence[str], begins: str) -> str:
    (found,) = [line for line in lines if line.startswith(begins)]
    return found


def test_the_first_table_has_a_line_for_each_model() -> None:
    lines = as_text(_report(als=0.45), brief=True).splitlines()

    assert lines[0].startswith("as of 2011-10-10 12:50, 60 days, k = 20")
    assert [line.split()[0] for line in lines[2:-1]] == ["served", "trending", "als"]
    assert "0.5000" in lines[2]
    assert lines[-1] == "users: 60 and 60"


def test_brief_is_the_first_table_alone() -> None:
    report = _report()

    assert as_text(report).startswith(as_text(report, brief=True) + "\n\n")
    assert "\n\n" not in as_text(report, brief=True)


def test_a_target_that_nobody_had_is_a_dash() -> None:
    text = as_text(_report(("all",)))

    assert text.splitlines()[2].endswith("-")
    assert _line(_table(text, "what is served minus"), "trending").endswith("-")
    assert "for whom, new" not in text


@pytest.mark.parametrize(
    ("other", "told"),
    [(0.4, "+0.100 [+0.100 +0.100] +"), (0.6, "-0.100 [-0.100 -0.100] -"), (0.5, "the same")],
)
def test_better_and_worse_beyond_noise_are_marked(other: float, told: str) -> None:
    lines = _table(as_text(_report(als=other)), "what is served minus")

    assert _line(lines, "als").count(told) == 4


def test_a_difference_within_noise_has_no_mark() -> None:
    report = _report()
    served = report.results["served"]["all"].per_user["ndcg"]
    # Half of the users gain what the other half loses.
    report.results["trending"]["all"].per_user["ndcg"] = served + 0.1 * (-1) ** np.arange(N)

    ndcg = _line(_table(as_text(report), "what is served minus"), "trending")[41:66]

    assert ndcg.split("]")[1].strip() == ""


def test_each_segment_is_held_against_the_strongest_baseline() -> None:
    lines = _table(as_text(_report(most_popular=0.35, als=0.49)), "for whom, all")

    assert lines[0].endswith("strongest baseline, most_popular")
    loyal, one = _line(lines, "orders: 1"), _line(lines, "lifecycle: loyal")
    assert loyal.split()[2] == "40"
    assert "+0.150 [+0.150 +0.150] +" in loyal
    # Twenty people are too few to say whether a difference is noise.
    assert one.split()[2] == "20"
    assert one.endswith("few")


def test_segments_without_enough_test_users_are_named() -> None:
    lines = _table(as_text(_report()), "for whom, new")

    assert _line(lines, "fewer than two test users").endswith(": country: NZ")
    assert not [line for line in lines if line.startswith("country: NZ")]


def test_without_a_baseline_segments_stand_alone() -> None:
    report = _report()
    del report.results["trending"]

    lines = _table(as_text(report), "for whom, all")

    assert "minus" not in lines[1]
    assert _line(lines, "orders: 1").split()[2] == "40"


def test_what_lists_are_like_is_told_and_what_was_not_measured_is_a_dash() -> None:
    lines = _table(as_text(_report()), "beyond accuracy")

    assert _line(lines, "served").split() == [
        "served",
        *("0.500", "9.250", "0.750", "1.500", "-") * 2,
    ]


def test_every_line_fits_into_120_columns() -> None:
    nobody = {f"country: {name} of Nowhere": np.zeros(N, dtype=np.bool_) for name in "ABCDEFG"}
    long = {f"country: {'Long Name ' * 4}": np.ones(N, dtype=np.bool_)}
    segments = {**long, **SEGMENTS, **nobody}
    report = planted_report(np.arange(N), segments, most_popular=0.35, own_history=0.2)

    assert max(map(len, as_text(report).splitlines())) <= 120
