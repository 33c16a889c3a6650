"""What is wished of a list holds for it, whatever the shop knows and however it is ordered."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.arrivals import Arrivals
from features.candidates import SOURCES, Source, in_order
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.lists import Lists
from features.neighbours import Neighbours
from features.proposal import ListPolicy, Proposal, Wishes
from features.recommender import Recommender
from features.repurchase import RepurchaseModel
from features.sources import DEFAULT_SOURCES, Sources
from tests.shops import AS_OF, full_bundle, trend_rows_of
from training.bundle import Bundle

BUY, VIEW, CART = EventType.PURCHASE.code, EventType.VIEW.code, EventType.CART.code
AS_OF_S = int(AS_OF.timestamp())
N_USERS, N_ITEMS = 30, 60
ALL_SOURCES = (*DEFAULT_SOURCES, Source.RECENTLY_VIEWED)


@pytest.fixture(scope="module")
def shop() -> Bundle:
    return full_bundle(3, n_users=N_USERS, n_items=N_ITEMS)


def _done(*events: tuple[int, int, float]) -> Histories:
    """Let one person do things some days before `AS_OF`."""
    return Histories.of(
        [[(row, kind, AS_OF_S - int(ago * SECONDS_PER_DAY)) for row, kind, ago in events]]
    )


def _lists(
    recommender: Recommender, histories: Histories, policy: ListPolicy, wishes: Wishes
) -> Lists:
    trend_rows = np.full(len(histories), -1)
    persons = recommender.read(histories)
    return recommender.recommend(persons, policy, trend_rows=trend_rows, wishes=wishes)


def _one(
    recommender: Recommender,
    histories: Histories,
    policy: ListPolicy,
    wishes: Wishes | None = None,
) -> tuple[list[int], list[Source]]:
    """Give one person's list with the source of each item."""
    lists = _lists(recommender, histories, policy, wishes or Wishes())
    n = int(lists.returned[0])
    return lists.item_rows[0, :n].tolist(), [SOURCES[code] for code in lists.sources[0, :n]]


def _everybody(
    bundle: Bundle, policy: ListPolicy, wishes: Wishes | None = None
) -> tuple[Lists, list[Proposal]]:
    recommender, rows = bundle.recommender, trend_rows_of(bundle)
    persons = recommender.read(bundle.histories)
    asked = wishes or Wishes()
    lists = recommender.recommend(persons, policy, trend_rows=rows, wishes=asked)
    return lists, list(recommender.propose(persons, policy, trend_rows=rows, wishes=asked))


# Which sources, and in which order


some_sources = st.lists(st.sampled_from(ALL_SOURCES), min_size=1, max_size=5, unique=True)


@settings(max_examples=30)
@given(some_sources, st.sampled_from(["ranker", "source"]))
def test_only_the_sources_that_a_policy_states_name_candidates(
    shop: Bundle, sources: list[Source], order: str
) -> None:
    policy = ListPolicy(8, sources=tuple(sources), order=order, fallback=None)

    lists, proposals = _everybody(shop, policy)

    allowed = {source.code for source in sources}
    for proposal in proposals:
        assert set(proposal.candidates.sources.tolist()) <= allowed
    assert set(lists.sources[lists.item_rows >= 0].tolist()) <= allowed


@settings(max_examples=30)
@given(some_sources)
def test_in_the_order_of_the_sources_the_first_source_stands_first(
    shop: Bundle, sources: list[Source]
) -> None:
    policy = ListPolicy(30, sources=tuple(sources), order="source", fallback=None)

    lists, proposals = _everybody(shop, policy)

    place_of = {source.code: place for place, source in enumerate(sources)}
    for person in range(N_USERS):
        n = int(lists.returned[person])
        places = [place_of[code] for code in lists.sources[person, :n].tolist()]
        assert places == sorted(places)
        pairs = proposals[0].candidates
        named = pairs.item_rows[pairs.indptr[person] : pairs.indptr[person + 1]]
        assert lists.item_rows[person, :n].tolist() == named[:30].tolist()


def test_scores_by_order_are_one_and_a_half_and_a_third(shop: Bundle) -> None:
    (proposal,) = _everybody(shop, ListPolicy(5, sources=(Source.TRENDING,)))[1]

    scores = in_order(proposal.candidates)

    np.testing.assert_allclose(scores[:3], [1, 1 / 2, 1 / 3], rtol=1e-6)


def test_what_was_viewed_last_stands_first(shop: Bundle) -> None:
    recommender = _all_on_sale(shop)
    viewed = _done((5, VIEW, 3), (9, VIEW, 2), (7, BUY, 1), (5, VIEW, 0.5))
    policy = ListPolicy(5, sources=(Source.RECENTLY_VIEWED,), order="source", fallback=None)

    rows, sources = _one(recommender, viewed, policy)

    assert rows == [5, 9]
    assert sources == [Source.RECENTLY_VIEWED] * 2


def test_a_source_that_the_shop_does_not_have_names_nothing(shop: Bundle) -> None:
    bare = replace(_all_on_sale(shop), sources=Sources(), retrievers={}, ranker=None)
    viewed = _done((5, VIEW, 1))

    for source in (Source.BOUGHT_TOGETHER, Source.DUE_AGAIN, Source.NEAR_USER, Source.NEW_ARRIVAL):
        policy = ListPolicy(5, sources=(source,), fallback=None)
        assert _one(bare, viewed, policy) == ([], [])
        assert len(_one(bare, viewed, replace(policy, fallback=Source.POPULAR))[0]) == 5


# What is allowed


masks = st.lists(st.booleans(), min_size=N_ITEMS, max_size=N_ITEMS).map(np.array)


@settings(max_examples=40)
@given(
    st.lists(st.none() | masks, min_size=N_USERS, max_size=N_USERS),
    st.sampled_from([1, 7, 100]),
    st.booleans(),
)
def test_a_list_holds_what_is_allowed_alone_and_is_full_wherever_enough_of_it_is_there(
    shop: Bundle,
    allowed: list[NDArray[np.bool_] | None],
    num_results: int,
    exclude_purchased: bool,
) -> None:
    policy = ListPolicy(num_results, exclude_purchased=exclude_purchased)

    lists, _ = _everybody(shop, policy, Wishes(allowed=allowed))

    for person, mask in enumerate(allowed):
        can_be_shown = shop.recommender.recommendable.copy()
        if mask is not None:
            can_be_shown &= mask
        one = shop.histories.take(np.array([person]))
        if exclude_purchased:
            can_be_shown[one.item_rows[one.event_types == BUY]] = False
        n = int(lists.returned[person])
        shown = lists.item_rows[person, :n]
        assert can_be_shown[shown].all()
        assert len(set(shown.tolist())) == n == min(num_results, int(can_be_shown.sum()))


def test_what_a_filter_drops_takes_nobodys_place(shop: Bundle) -> None:
    recommender = _all_on_sale(shop)
    viewed = _done(*((row, VIEW, 1 + row / 100) for row in range(N_ITEMS)))
    policy = ListPolicy(4, sources=(Source.UNFINISHED,), order="source", fallback=None)
    last_four = np.arange(N_ITEMS) >= N_ITEMS - 4

    rows, _ = _one(recommender, viewed, policy, Wishes(allowed=[last_four]))

    # The source names 24 of the 60 things that were looked at, the newest first.
    assert sorted(rows) == [56, 57, 58, 59]


# What is given


given_rows = st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=12)


@settings(max_examples=40)
@given(st.lists(given_rows, min_size=N_USERS, max_size=N_USERS))
def test_of_what_is_given_exactly_what_may_be_shown_is_listed(
    shop: Bundle, rows: list[list[int]]
) -> None:
    wishes = Wishes(given=[np.array(one) for one in rows])

    lists, _ = _everybody(shop, ListPolicy(12, fallback=None), wishes)

    for person, one in enumerate(rows):
        n = int(lists.returned[person])
        wanted = {row for row in one if shop.recommender.recommendable[row]}
        assert set(lists.item_rows[person, :n].tolist()) == wanted
        assert n == len(wanted)
        assert set(lists.sources[person, :n].tolist()) <= {Source.GIVEN.code}


def test_who_is_given_nothing_is_served_by_the_sources_beside_who_is(shop: Bundle) -> None:
    policy, rows = ListPolicy(12, fallback=None), np.array([40, 3, 21])
    mixed = [rows if person % 2 else None for person in range(N_USERS)]

    together, _ = _everybody(shop, policy, Wishes(given=mixed))

    (all_given, _), (free, _) = (
        _everybody(shop, policy, wishes) for wishes in (Wishes(given=[rows] * N_USERS), None)
    )
    for person, one in enumerate(mixed):
        alone = free if one is None else all_given
        np.testing.assert_array_equal(together.item_rows[person], alone.item_rows[person])
        np.testing.assert_array_equal(together.sources[person], alone.sources[person])


def test_what_is_given_stands_in_the_rankers_order(shop: Bundle) -> None:
    rows = np.array([40, 3, 21, 8, 33, 12, 55, 1])
    wishes = Wishes(given=[rows] * N_USERS)

    lists, (proposal,) = _everybody(shop, ListPolicy(8, fallback=None), wishes)

    recommender = shop.recommender
    scores = recommender.ranker.score(recommender.features(proposal), new=False)
    pairs = proposal.candidates
    for person in range(1, N_USERS):
        its = slice(pairs.indptr[person], pairs.indptr[person + 1])
        order = np.argsort(-scores[its], kind="stable")
        n = int(lists.returned[person])
        assert lists.item_rows[person, :n].tolist() == pairs.item_rows[its][order].tolist()


def test_somebody_may_be_given_nothing_that_can_be_shown(shop: Bundle) -> None:
    sold_out = np.flatnonzero(~shop.recommender.recommendable)[:1]

    for rows in (sold_out, np.empty(0, dtype=np.int64)):
        wishes = Wishes(given=[rows])
        assert _one(shop.recommender, _done(), ListPolicy(5, fallback=None), wishes) == ([], [])


# Carts


def test_what_lies_in_the_cart_is_what_other_things_are_bought_with(shop: Bundle) -> None:
    recommender = _with_baskets(shop, {4: [20, 21, 22], 9: [30, 31]})
    in_cart, other = 4, 9
    policy = ListPolicy(20, sources=(Source.BOUGHT_TOGETHER,), order="source", fallback=None)
    bought_other = _done((other, BUY, 1))

    rows, sources = _one(recommender, bought_other, policy, Wishes(baskets=[np.array([in_cart])]))
    without, _ = _one(
        recommender, bought_other, policy, Wishes(baskets=[np.empty(0, dtype=np.int64)])
    )

    assert rows == [20, 21, 22]
    assert set(sources) == {Source.BOUGHT_TOGETHER}
    # Whose cart is empty is asked about with all that they did.
    assert without == [30, 31]


def test_a_full_cart_and_an_empty_one_do_not_mix_in_a_batch(shop: Bundle) -> None:
    recommender = _with_baskets(shop, {4: [20, 21, 22], 2: [30, 31]})
    bought = _done((2, BUY, 1))
    two = Histories.of([_events(bought), _events(bought)])
    policy = ListPolicy(20, sources=(Source.BOUGHT_TOGETHER,), order="source", fallback=None)
    full, empty = np.array([4]), np.empty(0, dtype=np.int64)

    together = _lists(recommender, two, policy, Wishes(baskets=[full, empty]))

    for place, cart in enumerate((full, empty)):
        alone = _lists(recommender, bought, policy, Wishes(baskets=[cart]))
        np.testing.assert_array_equal(together.item_rows[place], alone.item_rows[0])
        np.testing.assert_array_equal(together.scores[place], alone.scores[0])
    assert together.returned.tolist() == [3, 2]


def _with_baskets(shop: Bundle, bought_with: dict[int, list[int]]) -> Recommender:
    """Plant what is bought with which item, the surest first."""
    rows = np.zeros((N_ITEMS, N_ITEMS), dtype=np.float32)
    for row, others in bought_with.items():
        rows[row, others] = 1 / (1 + np.arange(len(others)))
    recommender = _all_on_sale(shop)
    baskets = Neighbours.of(sp.csr_array(rows), most=5)
    return replace(recommender, sources=replace(recommender.sources, baskets=baskets))


# What was bought just now


def _regular(shop: Bundle) -> tuple[Recommender, Histories]:
    """Give a shop where everybody buys item 4 every day and nobody item 7 twice."""
    rhythm = [(4, BUY, 1.0 * back) for back in range(12, 0, -1)]
    events = [*rhythm, (7, BUY, 5.0)]
    everybody = [_events(_done(*events))] * 20
    repurchase = RepurchaseModel.of(Histories.of(everybody), n_items=N_ITEMS, as_of_s=AS_OF_S)
    recommender = _all_on_sale(shop)
    sources = replace(recommender.sources, repurchase=repurchase)
    return replace(recommender, sources=sources), _done(*events)


def test_what_was_bought_just_now_is_left_out_unless_it_is_due_again_soon(shop: Bundle) -> None:
    recommender, bought = _regular(shop)
    policy = ListPolicy(N_ITEMS)

    before, _ = _one(recommender, bought, policy)
    after, _ = _one(recommender, bought, policy, Wishes(bought=[np.array([4, 7])]))

    assert {4, 7} <= set(before)
    assert set(before) - set(after) == {7}


def test_without_a_model_of_returns_nothing_that_was_bought_just_now_is_shown(
    shop: Bundle,
) -> None:
    recommender, bought = _regular(shop)
    sources = replace(recommender.sources, repurchase=None)

    rows, _ = _one(
        replace(recommender, sources=sources, ranker=None),
        bought,
        ListPolicy(N_ITEMS),
        Wishes(bought=[np.array([4, 7])]),
    )

    assert sorted(rows) == [row for row in range(N_ITEMS) if row not in (4, 7)]


# What is wanted right now


def test_what_is_wanted_right_now_is_named_by_its_source(shop: Bundle) -> None:
    recommender = _all_on_sale(shop)
    now = np.array([[17, 3, 44, -1]], dtype=np.int32)
    policy = ListPolicy(5, sources=(Source.TRENDING_NOW,), order="source", fallback=None)

    rows, sources = _one(recommender, _done(), policy, Wishes(trending_now=now))
    nobody_counted = _one(recommender, _done(), policy)

    assert rows == [17, 3, 44]
    assert set(sources) == {Source.TRENDING_NOW}
    assert nobody_counted == ([], [])


def test_each_person_of_a_batch_has_their_own_place_s_wants(shop: Bundle) -> None:
    recommender = _all_on_sale(shop)
    now = np.array([[17, 3], [44, -1]], dtype=np.int32)
    policy = ListPolicy(2, sources=(Source.TRENDING_NOW,), order="source", fallback=None)

    lists = _lists(recommender, Histories.of([[], []]), policy, Wishes(trending_now=now))

    assert lists.item_rows.tolist() == [[17, 3], [44, -1]]


# What fills a short list


def test_without_a_fallback_a_short_list_stays_short(shop: Bundle) -> None:
    recommender = _all_on_sale(shop)
    few = ListPolicy(10, sources=(Source.RECENTLY_VIEWED,), order="source", fallback=None)
    viewed = _done((5, VIEW, 1))

    short, _ = _one(recommender, viewed, few)
    filled, sources = _one(recommender, viewed, replace(few, fallback=Source.POPULAR))

    assert short == [5]
    assert len(filled) == 10
    assert sources == [Source.RECENTLY_VIEWED, *[Source.POPULAR] * 9]


def test_arrivals_fill_a_list_before_what_is_popular(shop: Bundle) -> None:
    recommender = _all_on_sale(shop)
    new = replace(recommender.sources.arrivals, item_rows=np.array([50, 2, 31], dtype=np.int32))
    assert isinstance(new, Arrivals)
    recommender = replace(recommender, sources=replace(recommender.sources, arrivals=new))
    policy = ListPolicy(
        6, sources=(Source.RECENTLY_VIEWED,), order="source", fallback=Source.NEW_ARRIVAL
    )

    rows, sources = _one(recommender, _done((2, VIEW, 1)), policy)

    assert rows[:3] == [2, 50, 31]
    assert sources == [
        Source.RECENTLY_VIEWED,
        *[Source.NEW_ARRIVAL] * 2,
        *[Source.POPULAR] * 3,
    ]
    popular = [row for row in recommender.trends.order.tolist() if row not in rows[:3]]
    assert set(rows[3:]) <= set(popular)


def _all_on_sale(shop: Bundle) -> Recommender:
    return replace(shop.recommender, recommendable=np.ones(N_ITEMS, dtype=np.bool_))


def _events(histories: Histories) -> list[tuple[int, int, int]]:
    columns = (histories.item_rows, histories.event_types, histories.timestamps)
    return list(zip(*(one.tolist() for one in columns), strict=True))
