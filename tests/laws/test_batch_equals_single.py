"""Law: a list does not depend on who else is asked for, in which order, or by which door."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from features.alike import alike
from features.arrivals import Arrivals
from features.bought_together import bought_together
from features.category_trends import CategoryTrends
from features.content import item_features
from features.demand import Demand
from features.errors import VitrineError
from features.events import EventType
from features.history import SECONDS_PER_DAY
from features.item_facts import ItemFacts
from features.neighbours import Neighbours
from features.recommender import ListPolicy
from features.repurchase import RepurchaseModel
from features.retrievers import NeighbourRetriever
from features.sources import Sources
from serving.errors import error_answer
from serving.news import News
from serving.pick_tables import pick_table
from serving.picks import Picker, pick_lines
from serving.placements import Placements
from serving.recommend import answer_batch, answer_recommend
from serving.road import Road
from serving.schemas import BatchRequest, Context, RecommendRequest
from serving.store import PersonNews
from tests.planted_trees import planted_ranker
from tests.shops import AS_OF, full_bundle, trend_rows_of
from training.bundle import Bundle

N_USERS = 60
NOW = AS_OF
VIEW, CART = EventType.VIEW.code, EventType.CART.code
BUY, BACK = EventType.PURCHASE.code, EventType.RETURN.code
EVERYBODY = [f"user-{row:02d}" for row in range(N_USERS)]


@pytest.fixture(scope="module", params=["blend", "ranker"])
def road(request: pytest.FixtureRequest, tiny_bundle: Bundle) -> Road:
    """Serve the planted shop as it is, and with all that a bundle can have."""
    if request.param == "blend":
        return Road(tiny_bundle, Placements.load())
    return Road(_with_a_ranker(tiny_bundle), Placements.load())


def _with_a_ranker(bundle: Bundle) -> Bundle:
    """Add what the second stage needs, and trees that a feature's last bit can turn."""
    histories, people, catalogue = bundle.histories, bundle.people, bundle.catalogue
    as_of_s, n_items = bundle.recommender.as_of_s, len(bundle.items)
    demand = Demand(
        item_rows=histories.item_rows,
        days=(histories.timestamps // SECONDS_PER_DAY).astype(np.int32),
        event_types=histories.event_types,
        country_rows=people.country_rows[histories.person_of_entry],
        counts=histories.counts,
        countries=people.countries,
    )
    weights, wanted = bundle.recommender.weights, bundle.recommender.read(histories).confidence
    categories = CategoryTrends.of(demand, catalogue, weights=weights, as_of_s=as_of_s)
    beside = NeighbourRetriever(Neighbours.of(sp.csr_array(wanted.T @ wanted), most=10))
    recommender = replace(
        bundle.recommender,
        retrievers={**bundle.recommender.retrievers, "item_knn": beside},
        sources=Sources(
            baskets=bought_together(histories, n_items=n_items),
            content=alike(item_features(catalogue.table)),
            categories=categories,
            repurchase=RepurchaseModel.of(histories, n_items=n_items, as_of_s=as_of_s),
            arrivals=Arrivals.of(demand, catalogue, weights=weights, as_of_s=as_of_s),
        ),
        facts=ItemFacts.of(
            demand,
            prices=catalogue.table["price"].to_numpy(),
            category_rows=categories.category_rows,
            weights=weights,
            usual_gap_days=30.0,
            as_of_s=as_of_s,
        ),
    )
    full = replace(bundle, recommender=recommender)
    ranker = planted_ranker(full, seed=1)
    return replace(full, recommender=replace(recommender, ranker=ranker))


def told(answer: dict[str, Any] | VitrineError) -> Any:  # noqa: ANN401 -- JSON
    """Give an answer as it goes over the wire, but for its random id."""
    if isinstance(answer, VitrineError):
        answer = error_answer(answer)
    plain = orjson.loads(orjson.dumps(answer))
    return {name: value for name, value in plain.items() if name != "recommendation_id"}


def items_of(road: Road, placement: str, user_id: str, num_results: int) -> list[dict[str, Any]]:
    request = RecommendRequest(
        user_id=user_id, placement=placement, num_results=num_results, explain=True
    )
    (answer,) = answer_recommend(road, [request], now=NOW)
    items: list[dict[str, Any]] = told(answer)["items"]
    return items


some_ids = st.lists(st.sampled_from([f"item-{row:02d}" for row in range(42)]), max_size=4)
people = st.one_of(
    st.sampled_from([*EVERYBODY, "stranger"]).map(lambda one: {"user_id": one}),
    st.sampled_from(["x", "y"]).map(lambda one: {"anonymous_id": one}),
    st.just({}),
)
contexts = st.builds(
    Context,
    country=st.sampled_from([None, "NZ", "GB", "Atlantis"]),
    timestamp=st.sampled_from([None, NOW.replace(hour=20), NOW.replace(month=1)]),
    device=st.sampled_from([None, "mobile", "desktop"]),
)
narrowed = st.sampled_from(
    [
        {},
        {"filter": "price < 30"},
        {"filter": "category = :one", "filter_params": {"one": "Home > Lamps"}},
        {"filter": "colour = 'red'"},
    ]
)
PLACES = [*Placements.load().by_name, "nowhere"]
requests = st.builds(
    lambda person, narrowing, **rest: RecommendRequest(**person, **narrowing, **rest),
    people,
    narrowed,
    session_items=some_ids,
    exclude_items=some_ids,
    candidates=st.none() | some_ids,
    placement=st.sampled_from(PLACES),
    num_results=st.sampled_from([1, 5, 40]),
    exclude_purchased=st.sampled_from([None, True, False]),
    mode=st.sampled_from([None, "fill", "strict"]),
    context=contexts,
    explain=st.booleans(),
)
happened = st.tuples(
    st.sampled_from([f"item-{row:02d}" for row in range(42)]),
    st.sampled_from([VIEW, CART, BUY, BACK]),
    st.integers(-40 * SECONDS_PER_DAY, 3600),
)
EMAIL = st.dictionaries(st.sampled_from(EVERYBODY[:12]), st.booleans(), max_size=6)


@st.composite
def asked_with_news(draw: st.DrawFn) -> tuple[list[RecommendRequest], News]:
    """Draw requests, and what the store knows of those who ask, of the shop and of the hour."""
    asked = draw(st.lists(requests, min_size=1, max_size=8))
    told = [_news_of(one, draw(st.lists(happened, max_size=5))) for one in asked]
    shown = [draw(st.dictionaries(st.just("item-03"), st.integers(1, 5))) for _ in asked]
    trending = draw(st.none() | st.permutations(range(40)))
    now = None if trending is None else np.tile(np.int32(trending[:8]), (3, 1))
    return asked, News(told, shown, {"email": draw(EMAIL)}, now)


def _news_of(request: RecommendRequest, events: list[tuple[str, int, int]]) -> PersonNews:
    """Let a person do things; a visitor of the name x turned out to be a user."""
    by_time = sorted(events, key=lambda one: one[2])
    linked = request.anonymous_id == "x"
    return PersonNews(
        EVERYBODY[7] if linked else request.person,
        ("anonymous:x",) if linked else (),
        [item_id for item_id, _, _ in by_time],
        [kind for _, kind, _ in by_time],
        [int(NOW.timestamp()) + second for _, _, second in by_time],
        [1] * len(by_time),
    )


@given(asked_with_news(), st.randoms(use_true_random=False))
def test_an_answer_is_the_same_alone_and_among_others(
    road: Road, asked_: tuple[list[RecommendRequest], News], chance: random.Random
) -> None:
    asked, news = asked_
    order = list(range(len(asked)))
    chance.shuffle(order)

    alone = [
        told(answer_recommend(road, [one], news.take(place), now=NOW)[0])
        for place, one in enumerate(asked)
    ]
    together = answer_recommend(road, asked, news, now=NOW)
    shuffled = answer_recommend(
        road,
        [asked[place] for place in order],
        replace(
            news,
            people=[news.people[place] for place in order],
            shown=[news.shown[place] for place in order],
        ),
        now=NOW,
    )

    assert [told(one) for one in together] == alone
    assert [told(one) for one in shuffled] == [alone[place] for place in order]


@given(asked_with_news())
def test_a_batch_over_the_wire_holds_the_answers_of_its_requests(
    road: Road, asked_: tuple[list[RecommendRequest], News]
) -> None:
    asked, news = asked_

    answer = answer_batch(road, BatchRequest(requests=asked), news, now=NOW)

    assert [told(one) for one in answer["answers"]] == [
        told(answer_recommend(road, [one], news.take(place), now=NOW)[0])
        for place, one in enumerate(asked)
    ]


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(EVERYBODY), min_size=1, max_size=N_USERS),
    st.sampled_from(["discover", "home", "weekly_email"]),
    st.sampled_from([1, 10, 40]),
)
def test_picks_are_the_lists_that_recommend_answers(
    road: Road, asked: list[str], placement: str, num_results: int
) -> None:
    *lines, _ = pick_lines(Picker.of(road, placement, num_results, now=NOW), asked)

    for user_id, line in zip(asked, lines, strict=True):
        if line["status"] == "no_consent":
            continue
        wanted = items_of(road, placement, user_id, num_results)
        assert told(line)["items"] == wanted


@pytest.mark.parametrize("placement", ["discover", "home"])
def test_a_file_of_picks_holds_the_lists_that_recommend_answers_for_everybody(
    road: Road, placement: str
) -> None:
    picker = Picker.of(road, placement, 10, now=NOW)

    rows = pick_table(picker, EVERYBODY).to_pylist()

    for user_id, row in zip(EVERYBODY, rows, strict=True):
        wanted = items_of(road, placement, user_id, 10)
        assert row["item_ids"] == [one["item_id"] for one in wanted]
        assert row["titles"] == [one["properties"]["title"] for one in wanted]
        assert row["prices"] == [one["properties"]["price"] for one in wanted]
        assert row["scores"] == [one["score"] for one in wanted]
        assert row["reasons"] == [one["reasons"] for one in wanted]


@given(st.permutations(range(N_USERS)), st.integers(1, N_USERS))
def test_picks_do_not_depend_on_the_order_or_on_who_else_gets_some(
    road: Road, order: list[int], n_first: int
) -> None:
    picker = Picker.of(road, "discover", 10, now=NOW)
    some = np.array(order[:n_first])

    everybody, few = (
        picker.pick(EVERYBODY),
        picker.pick([EVERYBODY[row] for row in order[:n_first]]),
    )

    np.testing.assert_array_equal(few.lists.item_rows, everybody.lists.item_rows[some])
    np.testing.assert_array_equal(few.lists.scores, everybody.lists.scores[some])
    np.testing.assert_array_equal(few.reasons.item_rows, everybody.reasons.item_rows[some])
    np.testing.assert_array_equal(few.reasons.shares, everybody.reasons.shares[some])


@settings(max_examples=15)
@given(st.integers(0, 50), st.booleans(), st.sampled_from([1, 4, 200]))
def test_ranked_lists_are_the_same_alone_and_in_batches_of_any_size(
    seed: int, exclude_purchased: bool, at_once: int
) -> None:
    bundle = full_bundle(seed, n_users=9)
    policy, rows = ListPolicy(10, exclude_purchased), trend_rows_of(bundle)
    recommender = bundle.recommender
    everybody = bundle.persons(np.arange(len(bundle.users)))
    together = recommender.recommend(everybody, policy, trend_rows=rows)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("features.recommender._MOST_PEOPLE_AT_ONCE", at_once)
        in_batches = recommender.recommend(everybody, policy, trend_rows=rows)

    # Whoever is read anew is where the bundle says that they are.
    fresh = recommender.recommend(recommender.read(bundle.histories), policy, trend_rows=rows)
    for other in (in_batches, fresh):
        np.testing.assert_array_equal(other.item_rows, together.item_rows)
        np.testing.assert_array_equal(other.scores, together.scores)
        np.testing.assert_array_equal(other.sources, together.sources)
