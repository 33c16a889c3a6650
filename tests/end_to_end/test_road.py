"""The whole road by its commands: files in, lists out, for all three kinds of users."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from training.bundle import Bundle, current

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_the_road_ends_in_a_bundle_that_knows_everybody(trained_home: Path) -> None:
    bundle = Bundle.open(current(trained_home / "bundles"))

    users = pq.read_table(trained_home / "lake" / "users.parquet")["user_id"].to_pylist()

    assert users
    assert (bundle.users.rows(users) >= 0).all()
    assert bundle.manifest.run_id
    assert 0 < bundle.manifest.metrics["new.recall"] < 1


def test_a_list_is_printed_with_titles_and_the_history_above_it(
    trained_home: Path, vitrine: Run
) -> None:
    bundle = Bundle.open(current(trained_home / "bundles"))
    keen = int(bundle.histories.lengths.argmax())

    done = vitrine(
        "recommend", "--home", str(trained_home), "--user", bundle.users.id_of(keen), "--titles"
    )

    last = int(bundle.histories.item_rows[bundle.histories.indptr[keen + 1] - 1])
    assert bundle.catalogue.title(last)[:20] in done.stdout


def test_similar_items_are_printed_with_titles(trained_home: Path, vitrine: Run) -> None:
    bundle = Bundle.open(current(trained_home / "bundles"))
    row = int(bundle.recommender.trends.order[0])

    done = vitrine(
        "similar", "--home", str(trained_home), "--item", bundle.items.id_of(row), "--titles"
    )

    assert bundle.catalogue.title(row)[:20] in done.stdout


def test_picks_go_to_everybody_who_consented_and_to_nobody_else(
    trained_home: Path, tmp_path: Path, vitrine: Run
) -> None:
    out = tmp_path / "picks.parquet"

    vitrine(
        *("picks", "--home", str(trained_home), "--placement", "weekly_email"),
        *("--all", "--out", str(out)),
    )

    users = pq.read_table(trained_home / "lake" / "users.parquet").to_pylist()
    agreed = {one["user_id"] for one in users if "email" in (one["consent"] or ())}
    picked = {row["user_id"]: row for row in pq.read_table(out).to_pylist()}
    assert set(picked) >= {one["user_id"] for one in users}
    assert {user_id for user_id, row in picked.items() if row["item_ids"]} == agreed


def test_evaluation_writes_what_it_measured(
    trained_home: Path, few_trees: Path, tmp_path: Path, vitrine: Run
) -> None:
    out = tmp_path / "evaluation.json"
    told = ("--home", str(trained_home), "--config", str(few_trees), "--json", str(out))

    vitrine("evaluate", "--k", "10", *told)

    report = json.loads(out.read_text())
    assert report["k"] == 10
    baselines = {"most_popular", "trending", "own_history"}
    # With a ranker there are "ranked" and "blended", too.
    assert {"served", "spectral", "als", "item_knn", *baselines} <= set(report["models"])
    for model in report["models"].values():
        assert model["n_users"] == model["all"]["n_users"] >= model["new"]["n_users"] > 0
        low, high = model["all"]["ci"]["recall"]
        assert low <= model["all"]["recall"] <= high


def test_learning_beats_what_is_popular_where_tastes_are_known(
    trained_home: Path, few_trees: Path, tmp_path: Path, vitrine: Run
) -> None:
    out = tmp_path / "evaluation.json"
    told = ("--home", str(trained_home), "--config", str(few_trees), "--json", str(out))

    vitrine("evaluate", *told)

    models = json.loads(out.read_text())["models"]
    assert models["served"]["new"]["ndcg"] > models["most_popular"]["new"]["ndcg"]
    assert models["served"]["all"]["ndcg"] > models["own_history"]["all"]["ndcg"]


def test_an_error_is_a_message_and_not_a_traceback(tmp_path: Path, vitrine: Run) -> None:
    done = vitrine("train", "--home", str(tmp_path), check=False)

    assert done.returncode == 2
    assert "vitrine ingest" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worse_version_is_promoted_only_by_force_and_one_command_takes_it_back(
    trained_home: Path, tmp_path: Path, vitrine: Run
) -> None:
    at_home = ("--home", str(trained_home))
    good = current(trained_home / "bundles")
    config = tmp_path / "upside_down.toml"
    config.write_text("ranker = false\n[blend]\naffinity = -1.0\nown = -2.0\n")
    vitrine("train", "--config", str(config), *at_home)

    refused = vitrine("promote", "latest", *at_home, check=False)

    assert refused.returncode == 2
    assert "worse than the champion beyond noise" in refused.stderr
    assert current(trained_home / "bundles") == good

    vitrine("promote", "latest", "--force", *at_home)

    bad = Bundle.open(current(trained_home / "bundles"))
    assert bad.manifest.settings["blend"]["affinity"] == -1

    vitrine("rollback", *at_home)

    assert current(trained_home / "bundles") == good
