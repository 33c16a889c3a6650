"""The last items are the latest, each once, the latest weighing most."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import EventType
from features.last_items import last_items
from tests.shops import some_snapshot

N_ITEMS = 25


@given(st.integers(0, 1000), st.integers(1, 10))
def test_the_most_recent_different_items_weigh_one_a_half_a_third(seed: int, most: int) -> None:
    histories = some_snapshot(seed, n_items=N_ITEMS).histories

    found = last_items(histories, n_items=N_ITEMS, most=most).toarray()

    for person in range(len(histories)):
        entries = slice(histories.indptr[person], histories.indptr[person + 1])
        newest_first = list(dict.fromkeys(histories.item_rows[entries][::-1].tolist()))[:most]
        expected = np.zeros(N_ITEMS, dtype=np.float32)
        expected[newest_first] = 1 / np.arange(1, len(newest_first) + 1)
        np.testing.assert_allclose(found[person], expected)


@given(st.integers(0, 1000))
def test_a_person_alone_is_as_in_a_batch(seed: int) -> None:
    histories = some_snapshot(seed, n_items=N_ITEMS).histories

    together = last_items(histories, n_items=N_ITEMS).toarray()

    for person in range(len(histories)):
        alone = last_items(histories.take(np.array([person])), n_items=N_ITEMS)
        np.testing.assert_array_equal(alone.toarray()[0], together[person])


@pytest.mark.parametrize("kind", [EventType.RETURN, EventType.REMOVE_FROM_CART])
def test_what_was_given_back_is_not_wanted(kind: EventType) -> None:
    histories = some_snapshot(1, n_items=N_ITEMS).histories
    given_back = np.full_like(histories.event_types, kind.code)

    found = last_items(
        type(histories)(**{**histories.arrays(), "event_types": given_back}), n_items=N_ITEMS
    )

    assert found.nnz == 0
