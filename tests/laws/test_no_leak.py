"""Nothing that happens after `as_of` reaches a model, a list or a judgement of them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.candidates import Candidates
from features.errors import FutureEventError
from features.event_log import EventLog
from features.ids import IdMap
from features.item_facts import ItemFacts
from features.pair_features import PairFeatures
from features.ranker_features import ranker_features
from features.seen import Seen
from features.snapshot import Snapshot, take_snapshot
from tests.laws import no_future
from tests.laws.no_future import assert_no_feature_looks_ahead, feature_table
from tests.shops import AS_OF, Row, event, item, write_lake
from training.bundle import Bundle
from training.learn import learn
from training.settings import TrainingSettings
from training.split import Fold
from training.steps import Steps
from training.targets import fold_targets

FOLD = Fold(AS_OF, horizon_days=10)
ALS = TrainingSettings(serve="als", beside=[], models={"als": {"factors": 4, "iterations": 3}})
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
            price=float(rng.integers(1, 9)),
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
        # Prices rise, and what lay in a cart is bought or taken out of it.
        *(event(one, f"item-{n % 15:02d}", days=5, price=99.0) for n, one in enumerate(people)),
        *(event(one, "item-03", "cart", days=6, country="FR") for one in people),
        *(event(one, "item-04", "remove_from_cart", days=6) for one in people),
    ]


def _items() -> list[Row]:
    """Give a catalogue of two categories; one item has yet to come."""
    known = [
        item(
            f"item-{row:02d}",
            title=f"{('Lamp', 'Mug')[row % 2]} of kind {row % 5}",
            category=("Home > Lamps", "Kitchen > Mugs")[row % 2],
            price=row + 1.0 if row % 3 else None,
        )
        for row in range(15)
    ]
    return [*known, item("to-come", released_at=AS_OF + timedelta(days=1))]


@pytest.fixture(scope="module")
def past_and_both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Write a shop's past alone, and with its future."""
    parent = tmp_path_factory.mktemp("lakes")
    return (
        write_lake(parent / "past", _past(), items=_items()),
        write_lake(parent / "both", [*_past(), *_future()], items=_items()),
    )


@dataclass
class Peeking:
    """A shop's data with somebody who looks into the future, in one of three ways."""

    lake: Path | None = None
    items: IdMap | None = None

    def known(self, lake: Path, *, as_of: datetime) -> Snapshot:
        """Take the snapshot as it is, and remember where from."""
        snapshot = take_snapshot(lake, as_of=as_of)
        self.lake, self.items = lake, snapshot.items
        return snapshot

    def bought_later(self, seen: Seen, candidates: Candidates, facts: ItemFacts) -> PairFeatures:
        """Add a feature that counts what is bought after `as_of`."""
        honest = ranker_features(seen, candidates, facts)
        later = EventLog(self.lake).scan(start=AS_OF).select("item_id").to_pyarrow()
        rows = self.items.rows(later["item_id"].to_pylist())
        counts = np.bincount(rows[rows >= 0], minlength=len(self.items))
        columns = dict(zip(honest.names, honest.rows, strict=True))
        return PairFeatures.of(columns | {"bought_later": counts[candidates.item_rows]})

    def later_prices(self, lake: Path, *, as_of: datetime) -> Snapshot:
        """Take the prices of a later day."""
        later = take_snapshot(lake, as_of=as_of + timedelta(days=9))
        known = take_snapshot(lake, as_of=as_of)
        prices = later.prices[later.items.rows(known.items.ids(np.arange(len(known.items))))]
        return replace(known, prices=prices)

    def an_hour_too_late(self, lake: Path, *, as_of: datetime) -> Snapshot:
        """Count the events of one more hour, as if a bound were not kept."""
        return replace(take_snapshot(lake, as_of=as_of + timedelta(hours=1)), as_of=as_of)


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


@pytest.mark.parametrize("new", [False, True], ids=["everything", "new"])
def test_every_feature_is_the_same_whatever_comes_after(
    new: bool, past_and_both: tuple[Path, Path]
) -> None:
    assert_no_feature_looks_ahead(*past_and_both, new=new)


def test_the_compared_table_holds_every_feature(past_and_both: tuple[Path, Path]) -> None:
    pairs, table = feature_table(past_and_both[0], new=False)

    assert {"als", "spectral", "item_knn", "due_again", "category_share", "log_price"} < set(table)
    # What never differs from pair to pair could not show a leak either.
    settled = {name for name, values in table.items() if len(set(values.tolist())) == 1}
    assert settled <= {"season"}
    assert len({user_id for user_id, _ in pairs}) == 20


def test_a_feature_that_counts_later_purchases_is_caught(
    past_and_both: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    peeking = Peeking()
    monkeypatch.setattr(no_future, "take_snapshot", peeking.known)
    monkeypatch.setattr("features.recommender.ranker_features", peeking.bought_later)

    with pytest.raises(AssertionError, match=r"these features look past as_of: bought_later$"):
        assert_no_feature_looks_ahead(*past_and_both, new=False)


def test_a_price_of_a_later_day_is_caught(
    past_and_both: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(no_future, "take_snapshot", Peeking().later_prices)

    with pytest.raises(AssertionError, match=r"look past as_of: log_price, .*usual_price"):
        assert_no_feature_looks_ahead(*past_and_both, new=False)


def test_one_hour_too_many_is_caught(
    past_and_both: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(no_future, "take_snapshot", Peeking().an_hour_too_late)

    with pytest.raises(AssertionError, match="the future names other candidates"):
        assert_no_feature_looks_ahead(*past_and_both, new=False)


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
