"""The laws of retention: what is older goes, what is younger stays, and says how many went."""

import pytest

from serving.store import ItemChange, Store, retention
from tests.serving.store.planted import (
    EVERYTHING,
    NOW_US,
    SECOND_US,
    ids_kept,
    logged,
    news_of,
    view,
    views,
)


def test_events_that_happened_earlier_are_dropped(store: Store) -> None:
    store.add_events(views("a", "b", "c", user_id="ann"))

    assert store.drop_events(NOW_US + 2 * SECOND_US, up_to_batch=None) == 2

    assert ids_kept(store) == ["c"]


def test_events_that_are_not_in_the_log_yet_may_stay(store: Store) -> None:
    store.add_events(views("synced", "new"))
    seqs = [seq for seq, event in store.unsynced_events(EVERYTHING) if event.event_id == "synced"]
    batch = store.next_batch()
    store.mark_synced(seqs, batch)

    assert store.drop_events(NOW_US + 9 * SECOND_US, up_to_batch=batch) == 1

    assert ids_kept(store) == ["new"]


def test_events_on_their_way_to_the_log_stay(store: Store) -> None:
    store.add_events([view("a")])
    batch = store.next_batch()
    store.mark_synced([seq for seq, _ in store.unsynced_events(EVERYTHING)], batch)

    assert store.drop_events(NOW_US + 1, up_to_batch=batch - 1) == 0

    assert [event.event_id for event in store.events_of_batch(batch)] == ["a"]


def test_a_trial_counts_what_would_go_and_drops_nothing(store: Store) -> None:
    store.add_events(views("a", "b", "c"))
    store.add_recommendations([logged("old", at_us=NOW_US - 1)])
    store.put_items([ItemChange("mug", {})], at_us=NOW_US - 1)
    batch = store.next_batch()
    store.mark_items_synced(store.unsynced_items(after_batch=0), batch)

    def drop(*, is_trial: bool) -> list[int]:
        return [
            store.drop_events(NOW_US + 2 * SECOND_US, up_to_batch=None, is_trial=is_trial),
            store.drop_recommendations(NOW_US, is_trial=is_trial),
            store.drop_item_changes(NOW_US, up_to_batch=batch, is_trial=is_trial),
        ]

    assert drop(is_trial=True) == [2, 1, 1]
    assert drop(is_trial=True) == [2, 1, 1]
    assert drop(is_trial=False) == [2, 1, 1]
    assert drop(is_trial=False) == [0, 0, 0]


def test_the_number_of_a_dropped_event_is_not_given_again(store: Store) -> None:
    store.add_events([view("a", user_id="ann")])
    ((first, _),) = store.unsynced_events(EVERYTHING)
    store.drop_events(NOW_US + 1, up_to_batch=None)

    store.add_events([view("b", user_id="ann")])

    ((second, _),) = store.unsynced_events(EVERYTHING)
    assert second > first
    assert news_of(store, "ann").counts == [1]


def test_very_many_are_dropped_bit_by_bit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 3)
    store.add_events(views(*"abcdefgh"))

    assert store.drop_events(NOW_US + 6 * SECOND_US, up_to_batch=None) == 6

    assert ids_kept(store) == ["g", "h"]


def test_lists_that_were_given_earlier_are_dropped(store: Store) -> None:
    store.add_recommendations([logged("old", at_us=NOW_US - 1), logged("new")])

    assert store.drop_recommendations(NOW_US) == 1

    assert store.recommendation("old") is None
    assert store.recommendation("new") is not None


def test_item_changes_go_when_a_bundle_knows_them_and_they_are_old(store: Store) -> None:
    for item_id in ("known", "young", "later", "unsynced"):
        at_us = NOW_US if item_id == "young" else NOW_US - 1
        store.put_items([ItemChange(item_id, {})], at_us=at_us)
    change_of = {change.item_id: (n, change) for n, change in store.unsynced_items(after_batch=0)}
    first, second = store.next_batch(), store.next_batch()
    store.mark_items_synced([change_of["known"], change_of["young"]], first)
    store.mark_items_synced([change_of["later"]], second)

    assert store.drop_item_changes(NOW_US, up_to_batch=first) == 1

    left = store.item_changes(after_batch=0)
    assert [change.item_id for change in left] == ["later", "unsynced", "young"]
