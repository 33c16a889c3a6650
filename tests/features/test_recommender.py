"""A list is the same in every batch, full where it can be, and holds nothing it must not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.candidates import SOURCES, Source
from features.encoders import HistoryMeanEncoder
from features.events import EventType
from features.fitted_model import EmbeddingModel
from features.history import SECONDS_PER_DAY, Histories
from features.item_index import ItemIndex
from features.lists import Lists
from features.pair_features import Blend
from features.recommender import ListPolicy, Wishes
from features.retrievers import EmbeddingRetriever
from features.sources import Sources
from tests.shops import some_bundle, some_snapshot
from training.bundle import Bundle

BUY, VIEW = EventType.PURCHASE.code, EventType.VIEW.code
shops = st.builds(
    some_bundle,
    st.integers(0, 1000),
    with_model=st.booleans(),
    n_users=st.integers(1, 12),
    n_items=st.integers(1, 30),
    most_events=st.sampled_from([1, 6, 40]),
    n_unavailable=st.integers(0, 12),
)
policies = st.builds(ListPolicy, st.sampled_from([1, 3, 10, 500]), st.booleans())


def _all_lists(
    bundle: Bundle,
    policy: ListPolicy,
    *,
    rows: np.ndarray | None = None,
    excluded: list[np.ndarray] | None = None,
) -> Lists:
    chosen = np.arange(len(bundle.users)) if rows is None else rows
    return bundle.recommender.recommend(
        bundle.recommender.read(bundle.histories.take(chosen)),
        policy,
        trend_rows=_trend_rows(bundle)[chosen],
        wishes=Wishes(excluded=excluded or ()),
    )


def _trend_rows(bundle: Bundle) -> np.ndarray:
    trends = bundle.recommender.trends
    return np.array([trends.row_of(one) for one in bundle.people.country_names])


def _bought(bundle: Bundle, user_row: int) -> set[int]:
    one = bundle.histories.take(np.array([user_row]))
    return set(one.item_rows[one.event_types == BUY].tolist())


def _list(lists: Lists, place: int) -> list[int]:
    return [row for row in lists.item_rows[place].tolist() if row >= 0]


def _assert_same(one: Lists, other: Lists) -> None:
    for name in ("item_rows", "scores", "sources"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), strict=True)


def _with_mean_encoder(bundle: Bundle) -> Bundle:
    """Serve the same items by an encoder of the other kind."""
    first = bundle.recommender.first
    vectors = first.model.item_vectors
    d = vectors.shape[1]
    rng = np.random.default_rng(0)
    encoder = HistoryMeanEncoder(
        inputs=vectors,
        mapping=rng.normal(size=(d, d)).astype(np.float32),
        intercept=rng.normal(size=d).astype(np.float32),
    )
    model = EmbeddingModel(vectors, encoder)
    retrievers = {"als": EmbeddingRetriever(model, first.index)}
    return replace(bundle, recommender=replace(bundle.recommender, retrievers=retrievers))


@settings(max_examples=40)
@given(shops, policies)
def test_a_person_gets_the_same_list_alone_and_among_others(
    bundle: Bundle, policy: ListPolicy
) -> None:
    together = _all_lists(bundle, policy)

    for row in range(len(bundle.users)):
        alone = _all_lists(bundle, policy, rows=np.array([row]))
        _assert_same(alone, Lists(*(part[[row]] for part in _parts(together))))


@pytest.mark.parametrize("num_results", [10, 60])
def test_an_encoder_of_means_gives_everybody_the_same_list_in_every_batch(
    num_results: int,
) -> None:
    bundle = _with_mean_encoder(some_bundle(3, n_users=60, n_items=50))
    policy = ListPolicy(num_results)

    together = _all_lists(bundle, policy)

    for row in range(len(bundle.users)):
        alone = _all_lists(bundle, policy, rows=np.array([row]))
        _assert_same(alone, Lists(*(part[[row]] for part in _parts(together))))


@settings(max_examples=30)
@given(shops, policies, st.randoms(use_true_random=False))
def test_the_order_of_the_people_is_only_the_order_of_the_lists(
    bundle: Bundle, policy: ListPolicy, random: object
) -> None:
    order = np.arange(len(bundle.users))
    random.shuffle(order)  # type: ignore[attr-defined]

    shuffled = _all_lists(bundle, policy, rows=order)

    _assert_same(shuffled, Lists(*(part[order] for part in _parts(_all_lists(bundle, policy)))))


@settings(max_examples=60)
@given(shops, policies, st.data())
def test_a_list_holds_nothing_it_must_not_and_all_that_it_can(
    bundle: Bundle, policy: ListPolicy, data: st.DataObject
) -> None:
    n_items = len(bundle.items)
    some_items = st.lists(st.integers(0, n_items - 1), max_size=n_items)
    excluded = [np.array(data.draw(some_items), dtype=np.int64) for _ in range(len(bundle.users))]

    lists = _all_lists(bundle, policy, excluded=excluded)

    recommendable = set(np.flatnonzero(bundle.recommender.recommendable).tolist())
    for place in range(len(bundle.users)):
        allowed = recommendable - set(excluded[place].tolist())
        if policy.exclude_purchased:
            allowed -= _bought(bundle, place)
        shown = _list(lists, place)
        assert set(shown) <= allowed
        assert len(set(shown)) == len(shown) == min(policy.num_results, len(allowed))
        assert (np.diff(lists.scores[place, : len(shown)]) <= 0).all()
        assert (lists.item_rows[place, len(shown) :] == -1).all()


def test_what_was_bought_is_kept_or_left_out_by_policy() -> None:
    bundle = some_bundle(5, n_users=20, most_events=20)

    kept = _all_lists(bundle, ListPolicy(25))
    left_out = _all_lists(bundle, ListPolicy(25, exclude_purchased=True))

    repeats = [set(_list(kept, row)) & _bought(bundle, row) for row in range(20)]
    assert sum(map(len, repeats)) > 0
    assert not [row for row in range(20) if set(_list(left_out, row)) & _bought(bundle, row)]


@pytest.mark.parametrize("with_model", [True, False])
@pytest.mark.parametrize("trend", [0.0, 0.5])
def test_somebody_new_gets_what_is_trending_where_they_are(with_model: bool, trend: float) -> None:
    bundle = some_bundle(7, n_users=80, n_items=60, with_model=with_model)
    recommender = replace(bundle.recommender, blend=Blend(trend=trend))
    trends = recommender.trends
    every_place = np.arange(len(trends.countries) + 1)

    lists = recommender.recommend(
        recommender.read(Histories.empty(len(every_place))), ListPolicy(50), trend_rows=every_place
    )

    depth, everywhere = recommender.sources.budgets.trending, trends.top[-1].tolist()
    new = recommender.sources.arrivals.item_rows.tolist()
    for place, here in enumerate(trends.top.tolist()):
        of_country = here[:depth] if place < len(trends.countries) else []
        # The announced fallback is what the sources do not hold.
        wanted = [*of_country, *everywhere[:depth], *new, *here]
        assert lists.item_rows[place].tolist() == list(dict.fromkeys(wanted))[:50]
    assert len({tuple(one) for one in lists.item_rows.tolist()}) == len(every_place)
    here, nowhere = ([SOURCES[code] for code in lists.sources[row].tolist()] for row in (0, -1))
    assert here[:depth] == [Source.TRENDING_IN_COUNTRY] * depth
    assert nowhere[:depth] == [Source.TRENDING] * depth
    assert nowhere[-1] is Source.POPULAR


def test_a_new_event_changes_the_next_list() -> None:
    bundle = some_bundle(11, n_users=60, n_items=40, n_unavailable=0)
    somebody = bundle.histories.take(np.array([1]))  # of those who want the second half
    now_s = bundle.recommender.as_of_s
    clicks = Histories.of([[(row, BUY, now_s) for row in (1, 2, 3)]])

    before, after = (
        bundle.recommender.recommend(
            bundle.recommender.read(histories), ListPolicy(10), trend_rows=np.array([0])
        )
        for histories in (somebody, somebody.joined(clicks))
    )

    first_half = [sum(row < 20 for row in _list(lists, 0)) for lists in (before, after)]
    assert first_half[0] < first_half[1]


def test_an_event_after_as_of_counts_as_one_of_that_moment() -> None:
    bundle = some_bundle(1)
    recommender = bundle.recommender
    now, later = (
        recommender.read(Histories.of([[(2, VIEW, recommender.as_of_s + seconds)]]))
        for seconds in (0, 9 * SECONDS_PER_DAY)
    )

    np.testing.assert_array_equal(now.confidence.toarray(), later.confidence.toarray())
    np.testing.assert_array_equal(now.vectors, later.vectors)


def test_vectors_that_were_encoded_before_are_used_as_they_are() -> None:
    bundle = some_bundle(1)
    known = np.full((len(bundle.users), 8), 0.5, dtype=np.float32)

    persons = bundle.recommender.read(bundle.histories, vectors=known)

    assert persons.vectors is known


def test_asking_for_nobody_gives_no_lists() -> None:
    lists = _all_lists(some_bundle(0), ListPolicy(4), rows=np.empty(0, dtype=np.int64))

    assert lists.item_rows.shape == lists.scores.shape == lists.sources.shape == (0, 4)


def test_a_shop_of_one_item_shows_it_to_everybody() -> None:
    bundle = some_bundle(2, n_items=1, n_unavailable=0)

    lists = _all_lists(bundle, ListPolicy(3))

    assert set(map(tuple, lists.item_rows.tolist())) == {(0, -1, -1)}


def test_a_wholesaler_who_bought_nearly_all_gets_the_rest() -> None:
    bundle = some_bundle(4, n_items=300, n_unavailable=20)
    as_of_s = bundle.recommender.as_of_s
    rest = {7, 77, 177, 277}
    bought = Histories.of([[(row, BUY, as_of_s - 60) for row in range(300) if row not in rest]])

    lists = bundle.recommender.recommend(
        bundle.recommender.read(bought),
        ListPolicy(10, exclude_purchased=True),
        trend_rows=np.array([0]),
    )

    free = {row for row in rest if bundle.recommender.recommendable[row]}
    assert set(_list(lists, 0)) == free
    assert len(free) >= 3


@pytest.mark.parametrize("kind", ["exact", "ivf"])
def test_sold_out_items_do_not_crowd_out_those_that_can_be_shown(kind: str) -> None:
    rng = np.random.default_rng(0)
    n_items = 24_000
    vectors = rng.normal(size=(n_items, 8)).astype(np.float32)
    recommendable = rng.random(n_items) < 0.1
    order = np.flatnonzero(recommendable).astype(np.int32)
    small = some_bundle(0).recommender
    budget_ms = {"exact": 1e9, "ivf": 0.0}[kind]
    recommender = replace(
        small,
        recommendable=recommendable,
        trends=replace(
            small.trends,
            scores=np.zeros(n_items, np.float32),
            top=np.tile(order[:32], (len(small.trends.countries) + 1, 1)),
            order=order,
        ),
        retrievers={
            "als": EmbeddingRetriever(
                EmbeddingModel(vectors, small.model.encoder),
                ItemIndex.build(vectors, findable=recommendable, budget_ms=budget_ms),
            )
        },
        sources=Sources(),
    )
    persons = recommender.read(
        Histories.of([[(5, BUY, small.as_of_s)]] * 8),
        vectors=rng.normal(size=(8, 8)).astype(np.float32),
    )

    lists = recommender.recommend(persons, ListPolicy(50), trend_rows=np.zeros(8, np.int64))

    assert recommender.first.index.choice.kind == kind
    affinities = persons.vectors @ vectors.T
    affinities[:, ~recommendable] = -np.inf
    nearest = np.argsort(-affinities, axis=1)[:, :50]
    shared = [np.isin(lists.item_rows[row], nearest[row]).mean() for row in range(8)]
    # The item that everybody bought may stand among them, and cells find 99 in 100.
    assert np.mean(shared) > 0.95


def test_nothing_that_was_given_is_changed() -> None:
    bundle = some_bundle(6)
    before = some_bundle(6)
    excluded = [np.array([1, 2])] * len(bundle.users)

    _all_lists(bundle, ListPolicy(10, exclude_purchased=True), excluded=excluded)

    for name, array in bundle.histories.arrays().items():
        np.testing.assert_array_equal(array, before.histories.arrays()[name])
    np.testing.assert_array_equal(
        bundle.recommender.recommendable, some_snapshot(6).catalogue.recommendable
    )
    assert all(one.tolist() == [1, 2] for one in excluded)


def _parts(lists: Lists) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return lists.item_rows, lists.scores, lists.sources
