"""The road from a log to a report, step by step, on a shop whose tastes are known."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features import identities
from features.errors import NotEnoughData
from features.home import Home
from features.lake_tables import replace_table
from tests.shops import AS_OF, Row, event, item, write_lake
from training.bundle import Bundle
from training.learn import learn
from training.pipeline import Evaluation, data_digest, evaluate, last_fold
from training.settings import TrainingSettings
from training.split import Fold
from training.steps import Steps

NOW = datetime(2025, 1, 1, tzinfo=UTC)
FOLD = Fold(AS_OF, horizon_days=10)
SMALL = {"als": {"factors": 4, "iterations": 3}}
SETTINGS = TrainingSettings.model_validate(
    {
        "serve": "als",
        "beside": [],
        "compare": ["popular"],
        "models": SMALL,
        "evaluation": {"horizon_days": 10, "k": 5},
        "ranker": {
            "windows": 3,
            "trees_everything": 10,
            "trees_new": 10,
            "leaves": 7,
            "smallest_leaf": 5,
        },
    }
)
ALONE = SETTINGS.model_copy(update={"ranker": None})


def _events(*, n_users: int = 40) -> list[Row]:
    """Let even users buy the first ten items and odd ones the others, before and after `AS_OF`."""
    rng = np.random.default_rng(0)
    return [
        event(
            f"user-{row:02d}",
            f"item-{rng.integers(10) + 10 * (row % 2):02d}",
            days=float(days),
            country=("GB", "NZ")[row % 2],
            price=2.0,
        )
        for row in range(n_users)
        for days in (*-rng.uniform(0, 60, 8), *rng.uniform(0.1, 9.9, 3))
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    shop = Home(tmp_path_factory.mktemp("shop"))
    items = [item(f"item-{row:02d}", category="Left", price=row + 1.0) for row in range(20)]
    write_lake(shop.lake, _events(), items=items)
    return shop


@pytest.fixture(scope="module")
def measured(home: Home) -> Evaluation:
    return evaluate(home, SETTINGS, FOLD, now=NOW, steps=_quiet())


def _quiet() -> Steps:
    return Steps(lambda _line: None)


def test_the_last_fold_closes_with_the_log(tmp_path: Path) -> None:
    write_lake(tmp_path, [event("ann", "mug"), event("ann", "mug", days=3)])
    settings = TrainingSettings.model_validate({"evaluation": {"horizon_days": 7, "gap_days": 2}})

    fold = last_fold(tmp_path, settings)

    assert fold.closes == AS_OF + timedelta(days=3)
    assert fold == Fold(AS_OF + timedelta(days=3 - 7 - 2), horizon_days=7, gap_days=2)


def test_an_empty_log_has_no_fold(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughData, match="run vitrine ingest first"):
        last_fold(tmp_path, TrainingSettings())


def test_the_report_has_the_served_pipeline_its_models_and_the_baselines(
    measured: Evaluation,
) -> None:
    models = measured.report.as_dict()["models"]

    assert list(models) == [
        *("served", "ranked", "blended"),
        *("als", "most_popular", "trending", "own_history", "popular"),
    ]
    assert {model["n_users"] for model in models.values()} == {40}
    assert measured.report.as_dict()["as_of"] == AS_OF.isoformat()
    assert {"orders: 5+", "country: GB", "country: NZ"} <= set(measured.report.segments)


def test_known_tastes_are_found(measured: Evaluation) -> None:
    models = measured.report.as_dict()["models"]

    # Half of the shop is of the other taste: whoever knows the tastes is twice as good.
    for target in ("all", "new"):
        assert models["served"][target]["recall"] > 1.5 * models["most_popular"][target]["recall"]


def test_prices_and_lists_are_measured(measured: Evaluation) -> None:
    lists = measured.report.as_dict()["models"]["served"]["all"]["lists"]

    assert {"coverage", "novelty", "popularity_lift", "price_calibration", "diversity"} == set(
        lists
    )


def test_the_same_evaluation_twice_says_the_same(home: Home, measured: Evaluation) -> None:
    again = evaluate(home, SETTINGS, FOLD, now=NOW, steps=_quiet())

    assert again.report.as_dict() == measured.report.as_dict()


def test_the_better_of_the_two_stages_is_served(measured: Evaluation) -> None:
    results = measured.report.results
    better = results["ranked"] if measured.ranks else results["blended"]

    assert results["served"] is better
    assert measured.verdict is not None
    assert measured.verdict.passed == measured.ranks
    assert [one.target for one in measured.verdict.comparisons] == ["all", "new"]


def test_every_model_that_is_served_is_judged_alone_too(home: Home) -> None:
    settings = ALONE.model_copy(update={"beside": ["item_knn"], "compare": []})

    models = evaluate(home, settings, FOLD, now=NOW, steps=_quiet()).report.as_dict()["models"]

    assert list(models) == [
        *("served", "als", "item_knn", "most_popular", "trending", "own_history")
    ]


def test_a_model_named_twice_is_fitted_once(home: Home) -> None:
    told: list[str] = []
    settings = ALONE.model_copy(update={"beside": ["als", "item_knn"]})

    measured = evaluate(home, settings, FOLD, now=NOW, steps=Steps(told.append))

    assert list(measured.bundle.recommender.retrievers) == ["als", "item_knn"]
    assert told.count("fit als") == told.count("fit item_knn") == 1


def test_a_champion_with_a_ranker_is_measured_with_one(home: Home, measured: Evaluation) -> None:
    report = evaluate(home, ALONE, FOLD, now=NOW, steps=_quiet(), champion=SETTINGS).report

    champion, alone = report.results["champion"], measured.report.results["served"]
    for target in ("all", "new"):
        np.testing.assert_array_equal(champion[target].item_rows, alone[target].item_rows)


def test_a_champion_without_a_ranker_is_measured_without(home: Home, measured: Evaluation) -> None:
    report = evaluate(home, SETTINGS, FOLD, now=NOW, steps=_quiet(), champion=ALONE).report

    champion, blended = report.results["champion"], measured.report.results["blended"]
    for target in ("all", "new"):
        np.testing.assert_array_equal(champion[target].item_rows, blended[target].item_rows)


def test_a_champion_with_the_same_settings_is_as_good(home: Home) -> None:
    report = evaluate(home, SETTINGS, FOLD, now=NOW, steps=_quiet(), champion=SETTINGS).report

    models = report.as_dict()["models"]
    assert models["champion"] == models["served"]


def test_a_champion_with_other_settings_is_learnt_anew(home: Home) -> None:
    popular = ALONE.model_copy(update={"serve": None})

    report = evaluate(home, ALONE, FOLD, now=NOW, steps=_quiet(), champion=popular).report
    alone = evaluate(home, popular, FOLD, now=NOW, steps=_quiet()).report

    for target in ("all", "new"):
        champion = report.results["champion"][target]
        np.testing.assert_array_equal(champion.item_rows, alone.results["served"][target].item_rows)
        np.testing.assert_array_equal(
            champion.per_user["ndcg"], alone.results["served"][target].per_user["ndcg"]
        )


@pytest.mark.parametrize("serve", [None, "popular"])
def test_a_shop_can_serve_what_is_popular(serve: str | None, home: Home) -> None:
    settings = ALONE.model_copy(update={"serve": serve})

    measured = evaluate(home, settings, FOLD, now=NOW, steps=_quiet())

    assert measured.bundle.manifest.model is None
    assert "als" not in measured.report.results
    assert measured.report.results["served"]["all"].per_user["recall"].mean() > 0


def test_learning_writes_down_where_it_came_from(measured: Evaluation) -> None:
    bundle = learn(measured.snapshot, SETTINGS, digest="abc", now=NOW, steps=_quiet())

    assert isinstance(bundle, Bundle)
    assert (bundle.manifest.data_digest, bundle.manifest.created_at) == ("abc", NOW)
    assert bundle.manifest.as_of == AS_OF


def test_each_step_is_told_and_timed() -> None:
    told: list[str] = []
    steps = Steps(told.append)

    with steps.step("one"), steps.step("two"):
        pass

    assert told == ["one", "two"]
    assert set(steps.timings_s) == {"one", "two"}
    assert min(steps.timings_s.values()) >= 0


def _linked(lake: Path) -> Path:
    link = {"anonymous_id": "tab", "user_id": "ann", "linked_at": AS_OF}
    links = pa.Table.from_pylist([link], schema=identities.IDENTITY_SCHEMA)
    replace_table(identities.path(lake), links)
    return lake


def test_the_digest_names_the_data(tmp_path: Path) -> None:
    one = [event("ann", "mug"), event("bob", "cup")]
    shops: dict[str, Callable[[], Path]] = {
        "shop": lambda: write_lake(tmp_path / "shop", one),
        "copy": lambda: write_lake(tmp_path / "copy", one),
        "another event": lambda: write_lake(tmp_path / "more", [*one, event("ann", "cup")]),
        "a catalogue": lambda: write_lake(tmp_path / "items", one, items=[item("mug")]),
        "links": lambda: _linked(write_lake(tmp_path / "links", one)),
        "nothing": lambda: tmp_path / "nothing",
    }

    digests = {name: data_digest(write()) for name, write in shops.items()}

    assert digests["copy"] == digests["shop"]
    assert len(set(digests.values())) == len(digests) - 1


def test_a_fold_without_targets_says_what_to_do(home: Home) -> None:
    later = Fold(AS_OF + timedelta(days=50), horizon_days=10)

    with pytest.raises(NotEnoughData, match="longer --horizon-days"):
        evaluate(home, SETTINGS, later, now=NOW, steps=_quiet())


def test_a_fold_before_the_log_says_what_to_do(home: Home) -> None:
    earlier = Fold(AS_OF - timedelta(days=500), horizon_days=10)

    with pytest.raises(NotEnoughData, match="choose a later as_of"):
        evaluate(home, SETTINGS, earlier, now=NOW, steps=_quiet())
