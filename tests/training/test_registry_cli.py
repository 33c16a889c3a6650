"""`vitrine models`, `promote` and `rollback` say what they did."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from features.errors import PromotionRefused, UnreadableFile
from features.home import Home
from training.bundle import Bundle, current
from training.cli import models, promote, rollback
from training.mlflow_door import NAME_VARIABLE, URI_VARIABLE, Connection
from training.registry import Registry
from training.split import Fold
from training.tracking import Tracker
from training.user_metrics import COLUMNS, LastFold, UserMetrics


def _register(registry: Registry, bundle: Path, ndcg: float) -> None:
    served = UserMetrics(
        fold=Fold(Bundle.open(bundle).manifest.as_of, horizon_days=30),
        k=20,
        bundle_id=bundle.name,
        user_ids=tuple("abcd"),
        values=dict.fromkeys(COLUMNS, np.full(4, ndcg)),
    )
    with Tracker(registry.connection).run("train") as run:
        registry.register(bundle, run_id=run.run_id, last_fold=LastFold(served))


@pytest.fixture
def shop(
    home: Home,
    connection: Connection,
    bundle_folders: tuple[Path, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> Home:
    """Give a shop with two versions, the second worse, that the commands find."""
    for bundle, ndcg in zip(bundle_folders, (0.5, 0.25), strict=False):
        _register(Registry(home, connection), bundle, ndcg)
    monkeypatch.setenv(URI_VARIABLE, connection.uri)
    monkeypatch.setenv(NAME_VARIABLE, connection.name)
    monkeypatch.setenv("VITRINE_HOME", str(home.root))
    return home


def _run(*words: str) -> Result:
    command = {"models": models, "promote": promote, "rollback": rollback}[words[0]]
    return CliRunner().invoke(command, words[1:], catch_exceptions=False)


def _line(lines: list[str], version: str) -> list[str]:
    """Find the words of a version's line."""
    (found,) = [line.split() for line in lines if line[:7].strip() == version]
    return found


def test_versions_are_listed_with_alias_and_finding_and_the_changes_below(shop: Home) -> None:
    _run("promote", "1", "--reason", "to begin with")

    lines = _run("models").output.splitlines()

    first, second = _line(lines, "1"), _line(lines, "2")
    assert (second[5:7], second[-1]) == (["0.2500", "0.2500"], "challenger")
    assert (first[5:7], first[-1]) == (["0.5000", "0.5000"], "champion")
    assert lines.index("changes of the champion") > lines.index("         the first champion")
    assert lines[-2].endswith("promoted 1")
    assert lines[-1].strip() == "to begin with; the first champion"


def test_why_a_version_was_promoted_is_shown_with_the_numbers(shop: Home) -> None:
    _run("promote", "1")
    _run("promote", "2", "--force", "--reason", "a campaign needs new items")
    _run("rollback", "--reason", "customers complain")

    history = _run("models").output.split("changes of the champion\n")[1]

    told = " ".join(history.split())
    assert told.index("rolled back to 1") < told.index("promoted 2, forced")
    assert "customers complain" in told
    assert "a campaign needs new items; worse than the champion beyond noise" in told
    assert "NDCG on all 0.2500 against 0.5000, -0.2500 [-0.2500 -0.2500] over 4 users" in told


def test_promote_refuses_promotes_by_force_and_rollback_takes_it_back(
    shop: Home, bundle_folders: tuple[Path, ...]
) -> None:
    first, second = (path.name for path in bundle_folders[:2])

    promoted = _run("promote", "latest").output
    _run("promote", "1", "--force", "--reason", "known to be good")
    with pytest.raises(PromotionRefused, match="worse than the champion"):
        _run("promote", "2")
    forced = _run("promote", "2", "--force").output
    back = _run("rollback").output

    assert f"version 2 is served now, bundle {second}" in promoted
    assert "forced, although worse than the champion beyond noise" in forced
    assert back == f"version 1 is served again, bundle {first}\n"
    assert current(shop.bundles).name == first


def test_a_home_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "shpo"

    with pytest.raises(UnreadableFile, match="there is no shop in"):
        _run("models", "--home", str(missing))

    assert not missing.exists()


def test_a_shop_without_versions_says_what_to_do(
    home: Home, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URI_VARIABLE, connection.uri)
    monkeypatch.setenv(NAME_VARIABLE, connection.name)
    home.root.mkdir(exist_ok=True)

    assert "run vitrine train" in _run("models", "--home", str(home.root)).output
