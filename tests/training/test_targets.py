"""Targets are what the people of a snapshot bought in the fold's window."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from features.errors import NotEnoughData
from features.snapshot import Snapshot, take_snapshot
from tests.shops import AS_OF, Row, event, item, user, write_lake
from training.split import Fold
from training.targets import Targets, fold_targets

FOLD = Fold(AS_OF, horizon_days=10)


def _known(*user_ids: str) -> list[Row]:
    return [event(user_id, "known", "view", days=-5) for user_id in user_ids]


def _targets(
    lake: Path, events: list[Row], *, fold: Fold = FOLD, items: tuple[Row, ...] = ()
) -> tuple[Snapshot, Targets]:
    write_lake(lake, events, items=items, users=[user("idle")])
    snapshot = take_snapshot(lake, as_of=fold.as_of)
    return snapshot, fold_targets(lake, snapshot, fold)


def _wanted(snapshot: Snapshot, targets: Targets, matrix: sp.csr_array) -> dict[str, list[str]]:
    return {
        user_id: snapshot.items.ids(matrix[[place]].indices)
        for place, user_id in enumerate(snapshot.users.ids(targets.user_rows))
    }


def test_what_was_bought_in_the_window_is_wanted(tmp_path: Path) -> None:
    events = [
        *(event("ann", "mug", days=-3), event("bob", "cup", days=-3), event("ann", "jug", days=-3)),
        *(event("ann", "mug", days=1), event("ann", "cup", days=2), event("ann", "cup", days=3)),
        event("bob", "mug", days=10),
        # A view is no target, nor is what comes before or after the window.
        *(event("ann", "jug", "view", days=1), event("bob", "jug", days=11)),
    ]

    snapshot, targets = _targets(tmp_path, events)

    assert _wanted(snapshot, targets, targets.everything) == {"ann": ["cup", "mug"], "bob": ["mug"]}
    assert _wanted(snapshot, targets, targets.new) == {"ann": ["cup"], "bob": ["mug"]}
    assert set(targets.everything.data) == {1.0}


def test_new_is_what_was_never_bought_and_kept(tmp_path: Path) -> None:
    events = [
        *(event("ann", "mug", days=-9), event("bob", "mug", "view", days=-9)),
        *(event("cat", "mug", days=-9), event("cat", "mug", "return", days=-8)),
        *(event(one, "mug", days=1) for one in ("ann", "bob", "cat")),
    ]

    snapshot, targets = _targets(tmp_path, events)

    # What went back whole is not owned: serving recommends it again, so it counts as new.
    assert _wanted(snapshot, targets, targets.new) == {"ann": [], "bob": ["mug"], "cat": ["mug"]}


def test_people_without_a_past_are_no_test_users(tmp_path: Path) -> None:
    events = [*_known("ann", "bob"), event("old", "mug", days=-1)]
    events += [event(one, "mug", days=1) for one in ("ann", "bob", "idle", "stranger")]
    events += [event(None, "mug", days=1, anonymous_id="tab"), event(None, "mug", days=1)]

    snapshot, targets = _targets(tmp_path, events)

    assert snapshot.users.ids(targets.user_rows) == ["ann", "bob"]


def test_what_could_not_be_shown_is_no_target(tmp_path: Path) -> None:
    items = (item("hidden", hidden=True), item("to-come", released_at=AS_OF + timedelta(days=1)))
    bought = ("mug", "hidden", "to-come", "never-heard-of")
    events = [*_known("ann", "bob"), event("cat", "mug"), event("cat", "hidden")]
    events += [event(one, what, days=2) for one in ("ann", "bob") for what in bought]

    snapshot, targets = _targets(tmp_path, events, items=items)

    assert _wanted(snapshot, targets, targets.everything) == {"ann": ["mug"], "bob": ["mug"]}


def test_the_gap_is_neither_history_nor_target(tmp_path: Path) -> None:
    fold = Fold(AS_OF, horizon_days=2, gap_days=3)
    events = [*_known("ann", "bob"), event("cat", "mug"), event("cat", "cup")]
    events += [event(one, "cup", days=1) for one in ("ann", "bob")]
    events += [event(one, "mug", days=4) for one in ("ann", "bob")]

    snapshot, targets = _targets(tmp_path, events, fold=fold)

    assert _wanted(snapshot, targets, targets.everything) == {"ann": ["mug"], "bob": ["mug"]}


def test_parts_of_a_second_fall_on_one_side_or_on_none(tmp_path: Path) -> None:
    second = 1 / 86_400
    events = [*_known("ann", "bob"), event("cat", "mug"), event("cat", "cup")]
    events += [event(one, "cup", days=0.5 * second) for one in ("ann", "bob")]
    events += [event(one, "mug", days=second) for one in ("ann", "bob")]

    snapshot, targets = _targets(tmp_path, events)

    assert snapshot.histories.timestamps.max() <= AS_OF.timestamp()
    assert _wanted(snapshot, targets, targets.everything) == {"ann": ["mug"], "bob": ["mug"]}


@pytest.mark.parametrize("buyers", [(), ("ann",)])
def test_fewer_than_two_test_users_are_too_few(buyers: tuple[str, ...], tmp_path: Path) -> None:
    events = [*_known("ann", "bob"), *(event(one, "known", days=1) for one in buyers)]

    with pytest.raises(NotEnoughData, match=f"{len(buyers)} people .* longer --horizon-days"):
        _targets(tmp_path, events)


def test_the_rows_are_those_of_the_snapshot(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pairs = {(f"user-{rng.integers(9)}", f"item-{rng.integers(9)}") for _ in range(40)}
    past = [event(f"user-{row}", f"item-{row}", "view", days=-1) for row in range(9)]

    snapshot, targets = _targets(tmp_path, past + [event(*pair, days=1) for pair in sorted(pairs)])

    people, items = targets.everything.nonzero()
    found = zip(
        snapshot.users.ids(targets.user_rows[people]), snapshot.items.ids(items), strict=True
    )
    assert set(found) == pairs
