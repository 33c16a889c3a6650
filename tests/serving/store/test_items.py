"""The laws of item changes: column by column, the last word counts until a bundle knows it."""

from datetime import UTC, datetime

import pytest

from features.errors import InvalidInput
from serving.store import ItemChange, Store
from tests.serving.store.planted import NOW_US


def test_later_statements_merge_into_earlier_ones(store: Store) -> None:
    store.put_items([ItemChange("mug", {"price": 5.0, "available": True})], at_us=NOW_US)
    store.put_items(
        [ItemChange("lamp", {"hidden": True}), ItemChange("mug", {"available": False})],
        at_us=NOW_US,
    )

    assert store.item_changes() == [
        ItemChange("lamp", {"hidden": True}),
        ItemChange("mug", {"price": 5.0, "available": False}),
    ]


def test_two_statements_of_one_call_merge_in_their_order(store: Store) -> None:
    store.put_items(
        [ItemChange("mug", {"price": 5, "brand": None}), ItemChange("mug", {"price": 4})],
        at_us=NOW_US,
    )

    assert store.item_changes() == [ItemChange("mug", {"price": 4, "brand": None})]


def test_every_put_is_a_new_revision_of_the_items(store: Store) -> None:
    first = store.put_items([ItemChange("mug", {"price": 5})], at_us=NOW_US)
    second = store.put_items([ItemChange("mug", {"price": 5})], at_us=NOW_US)

    assert (first, second) == (1, 2)
    assert store.revisions().items == 2


def test_a_change_counts_until_the_bundle_holds_its_batch(store: Store) -> None:
    store.put_items([ItemChange("mug", {"price": 5})], at_us=NOW_US)
    batch = store.next_batch()
    store.mark_items_synced(store.unsynced_items(after_batch=0), batch)

    assert store.unsynced_items(after_batch=batch) == []
    assert store.item_changes(after_batch=batch - 1) == [ItemChange("mug", {"price": 5})]
    assert store.item_changes(after_batch=batch) == []


def test_a_change_that_was_synced_still_counts_for_a_bundle_from_before_any_batch(
    store: Store,
) -> None:
    store.put_items([ItemChange("mug", {"hidden": True})], at_us=NOW_US)
    store.mark_items_synced(store.unsynced_items(after_batch=0), store.next_batch())

    assert store.item_changes(after_batch=None) == [ItemChange("mug", {"hidden": True})]


def test_a_batch_that_did_not_get_into_the_catalogue_is_given_again(store: Store) -> None:
    store.put_items([ItemChange("mug", {"price": 5})], at_us=NOW_US)
    lost = store.unsynced_items(after_batch=0)
    store.mark_items_synced(lost, store.next_batch())

    assert store.unsynced_items(after_batch=0) == lost


def test_an_item_that_changes_while_it_is_synced_stays_new(store: Store) -> None:
    store.put_items([ItemChange("mug", {"price": 5}), ItemChange("lamp", {})], at_us=NOW_US)
    taken = store.unsynced_items(after_batch=0)
    store.put_items([ItemChange("mug", {"price": 4})], at_us=NOW_US)

    batch = store.next_batch()
    store.mark_items_synced(taken, batch)

    assert [change for _, change in store.unsynced_items(after_batch=batch)] == [
        ItemChange("mug", {"price": 4})
    ]


def test_the_oldest_changes_are_synced_first(store: Store) -> None:
    for item_id in "cab":
        store.put_items([ItemChange(item_id, {})], at_us=NOW_US)

    assert [change.item_id for _, change in store.unsynced_items(after_batch=0)] == [*"cab"]


def test_stated_values_come_back_as_json_has_them(store: Store) -> None:
    stated = {
        "released_at": datetime(2024, 6, 1, tzinfo=UTC),
        "title": "Größe '漢' \0",
        "tags": ["a", 1, None, True],
    }

    store.put_items([ItemChange("mug", stated)], at_us=NOW_US)

    told = {**stated, "released_at": "2024-06-01T00:00:00+00:00"}
    assert store.item_changes() == [ItemChange("mug", told)]


@pytest.mark.parametrize(
    "change",
    [
        ItemChange("nul\0", {}),
        ItemChange("mug", {"title": "half \ud800"}),
        ItemChange("mug", {"stock": 2**64}),
        ItemChange("mug", {"made_by": object()}),
    ],
    ids=["nul", "surrogate", "too-large", "no-json"],
)
def test_what_json_or_a_database_cannot_hold_is_refused(store: Store, change: ItemChange) -> None:
    with pytest.raises(InvalidInput):
        store.put_items([ItemChange("good", {}), change], at_us=NOW_US)

    assert store.item_changes() == []
    assert store.revisions().items == 0
