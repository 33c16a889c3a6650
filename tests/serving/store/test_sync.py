"""The laws of sync: each event leaves once, the oldest first."""

from serving.store import Store
from tests.serving.store.planted import EVERYTHING, ids_kept, view, views


def test_batches_are_numbered_and_a_revision(store: Store) -> None:
    assert [store.next_batch(), store.next_batch()] == [1, 2]
    assert store.revisions().sync == 2


def test_a_batch_is_numbered_after_the_last_one_that_the_log_has(store: Store) -> None:
    assert [store.next_batch(after=7), store.next_batch(after=7)] == [8, 9]


def test_events_leave_in_the_order_they_came_and_once(store: Store) -> None:
    for event in views("c", "a", "b"):
        store.add_events([event])

    first = store.unsynced_events(2)
    store.mark_synced([seq for seq, _ in first], store.next_batch())

    assert [event.event_id for _, event in first] == ["c", "a"]
    assert ids_kept(store) == ["b"]


def test_a_synced_event_is_still_known(store: Store) -> None:
    store.add_events([view("a")])
    store.mark_synced([seq for seq, _ in store.unsynced_events(EVERYTHING)], store.next_batch())

    assert store.add_events([view("a")]) == [False]
    assert ids_kept(store) == []


def test_thousands_are_marked_at_once_and_nothing_marks_nothing(store: Store) -> None:
    store.add_events(views("a", "b"))
    batch = store.next_batch()

    store.mark_synced([], batch)
    assert ids_kept(store) == ["a", "b"]

    store.mark_synced(range(40_000), batch)
    assert ids_kept(store) == []


def test_what_a_batch_holds_can_be_read_again(store: Store) -> None:
    for event in views("c", "a", "b"):
        store.add_events([event])
    for n_events in (2, 1):
        some = store.unsynced_events(n_events)
        store.mark_synced([seq for seq, _ in some], store.next_batch())

    assert store.batches_after(0) == [1, 2]
    assert store.batches_after(1) == [2]
    assert [event.event_id for event in store.events_of_batch(1)] == ["c", "a"]
    assert store.events_of_batch(2) == [views("c", "a", "b")[2]]
    assert store.events_of_batch(3) == []
