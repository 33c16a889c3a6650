"""Versions come in by the gate, go out by a rollback, and are what was registered."""

import fcntl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.errors import CorruptBundle, InvalidInput, PromotionRefused, UnknownModelVersion
from features.home import Home
from tests.fitted_rankers import some_fitted
from tests.shops import bundle_of, some_snapshot
from training import registry as registry_module
from training.bundle import Bundle, current
from training.mlflow_door import Connection
from training.model_version import ModelVersion
from training.registry import Registry
from training.split import Fold
from training.tracking import Tracker
from training.user_metrics import COLUMNS, LastFold, UserMetrics

NOW = datetime(2024, 7, 1, tzinfo=UTC)
FOLD = Fold(datetime(2024, 6, 1, tzinfo=UTC), horizon_days=30)
BASE = np.linspace(0.2, 0.8, 100)

Register = Callable[..., ModelVersion]


def _metrics(ndcg: float, *, fold: Fold, bundle_id: str) -> UserMetrics:
    """Let every user fare `ndcg - 0.5` better than in BASE, whose mean is 0.5."""
    return UserMetrics(
        fold=fold,
        k=20,
        bundle_id=bundle_id,
        user_ids=tuple(f"user-{row}" for row in range(len(BASE))),
        values=dict.fromkeys(COLUMNS, BASE + ndcg - 0.5),
    )


@pytest.fixture
def registry(home: Home, connection: Connection) -> Registry:
    return Registry(home, connection)


@pytest.fixture
def register(
    registry: Registry, connection: Connection, bundle_folders: tuple[Path, ...]
) -> Register:
    """Register the next of the three bundles with a mean NDCG."""

    def register_next(ndcg: float = 0.5, *, fold: Fold = FOLD) -> ModelVersion:
        bundle = bundle_folders[len(registry.versions())]
        last_fold = LastFold(_metrics(ndcg, fold=fold, bundle_id=bundle.name))
        with Tracker(connection).run("train") as run:
            return registry.register(bundle, run_id=run.run_id, last_fold=last_fold)

    return register_next


def _served(home: Home) -> str:
    """Name the current bundle, after checking all its files."""
    return Bundle.open(current(home.bundles), verify=True).manifest.bundle_id


def _damage(version: ModelVersion) -> None:
    path = Path(version.source) / "catalogue.arrow"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_a_registered_version_is_the_challenger_with_its_numbers(
    registry: Registry, register: Register, bundle_folders: tuple[Path, ...]
) -> None:
    first, second = register(0.5), register(0.6)

    versions = registry.versions()
    assert [one.version for one in versions] == [1, 2]
    assert [one.aliases for one in versions] == [(), ("challenger",)]
    assert [one.bundle_id for one in versions] == [path.name for path in bundle_folders[:2]]
    assert second.metrics == pytest.approx(dict.fromkeys(COLUMNS, 0.6))
    assert first.as_of == Bundle.open(bundle_folders[0]).manifest.as_of
    assert registry.champion() is None


def test_a_promoted_version_is_served_and_equals_what_was_registered(
    registry: Registry, register: Register, home: Home, bundle_folders: tuple[Path, ...]
) -> None:
    register()

    promotion = registry.promote(1, now=NOW)

    assert _served(home) == promotion.bundle_id == bundle_folders[0].name
    for source in (path for path in bundle_folders[0].rglob("*") if path.is_file()):
        copy = current(home.bundles) / source.relative_to(bundle_folders[0])
        assert copy.read_bytes() == source.read_bytes()
    champion = registry.champion()
    assert champion is not None
    assert champion.version == 1
    assert champion.aliases == ("challenger", "champion")
    assert registry.history() == (promotion,)


def test_a_version_is_told_what_the_gate_thinks_when_it_is_registered(
    registry: Registry, register: Register
) -> None:
    first = register(0.5)
    registry.promote(1, now=NOW)

    second = register(0.4)

    assert first.finding == ""
    assert second.finding.startswith("worse than the champion beyond noise: NDCG on all 0.4000")
    champion = registry.champion()
    assert champion is not None
    assert champion.version == 1


def test_a_version_says_which_models_name_its_candidates_and_whether_it_is_ranked(
    registry: Registry, connection: Connection, tmp_path: Path
) -> None:
    bundle = bundle_of(some_snapshot(1))
    recommender = replace(
        bundle.recommender,
        ranker=some_fitted(bundle).ranker,
    )
    ranked = replace(bundle, recommender=recommender).save(tmp_path)
    plain = bundle_of(some_snapshot(1), with_model=False).save(tmp_path)

    versions = []
    for folder in (ranked, plain):
        last_fold = LastFold(_metrics(0.5, fold=FOLD, bundle_id=folder.name))
        with Tracker(connection).run("train") as run:
            versions.append(registry.register(folder, run_id=run.run_id, last_fold=last_fold))

    assert [one.models for one in versions] == [("als",), ("popular",)]
    assert [one.is_ranked for one in versions] == [True, False]


def test_latest_is_the_newest(registry: Registry, register: Register) -> None:
    register(), register()

    assert registry.promote("latest", now=NOW).version == 2


def test_a_worse_version_is_refused_with_the_numbers_and_nothing_changes(
    registry: Registry, register: Register, home: Home
) -> None:
    first, _ = register(0.5), register(0.4)
    registry.promote(1, now=NOW)

    with pytest.raises(PromotionRefused, match="version 2 was not promoted: worse") as refused:
        registry.promote(2, now=NOW)

    assert "0.4000 against 0.5000, -0.1000" in refused.value.message
    assert "--force" in refused.value.message
    assert len(refused.value.details) == 2
    champion = registry.champion()
    assert champion is not None
    assert champion.version == 1
    assert _served(home) == first.bundle_id
    assert registry.find(2).finding.startswith("worse than the champion beyond noise")


def test_a_worse_version_can_be_forced_and_the_history_says_so(
    registry: Registry, register: Register, home: Home
) -> None:
    register(0.5)
    second = register(0.4)
    registry.promote(1, now=NOW)

    promotion = registry.promote(2, now=NOW, force=True, reason="a campaign needs new items")

    assert promotion.forced
    assert promotion.reason.startswith("a campaign needs new items; worse than the champion")
    assert registry.history()[-1] == promotion
    assert _served(home) == second.bundle_id


def test_a_better_version_is_promoted_unforced(registry: Registry, register: Register) -> None:
    register(0.5), register(0.6)
    registry.promote(1, now=NOW)

    promotion = registry.promote(2, now=NOW, force=True)

    assert not promotion.forced
    assert promotion.reason == registry.find(2).finding


def test_a_version_of_another_fold_is_refused(registry: Registry, register: Register) -> None:
    register(0.5), register(0.6, fold=Fold(FOLD.as_of + timedelta(days=7), horizon_days=30))
    registry.promote(1, now=NOW)

    with pytest.raises(PromotionRefused, match="cannot be compared"):
        registry.promote(2, now=NOW)


def test_a_version_whose_evaluation_is_gone_is_refused_unless_forced(
    registry: Registry, register: Register, connection: Connection
) -> None:
    register(0.5)
    second = register(0.6)
    registry.promote(1, now=NOW)
    run = connection.client.get_run(second.run_id)
    for path in Path(run.info.artifact_uri, "evaluation").iterdir():
        path.unlink()

    with pytest.raises(PromotionRefused, match="evaluation is missing"):
        registry.promote(2, now=NOW)
    assert registry.promote(2, now=NOW, force=True).version == 2


def test_a_damaged_artifact_is_refused_and_the_champion_stays(
    registry: Registry, register: Register, home: Home
) -> None:
    first, second = register(0.5), register(0.6)
    registry.promote(1, now=NOW)
    _damage(second)

    with pytest.raises(CorruptBundle, match="version 2 cannot be installed") as refused:
        registry.promote(2, now=NOW)

    assert refused.value.details == ("catalogue.arrow",)
    champion = registry.champion()
    assert champion is not None
    assert champion.version == 1
    assert _served(home) == first.bundle_id
    assert {path.name for path in home.bundles.iterdir()} == {"CURRENT", first.bundle_id}
    assert len(registry.history()) == 1


def test_promoting_the_champion_again_restores_its_files(
    registry: Registry, register: Register, home: Home
) -> None:
    first = register()
    registry.promote(1, now=NOW)
    (home.bundles / first.bundle_id / "catalogue.arrow").unlink()

    registry.promote(1, now=NOW)

    assert _served(home) == first.bundle_id
    assert len(registry.history()) == 1


def test_rolling_back_twice_goes_further_back(
    registry: Registry, register: Register, home: Home
) -> None:
    first, second, _ = register(0.5), register(0.6), register(0.7)
    for version in (1, 2, 3):
        registry.promote(version, now=NOW)

    once = registry.rollback(now=NOW, reason="customers complain")
    served_once = _served(home)
    registry.rollback(now=NOW)

    assert (once.version, served_once) == (2, second.bundle_id)
    assert _served(home) == first.bundle_id
    champion = registry.champion()
    assert champion is not None
    assert champion.version == 1
    assert registry.history()[3].reason == "customers complain"
    with pytest.raises(UnknownModelVersion, match="no champion to go back to"):
        registry.rollback(now=NOW)


def test_a_rollback_needs_nothing_from_the_artifact_store(
    registry: Registry, register: Register, home: Home
) -> None:
    first, _ = register(0.5), register(0.6)
    registry.promote(1, now=NOW)
    registry.promote(2, now=NOW)
    _damage(first)

    registry.rollback(now=NOW)

    assert _served(home) == first.bundle_id


def test_an_unknown_version_is_told_which_there_are(registry: Registry, register: Register) -> None:
    with pytest.raises(UnknownModelVersion, match="run vitrine train"):
        registry.promote("latest", now=NOW)
    register(), register()

    with pytest.raises(UnknownModelVersion, match="no model version 7; choose of 1, 2 or latest"):
        registry.promote(7, now=NOW)


def test_a_reason_that_is_too_long_changes_nothing(registry: Registry, register: Register) -> None:
    register()

    with pytest.raises(InvalidInput, match="at most 1000 characters"):
        registry.promote(1, now=NOW, reason="x" * 1_001)

    assert registry.champion() is None


def test_alias_and_pointer_change_in_one_turn(
    registry: Registry, register: Register, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    was_free: list[bool] = []
    point_to = registry_module.point_to

    def point_and_look(parent: Path, bundle_id: str) -> None:
        with (home.root / ".registry.lock").open("a") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                was_free.append(False)
            else:
                was_free.append(True)
        point_to(parent, bundle_id)

    monkeypatch.setattr(registry_module, "point_to", point_and_look)

    registry.promote(1, now=NOW)

    assert was_free == [False]


def test_promotions_at_once_leave_alias_and_pointer_together(
    registry: Registry, register: Register, home: Home
) -> None:
    versions = [register(), register(), register()]

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda one: registry.promote(one.version, now=NOW, force=True), versions))

    champion = registry.champion()
    assert champion is not None
    assert _served(home) == champion.bundle_id
    assert registry.history()[-1].version == champion.version
    assert sorted(one.version for one in registry.history()) == [1, 2, 3]


@pytest.mark.parametrize("action", ["promote", "rollback"])
def test_a_change_that_was_cut_off_is_completed_by_the_same_command(
    registry: Registry,
    register: Register,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
) -> None:
    versions = [register(0.5), register(0.6), register(0.7)]
    registry.promote(1, now=NOW)
    registry.promote(2, now=NOW)
    wanted = versions[2] if action == "promote" else versions[0]

    def change() -> None:
        if action == "promote":
            registry.promote(3, now=NOW)
        else:
            registry.rollback(now=NOW)

    def killed(_parent: Path, _bundle_id: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(registry_module, "point_to", killed)
        change()
    served_between = _served(home)
    change()

    champion = registry.champion()
    assert champion is not None
    assert served_between == versions[1].bundle_id
    assert champion.version == wanted.version == registry.history()[-1].version
    assert _served(home) == wanted.bundle_id
    assert len(registry.history()) == 3


def test_nothing_that_is_kept_is_a_pickle(
    registry: Registry, register: Register, home: Home
) -> None:
    register()

    kept = [path for path in home.artifacts.rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} == {".npy", ".arrow", ".faiss", ".json", ".parquet"}
    for array in (path for path in kept if path.suffix == ".npy"):
        np.load(array, allow_pickle=False)


def test_nothing_is_written_outside_the_home(
    registry: Registry, register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    register()

    registry.promote(1, now=NOW)

    assert list(elsewhere.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"elsewhere", "shop"}
