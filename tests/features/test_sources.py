"""Each source names its own for somebody made for it, and none names more than its budget."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.candidates import SOURCES, Budgets, Source
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.proposal import Proposal
from features.recommender import ListPolicy
from features.repurchase import RepurchaseModel
from features.sources import Sources
from tests.shops import AS_OF, full_bundle, trend_rows_of
from training.bundle import Bundle

BUY, VIEW, CART = EventType.PURCHASE.code, EventType.VIEW.code, EventType.CART.code
AS_OF_S = int(AS_OF.timestamp())
Named = dict[Source, list[int]]


@pytest.fixture(scope="module")
def shop() -> Bundle:
    return full_bundle(3, n_users=60, n_items=60, n_unavailable=0)


def _proposed(
    bundle: Bundle, histories: Histories, trend_rows: np.ndarray, *, budgets: Budgets
) -> list[Proposal]:
    recommender = bundle.recommender
    sources = replace(recommender.sources, budgets=budgets)
    asked = replace(recommender, sources=sources)
    return list(asked.propose(asked.read(histories), ListPolicy(5), trend_rows=trend_rows))


def _only(**budgets: int) -> Budgets:
    """Silence every source that is not given."""
    silent = dict.fromkeys((one.name for one in fields(Budgets)), 0)
    return Budgets(**(silent | budgets))


def _candidates(
    bundle: Bundle,
    events: list[tuple[int, int, float]],
    budgets: Budgets,
    *,
    place: int = -1,
    with_models: bool = False,
) -> Named:
    """Let one person do things some days before `AS_OF`; give what each source names."""
    if not with_models:
        bundle = replace(bundle, recommender=replace(bundle.recommender, retrievers={}))
    history = [(row, kind, AS_OF_S - int(ago * SECONDS_PER_DAY)) for row, kind, ago in events]
    trend_rows = np.arange(len(bundle.recommender.trends.countries) + 1)[[place]]
    (proposal,) = _proposed(bundle, Histories.of([history]), trend_rows, budgets=budgets)
    named: Named = {}
    pairs = proposal.candidates
    for row, code in zip(pairs.item_rows.tolist(), pairs.sources.tolist(), strict=True):
        named.setdefault(SOURCES[code], []).append(row)
    return named


def test_what_was_begun_is_unfinished_and_what_was_bought_is_not(shop: Bundle) -> None:
    events = [(7, CART, 2), (9, VIEW, 2), (3, CART, 5), (3, BUY, 4)]

    named = _candidates(shop, events, _only(unfinished=10))

    # A cart counts more than a view.
    assert named[Source.UNFINISHED] == [7, 9]


def test_what_was_bought_in_a_rhythm_is_due_again(shop: Bundle) -> None:
    rhythm = [(4, BUY, 10.0 * back) for back in range(6, 0, -1)]
    # Everybody buys item 4 every ten days, and nobody item 7 twice.
    everybody = [
        [(row, BUY, AS_OF_S - int(ago * SECONDS_PER_DAY)) for row, _, ago in (*rhythm, (7, BUY, 5))]
    ] * 20
    repurchase = RepurchaseModel.of(Histories.of(everybody), n_items=60, as_of_s=AS_OF_S)
    sources = replace(shop.recommender.sources, repurchase=repurchase)
    regular = replace(shop, recommender=replace(shop.recommender, sources=sources))

    named = _candidates(regular, [*rhythm, (7, BUY, 5)], _only(due_again=10))

    assert set(named) == {Source.DUE_AGAIN}
    assert named[Source.DUE_AGAIN][0] == 4


def test_own_items_come_the_surest_first(shop: Bundle) -> None:
    named = _candidates(shop, [(8, VIEW, 40), (2, BUY, 1), (5, BUY, 50)], _only(own_history=2))

    wanted = shop.recommender.read(
        Histories.of([[(8, VIEW, AS_OF_S - 40 * 86_400), (2, BUY, AS_OF_S - 86_400)]])
    ).confidence
    assert wanted[0, 2] > wanted[0, 8]
    assert named[Source.OWN_HISTORY][0] == 2
    assert len(named[Source.OWN_HISTORY]) == 2


def test_what_lies_in_the_same_baskets_is_bought_together(shop: Bundle) -> None:
    baskets = shop.recommender.sources.baskets.similarity
    bought = int(np.diff(baskets.indptr).argmax())
    others = set(baskets[[bought]].indices.tolist())

    named = _candidates(shop, [(bought, BUY, 1)], _only(bought_together=50))

    assert set(named[Source.BOUGHT_TOGETHER]) == others
    assert others


def test_what_is_alike_is_named_by_what_it_is(shop: Bundle) -> None:
    alike = shop.recommender.sources.content.similarity[[1]].indices.tolist()

    named = _candidates(shop, [(1, BUY, 1)], _only(content=5))

    assert set(named[Source.CONTENT]) <= set(alike)
    assert named[Source.CONTENT]


def test_what_is_near_is_named_for_who_has_a_history(shop: Bundle) -> None:
    known = _candidates(shop, [(1, BUY, 1)], _only(), with_models=True)
    new = _candidates(shop, [], _only(), with_models=True)

    # As many as two lists of five can need, whatever the budget.
    assert len(known[Source.NEAR_USER]) >= 2 * 5
    assert new == {}


def test_a_country_has_trends_of_its_own(shop: Bundle) -> None:
    trends, depth = shop.recommender.trends, 12

    here = _candidates(shop, [], _only(trending=depth), place=0)
    nowhere = _candidates(shop, [], _only(trending=depth), place=-1)

    assert here[Source.TRENDING_IN_COUNTRY] == trends.top[0, :depth].tolist()
    further = [row for row in trends.top[-1, :depth].tolist() if row not in trends.top[0, :depth]]
    assert here.get(Source.TRENDING, []) == further
    assert nowhere == {Source.TRENDING: trends.top[-1, :depth].tolist()}


def test_a_category_has_trends_of_its_own(shop: Bundle) -> None:
    named = _candidates(shop, [(1, BUY, 1)], _only(trending_in_category=6))

    rows = named[Source.TRENDING_IN_CATEGORY]
    # Item 1 is of the first of two categories.
    assert rows
    assert max(rows) < 30


def test_what_has_just_come_is_named_for_everybody(shop: Bundle) -> None:
    new = np.array([11, 44, 5], dtype=np.int32)
    arrivals = replace(shop.recommender.sources.arrivals, item_rows=new)
    sources = replace(shop.recommender.sources, arrivals=arrivals)
    renewed = replace(shop, recommender=replace(shop.recommender, sources=sources))

    assert _candidates(renewed, [], _only(new_arrivals=2)) == {Source.NEW_ARRIVAL: [11, 44]}


def test_the_first_that_names_an_item_is_told(shop: Bundle) -> None:
    every = _candidates(shop, [(7, CART, 2), (4, BUY, 3)], Budgets(), place=0, with_models=True)

    assert every[Source.UNFINISHED] == [7]
    named = [row for rows in every.values() for row in rows]
    assert len(set(named)) == len(named)
    order = [source for source in every if source is not Source.DUE_AGAIN]
    assert order.index(Source.UNFINISHED) < order.index(Source.NEAR_USER)


budgets = st.builds(Budgets, **{one.name: st.integers(0, 9) for one in fields(Budgets)})


@settings(max_examples=25)
@given(budgets)
def test_no_source_names_more_than_its_budget(shop: Bundle, budgets: Budgets) -> None:
    proposals = _proposed(shop, shop.histories, trend_rows_of(shop), budgets=budgets)

    # Each model names as many near ones as two lists of five can need.
    near = max(budgets.near_user, 2 * 5) * len(shop.recommender.retrievers)
    most = budgets.by_source() | {
        Source.NEAR_USER: near,
        Source.TRENDING: budgets.trending,
        Source.TRENDING_IN_COUNTRY: budgets.trending,
        Source.TRENDING_IN_CATEGORY: budgets.trending_in_category,
        Source.NEW_ARRIVAL: budgets.new_arrivals,
    }
    for proposal in proposals:
        pairs = proposal.candidates
        counted = np.zeros((len(pairs), len(SOURCES)), dtype=int)
        np.add.at(counted, (pairs.person_rows, pairs.sources), 1)
        for source in SOURCES:
            assert counted[:, source.code].max() <= most.get(source, 0), source


def test_every_part_is_stored_by_its_name(shop: Bundle) -> None:
    sources = shop.recommender.sources

    again = Sources.from_arrays(sources.arrays(), budgets=sources.budgets)

    assert set(sources.arrays()) == set(Sources.stored())
    assert again.budgets is sources.budgets
    for name, arrays in again.arrays().items():
        for one, array in arrays.items():
            np.testing.assert_array_equal(array, sources.arrays()[name][one], f"{name}/{one}")


def test_a_part_that_was_not_stored_is_not_there(shop: Bundle) -> None:
    stored = shop.recommender.sources.arrays()

    some = Sources.from_arrays(stored | {"baskets": {}}, budgets=Budgets())

    assert some.baskets is None
    assert some.content is not None


def test_without_any_part_the_history_alone_is_named(shop: Bundle) -> None:
    bare = replace(shop.recommender, sources=Sources(), retrievers={})
    persons = bare.read(shop.histories)
    (proposal,) = bare.propose(persons, ListPolicy(5), trend_rows=trend_rows_of(shop))

    found = {SOURCES[code] for code in np.unique(proposal.candidates.sources)}

    assert found <= {
        *(Source.UNFINISHED, Source.OWN_HISTORY),
        *(Source.TRENDING, Source.TRENDING_IN_COUNTRY),
    }
