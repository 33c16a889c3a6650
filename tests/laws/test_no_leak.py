"""Nothing that happens after `as_of` reaches a model, a list or a judgement of them."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from features.errors import FutureEventError
from features.snapshot import take_snapshot
from tests.shops import AS_OF, Row, event, item, write_lake
from training.bundle import Bundle
from training.pipeline import Steps, learn
from training.settings import TrainingSettings
from training.split import Fold
from training.targets import fold_targets

FOLD = Fold(AS_OF, horizon_days=10)
ALS = TrainingSettings(models={"als": {"factors": 4, "iterations": 3}})
POPULAR = TrainingSettings(serve=None)


def _past() -> list[Row]:
    rng = np.random.default_rng(0)
    return [
        event(
            f"user-{rng.integers(20):02d}",
            f"item-{rng.integers(15):02d}",
            ("view", "cart", "purchase")[rng.integers(3)],
            days=-float(rng.integers(0, 50)),
            country=("GB", "NZ")[rng.integers(2)],
        )
        for _ in range(300)
    ]


def _future() -> list[Row]:
    """Plant all that could give the future away: tastes, returns, people, items, countries."""
    people = [f"user-{row:02d}" for row in range(20)]
    hours = [one / 24 for one in range(1, 200)]
    return [
        *(event(people[n % 20], "item-00", days=days) for n, days in enumerate(hours)),
        *(event(one, f"item-{n % 15:02d}", "return", days=1) for n, one in enumerate(people)),
        *(event(one, "to-come", days=2, country="FR") for one in people),
        *(event(f"new-{one}", "item-01", days=3) for one in people),
        *(event(None, "item-02", days=4, quantity=1000) for _ in people),
    ]


def _learnt(lake: Path, settings: TrainingSettings) -> Bundle:
    snapshot = take_snapshot(lake, as_of=AS_OF)
    return learn(snapshot, settings, digest="", now=AS_OF, steps=Steps(lambda _line: None))


@pytest.mark.parametrize("settings", [ALS, POPULAR], ids=["als", "popular"])
def test_a_bundle_is_the_same_whatever_comes_after(
    settings: TrainingSettings, tmp_path: Path
) -> None:
    items = [item("to-come", released_at=AS_OF + timedelta(days=1)), item("item-00")]
    past = write_lake(tmp_path / "past", _past(), items=items)
    both = write_lake(tmp_path / "both", [*_past(), *_future()], items=items)

    folders = [_learnt(lake, settings).save(tmp_path / "bundles") for lake in (past, both)]

    one, other = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in folders
    )
    # The manifest holds how long a search took; all that is learnt lies beside it.
    one.pop(Path("manifest.json"))
    other.pop(Path("manifest.json"))
    assert one == other


def test_a_snapshot_of_a_later_moment_is_refused(tmp_path: Path) -> None:
    lake = write_lake(tmp_path, [*_past(), *_future()])
    leaking = take_snapshot(lake, as_of=AS_OF + timedelta(days=2))

    with pytest.raises(FutureEventError, match="after as_of"):
        fold_targets(lake, leaking, FOLD)


def test_a_later_snapshot_is_refused_even_where_nobody_did_anything_meanwhile(
    tmp_path: Path,
) -> None:
    later = [event(f"user-{row:02d}", "item-00", days=5) for row in range(20)]
    lake = write_lake(tmp_path, [*_past(), *later])
    # Nobody's history has grown, but an item released meanwhile would be on sale.
    leaking = take_snapshot(lake, as_of=AS_OF + timedelta(days=3))

    with pytest.raises(FutureEventError, match=r"3\.0 days after as_of"):
        fold_targets(lake, leaking, FOLD)


@pytest.mark.parametrize("days_back", [0, 1, 7, 30])
@pytest.mark.parametrize("gap_days", [0, 2])
def test_history_ends_before_targets_begin(days_back: int, gap_days: int, tmp_path: Path) -> None:
    fold = Fold(AS_OF - timedelta(days=days_back), horizon_days=10, gap_days=gap_days)
    lake = write_lake(tmp_path, [*_past(), *_future()])

    snapshot = take_snapshot(lake, as_of=fold.as_of)
    targets = fold_targets(lake, snapshot, fold)

    assert snapshot.histories.timestamps.max() <= fold.as_of.timestamp()
    assert (snapshot.histories.lengths[targets.user_rows] > 0).all()
