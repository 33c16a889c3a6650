"""The history of versions tells what is served, since when, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from training.model_version import ModelVersion
from training.promotions import Promotion
from training.versions_text import as_text

DAY = datetime(2024, 7, 1, 10, 30, tzinfo=UTC)
FIRST = ModelVersion(
    version=1,
    bundle_id="bundle-1",
    aliases=(),
    models=("popular",),
    is_ranked=False,
    as_of=DAY - timedelta(days=2),
    created_at=DAY,
    run_id="run",
    metrics={"ndcg_all": 0.25},
    finding="",
    source="",
)
SECOND = replace(
    FIRST,
    version=2,
    bundle_id="bundle-2",
    aliases=("challenger", "champion"),
    models=("als", "item_knn"),
    is_ranked=True,
    metrics={"ndcg_all": 0.5, "ndcg_new": 0.125},
    finding="not worse than the champion: " + "NDCG on all 0.5000 against 0.2500, " * 6,
)


def test_versions_are_listed_newest_first_with_what_they_are_made_of() -> None:
    lines = as_text([FIRST, SECOND], []).splitlines()

    second, first = (line for line in lines if line[:7].strip().isdigit())
    assert second == (
        "      2  2024-07-01 10:30  2024-06-29 10:30    0.5000    0.1250"
        "  als + item_knn, ranked  challenger, champion"
    )
    assert first.endswith("0.2500         -  popular, no ranker")
    assert "         bundle bundle-1" in lines


def test_the_gates_finding_is_told_or_that_there_is_none() -> None:
    text = as_text([FIRST, SECOND], [])

    assert "not worse than the champion: NDCG on all 0.5000" in text
    assert "not compared with a champion yet" in text
    assert max(map(len, text.splitlines())) <= 120


def test_changes_of_the_champion_are_told_with_when_and_why() -> None:
    history = [
        Promotion("promote", 1, "bundle-1", DAY, "the first champion"),
        Promotion("promote", 2, "bundle-2", DAY + timedelta(hours=1), "spring; worse", forced=True),
        Promotion("rollback", 1, "bundle-1", DAY + timedelta(hours=2), ""),
    ]

    told = as_text([FIRST, SECOND], history).split("changes of the champion\n")[1].splitlines()

    assert told == [
        "2024-07-01 12:30  rolled back to 1",
        "         no reason given",
        "2024-07-01 11:30  promoted 2, forced",
        "         spring; worse",
        "2024-07-01 10:30  promoted 1",
        "         the first champion",
    ]


def test_before_the_first_promotion_the_next_step_is_told() -> None:
    assert as_text([FIRST], []).endswith("none yet; next: vitrine promote latest")
