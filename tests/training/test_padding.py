"""A bundle that makes room for newcomers has it everywhere, and shares what needs none."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from features.catalog import ITEM_SCHEMA, Catalogue
from features.context import KINDS
from features.context_lifts import ContextLifts
from features.item_index import ItemIndex
from features.newcomers import Newcomers
from features.recommender import Recommender
from tests.shops import full_bundle, item
from training.bundle import Bundle
from training.padding import padded, padded_similar
from training.stored_recommender import groups_of

N_ITEMS, N_NEW = 23, 4


def _full() -> Bundle:
    bundle = full_bundle(5, n_users=12, n_items=N_ITEMS)
    # The northern seasons, and then the southern.
    sizes = {kind: len(values) * (1 + (kind == "season")) for kind, values in KINDS.items()}
    lifts = {kind: np.ones((size, N_ITEMS), np.float32) for kind, size in sizes.items()}
    recommender = replace(bundle.recommender, lifts=ContextLifts(**lifts))
    return replace(bundle, recommender=recommender)


def _newcomers(catalogue: Catalogue) -> Newcomers:
    rows = [item(f"new-{place}", category="Left", price=np.e) for place in range(N_NEW)]
    table = pa.concat_tables([catalogue.table, pa.Table.from_pylist(rows, schema=ITEM_SCHEMA)])
    shown = np.concatenate((catalogue.recommendable, np.ones(N_NEW, dtype=np.bool_)))
    return Newcomers.of(Catalogue(table, shown), n_trained=N_ITEMS)


def _arrays(recommender: Recommender) -> dict[str, np.ndarray]:
    return {
        f"{group}/{name}": array
        for group, named in groups_of(recommender).items()
        for name, array in named.items()
    }


def test_no_array_is_left_without_room() -> None:
    bundle = _full()
    before = _arrays(bundle.recommender)

    after = _arrays(padded(bundle.recommender, _newcomers(bundle.catalogue)))

    # An axis of items, or one of their beginnings and the last end.
    expected = {
        name: tuple(
            size + N_NEW if size in (N_ITEMS, N_ITEMS + 1) else size for size in array.shape
        )
        for name, array in before.items()
    }
    expected["source_arrivals/item_rows"] = (len(before["source_arrivals/item_rows"]) + N_NEW,)
    assert {name: array.shape for name, array in after.items()} == expected
    assert {name: array.dtype for name, array in after.items()} == {
        name: array.dtype for name, array in before.items()
    }


def test_what_was_learnt_of_trained_items_is_untouched() -> None:
    bundle = _full()

    after = _arrays(padded(bundle.recommender, _newcomers(bundle.catalogue)))

    for name, array in _arrays(bundle.recommender).items():
        if name != "source_arrivals/item_rows":
            kept = after[name][tuple(slice(size) for size in array.shape)]
            np.testing.assert_array_equal(kept, array, err_msg=name)


def test_making_room_again_makes_it_anew() -> None:
    bundle = _full()
    newcomers = _newcomers(bundle.catalogue)
    once = padded(bundle.recommender, newcomers)

    twice = _arrays(padded(once, newcomers))

    for name, array in _arrays(once).items():
        np.testing.assert_array_equal(twice[name], array, err_msg=name)


def test_a_newcomer_is_of_today_and_costs_what_it_costs() -> None:
    bundle = _full()

    facts = padded(bundle.recommender, _newcomers(bundle.catalogue)).facts

    assert facts is not None
    assert facts.age_days[N_ITEMS:].tolist() == [0.0] * N_NEW
    assert facts.log_price[N_ITEMS:].tolist() == [1.0] * N_NEW  # ln e
    assert (facts.category_rows[N_ITEMS:] == facts.category_rows[0]).all()


def test_neighbours_share_what_they_hold() -> None:
    bundle = _full()
    newcomers = _newcomers(bundle.catalogue)

    recommender = padded(bundle.recommender, newcomers)
    similar = padded_similar(bundle.similar, recommender, newcomers)

    before, after = bundle.recommender.sources.content, recommender.sources.content
    assert before is not None
    assert after is not None
    assert np.shares_memory(after.similarity.data, before.similarity.data)
    assert np.shares_memory(after.similarity.indices, before.similarity.indices)
    assert similar.content is after


def test_an_approximate_index_finds_newcomers() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(400, 8)).astype(np.float32)
    index = ItemIndex.build(vectors, budget_ms=0)

    longer = replace(index, vectors=np.vstack([vectors, 9 * vectors[:1]]))

    free = np.zeros((1, 401), dtype=np.bool_)
    assert longer.search_unblocked(vectors[:1], 3, blocked=free)[0, 0] == 400
