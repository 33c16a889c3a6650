"""What the shop says of its items holds in the next list, on every path, also for new items."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.candidates import Source
from features.kinds import Kind
from features.lists import Lists
from features.recommender import ListPolicy
from serving.explain import explain
from serving.live_catalogue import LiveCatalogue, with_changes
from tests.shops import AS_OF, full_bundle, some_bundle, trend_rows_of
from training.bundle import Bundle

NOW = AS_OF + timedelta(days=1)
KINDS: tuple[Kind, ...] = ("any", "alternatives", "complements")
SOLD_OUT = {"available": False}
ON_SALE = {"available": True}

Changes = Mapping[str, Mapping[str, Any]]


@cache
def _full() -> Bundle:
    return full_bundle(3, n_users=12, n_items=23)


@cache
def _popular_only() -> Bundle:
    return some_bundle(3, with_model=False, n_users=12, n_items=23)


SHOPS: dict[str, Callable[[], Bundle]] = {"everything": _full, "popular": _popular_only}


def _live(bundle: Bundle, changes: Changes) -> Bundle:
    return with_changes(bundle, changes, now=NOW)


def _for_people(bundle: Bundle, num_results: int | None = None) -> Lists:
    return bundle.recommender.recommend(
        bundle.persons(np.arange(len(bundle.users))),
        ListPolicy(num_results or len(bundle.items)),
        trend_rows=trend_rows_of(bundle),
    )


def _for_items(bundle: Bundle, kind: Kind, num_results: int | None = None) -> Lists:
    seeds = [np.array([row]) for row in range(len(bundle.items))]
    return bundle.similar.similar(seeds, num_results=num_results or len(bundle.items), kind=kind)


def _every_list(bundle: Bundle, num_results: int | None = None) -> list[Lists]:
    kinds = KINDS if bundle.similar.knows_kinds else KINDS[:1]
    similar = [_for_items(bundle, kind, num_results) for kind in kinds]
    return [_for_people(bundle, num_results), *similar]


def _listed(bundle: Bundle, lists: Lists, place: int) -> set[str]:
    rows = lists.item_rows[place]
    return set(bundle.items.ids(rows[rows >= 0]))


def _listed_anywhere(bundle: Bundle, num_results: int | None = None) -> set[str]:
    every = np.concatenate([one.item_rows.ravel() for one in _every_list(bundle, num_results)])
    return set(bundle.items.ids(np.unique(every[every >= 0])))


def _shown(bundle: Bundle) -> set[str]:
    return set(bundle.items.ids(np.flatnonzero(bundle.catalogue.recommendable)))


def _held_back(bundle: Bundle) -> str:
    return bundle.items.id_of(int(np.flatnonzero(~bundle.catalogue.recommendable)[0]))


def _most_wanted(bundle: Bundle) -> str:
    return bundle.items.id_of(int(bundle.recommender.trends.order[0]))


def _assert_same_lists(one: Bundle, other: Bundle, n_items: int) -> None:
    """Compare what everybody is shown, and what is similar to the first items."""
    for kind_of_list, of_one, of_other in zip(
        ("people", *KINDS), _every_list(one, 8), _every_list(other, 8), strict=False
    ):
        for name in ("item_rows", "scores", "sources"):
            first, second = (getattr(lists, name)[:n_items] for lists in (of_one, of_other))
            np.testing.assert_array_equal(first, second, err_msg=f"{kind_of_list}: {name}")


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("change", [SOLD_OUT, {"hidden": True}], ids=str)
def test_a_hidden_or_sold_out_item_is_in_no_list(shop: str, change: dict[str, Any]) -> None:
    bundle = SHOPS[shop]()
    wanted = _most_wanted(bundle)

    live = _live(bundle, {wanted: change})

    assert wanted in _listed_anywhere(bundle)
    assert wanted not in _listed_anywhere(live)


@pytest.mark.parametrize("shop", SHOPS)
def test_an_item_that_is_back_is_in_the_lists_again(shop: str) -> None:
    bundle = SHOPS[shop]()
    gone = _held_back(bundle)

    live = _live(bundle, {gone: ON_SALE})

    assert gone not in _listed_anywhere(bundle)
    assert all(gone in _listed(live, _for_people(live), place) for place in range(12))
    assert live.catalogue.recommendable is live.recommender.recommendable
    assert live.catalogue.recommendable is live.similar.recommendable


def test_an_item_that_is_back_has_the_place_that_its_demand_gives_it() -> None:
    bundle = _full()
    wanted = _most_wanted(bundle)

    there_again = _live(_live(bundle, {wanted: SOLD_OUT}), {wanted: ON_SALE})

    trends = there_again.recommender.trends
    np.testing.assert_array_equal(trends.order, bundle.recommender.trends.order)
    np.testing.assert_array_equal(trends.top, bundle.recommender.trends.top)


def test_pages_and_filters_see_the_new_price_and_the_ranker_the_one_it_learnt() -> None:
    bundle = _full()

    live = _live(bundle, {"item-003": {"price": 99.5, "title": "Lamp, reduced"}})

    assert live.catalogue.properties(3)["price"] == 99.5
    assert live.catalogue.title(3) == "Lamp, reduced"
    assert live.catalogue.table["price"][3].as_py() == 99.5
    assert live.recommender is bundle.recommender
    assert live.similar is bundle.similar
    assert live.items is bundle.items


def test_a_column_set_to_null_is_empty() -> None:
    live = _live(_full(), {"item-003": {"title": None, "price": None}})

    assert live.catalogue.title(3) == "item-003"
    assert "price" not in live.catalogue.properties(3)


def test_nothing_of_the_bundle_is_written_to(tiny_bundle: Bundle) -> None:
    wanted = _most_wanted(tiny_bundle)
    before = _for_people(tiny_bundle)
    table = tiny_bundle.catalogue.table

    _live(tiny_bundle, {wanted: SOLD_OUT, "new": {"category": "Home > Lamps"}})

    assert tiny_bundle.catalogue.table.equals(table)
    np.testing.assert_array_equal(_for_people(tiny_bundle).item_rows, before.item_rows)


def test_without_changes_the_bundle_stays_itself(tiny_bundle: Bundle) -> None:
    assert _live(tiny_bundle, {}) is tiny_bundle


def test_only_the_columns_stated_and_the_masks_are_made_anew() -> None:
    bundle = _full()

    live = _live(bundle, {"item-003": {"price": 4.0, **SOLD_OUT}})

    titles, same = (one.catalogue.table["title"].chunk(0).buffers()[2] for one in (live, bundle))
    assert titles.address == same.address
    assert live.recommender.retrievers is bundle.recommender.retrievers
    assert live.recommender.sources is bundle.recommender.sources
    assert live.recommender.facts is bundle.recommender.facts
    assert live.recommender.trends.scores is bundle.recommender.trends.scores
    assert live.similar.index is bundle.similar.index
    assert live.histories is bundle.histories


@pytest.mark.parametrize("shop", SHOPS)
def test_a_new_item_is_in_the_next_lists(shop: str) -> None:
    bundle = SHOPS[shop]()

    live = _live(bundle, {"new": {"title": "New lamp", "category": "Left", "price": 5.0}})

    assert live.items.id_of(23) == "new"
    assert live.catalogue.properties(23) == {"title": "New lamp", "category": "Left", "price": 5.0}
    for_people = _for_people(live)
    assert all("new" in _listed(live, for_people, place) for place in range(12))


def test_a_new_item_is_named_as_a_new_arrival_to_somebody_new() -> None:
    live = _live(_full(), {"new": {"category": "Left"}})

    lists = _for_people(live)

    place = lists.item_rows[0].tolist().index(23)
    assert lists.sources[0, place] == Source.NEW_ARRIVAL.code


def test_a_new_item_is_similar_to_what_shares_its_category() -> None:
    live = _live(_full(), {"new": {"category": "Left"}})

    of_the_new = _for_items(live, "any", 5).item_rows[23]

    categories = live.catalogue.table["category"].to_pylist()
    assert [categories[row] for row in of_the_new] == ["Left"] * 5
    # And the other way round: whoever looks at the ten others of its category sees it.
    others = [row for row in np.flatnonzero(live.catalogue.recommendable) if row < 11]
    lists = _for_items(live, "any", 12)
    assert all("new" in _listed(live, lists, row) for row in others)


def test_a_view_of_a_new_item_says_what_its_category_says() -> None:
    live = _live(_full(), {"new": {"category": "Left"}})
    model = live.recommender.model
    assert model is not None

    vector = model.item_vectors[23]

    left = np.flatnonzero(live.catalogue.recommendable[:11])
    expected = model.item_vectors[left].sum(axis=0) / (len(left) + 3)
    np.testing.assert_allclose(vector, expected, rtol=1e-5)


def test_an_item_of_no_category_lies_nowhere_and_is_still_shown() -> None:
    live = _live(_full(), {"new": {"title": "Mystery"}})
    model = live.recommender.model
    assert model is not None

    assert not model.item_vectors[23].any()
    assert "new" in _listed_anywhere(live)


@pytest.mark.parametrize("shop", SHOPS)
def test_new_items_that_are_hidden_change_no_list_and_no_reason(shop: str) -> None:
    bundle = SHOPS[shop]()

    hidden = {f"new-{place}": {"category": "Left", "hidden": True} for place in range(3)}
    live = _live(bundle, hidden)

    _assert_same_lists(live, bundle, 23)
    everybody = np.arange(len(bundle.users))
    now, before = (
        explain(one.recommender, one.persons(everybody), _for_people(one, 8))
        for one in (live, bundle)
    )
    np.testing.assert_array_equal(now.item_rows, before.item_rows)
    np.testing.assert_array_equal(now.shares, before.shares)
    np.testing.assert_array_equal(now.verbs, before.verbs)


def test_new_items_of_a_new_category_are_similar_to_each_other() -> None:
    changes = {name: {"category": "Garden > Rakes"} for name in ("rake-1", "rake-2")}

    live = _live(_popular_only(), changes)

    lists = _for_items(live, "any", 1)
    assert _listed(live, lists, live.items.row_of("rake-1")) == {"rake-2"}


def test_what_is_released_later_waits_for_its_day() -> None:
    released = NOW + timedelta(days=2)
    changes = {"new": {"released_at": released.isoformat(), "category": "Left"}}

    before = with_changes(_full(), changes, now=NOW)
    after = with_changes(_full(), changes, now=released)

    assert "new" not in _listed_anywhere(before)
    assert "new" in _listed_anywhere(after)


stated = st.fixed_dictionaries(
    {},
    optional={
        "available": st.booleans(),
        "hidden": st.booleans(),
        "price": st.none() | st.floats(0.01, 1e6),
        "title": st.none() | st.text(max_size=5),
        "category": st.sampled_from([None, "Left", "Right", "Left > Deep", "Else"]),
        "brand": st.sampled_from([None, "Glow"]),
        "released_at": st.sampled_from([None, NOW - timedelta(days=9), NOW + timedelta(days=9)]),
    },
)
item_ids = st.sampled_from([f"item-{row:03d}" for row in range(0, 23, 2)] + ["new-1", "new-2"])
changes_of_a_day = st.dictionaries(item_ids, stated, max_size=6)


@settings(max_examples=40)
@given(st.sampled_from(list(SHOPS)), st.lists(changes_of_a_day, max_size=4))
def test_what_may_be_shown_is_found_and_nothing_else(shop: str, days: list[Changes]) -> None:
    live = SHOPS[shop]()
    for changes in days:
        live = _live(live, changes)

    shown = _shown(live)

    assert _listed_anywhere(live) <= shown
    for_people = _for_people(live)
    assert all(_listed(live, for_people, place) == shown for place in range(12))
    of_any_kind = _for_items(live, "any")
    for row in range(len(live.items)):
        assert _listed(live, of_any_kind, row) == shown - {live.items.id_of(row)}


@settings(max_examples=40)
@given(st.sampled_from(list(SHOPS)), changes_of_a_day, changes_of_a_day)
def test_one_change_after_the_other_is_both_at_once(
    shop: str, first: Changes, second: Changes
) -> None:
    bundle = SHOPS[shop]()
    names = dict.fromkeys([*first, *second])
    both = {name: {**first.get(name, {}), **second.get(name, {})} for name in names}

    one_by_one, at_once = _live(_live(bundle, first), second), _live(bundle, both)

    assert one_by_one.catalogue.table.equals(at_once.catalogue.table)
    assert _shown(one_by_one) == _shown(at_once)
    _assert_same_lists(one_by_one, at_once, len(at_once.items))


def test_a_request_pays_only_where_something_changed(tiny_bundle: Bundle) -> None:
    live, asked = LiveCatalogue(clock=lambda: NOW), []

    def read() -> Changes:
        asked.append("read")
        return {"item-03": SOLD_OUT}

    first = live.of(tiny_bundle, 1, read)

    assert live.of(tiny_bundle, 1, read) is first
    assert len(asked) == 1
    assert live.of(tiny_bundle, 2, read) is not first
    assert len(asked) == 2


def test_another_bundle_gets_the_changes_too(tiny_bundle: Bundle) -> None:
    live = LiveCatalogue(clock=lambda: NOW)
    live.of(_full(), 1, lambda: {"item-03": SOLD_OUT})

    other = live.of(tiny_bundle, 1, lambda: {"item-03": SOLD_OUT})

    assert not other.catalogue.recommendable[3]
    assert len(other.items) == len(tiny_bundle.items)


def test_an_item_is_shown_from_the_moment_of_its_release(tiny_bundle: Bundle) -> None:
    times = [NOW]
    live = LiveCatalogue(clock=lambda: times[-1])
    released = {"item-03": {"released_at": NOW + timedelta(hours=1)}}

    before = live.of(tiny_bundle, 1, lambda: released).catalogue.recommendable[3]
    times.append(NOW + timedelta(hours=1))
    after = live.of(tiny_bundle, 1, lambda: released).catalogue.recommendable[3]

    assert (bool(before), bool(after)) == (False, True)


def test_threads_that_ask_at_once_make_the_bundle_once(tiny_bundle: Bundle) -> None:
    live, start = LiveCatalogue(clock=lambda: NOW), Barrier(8)
    asked: list[str] = []
    answers: list[Bundle] = []

    def read() -> Changes:
        asked.append("read")
        return {"item-03": SOLD_OUT}

    def ask() -> None:
        start.wait()
        answers.append(live.of(tiny_bundle, 1, read))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(asked) == 1
    assert len({id(one) for one in answers}) == 1


def test_the_clock_tells_the_time_by_itself(tiny_bundle: Bundle) -> None:
    long_ago, far_off = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
    dates = {"new-1": {"released_at": long_ago}, "new-2": {"released_at": far_off}}

    live = LiveCatalogue().of(tiny_bundle, 1, lambda: dates)

    assert live.catalogue.recommendable[-2:].tolist() == [True, False]
