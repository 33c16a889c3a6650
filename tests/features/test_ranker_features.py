"""The ranker's features are finite, are counted as one would by hand, and are a pair's own."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.candidates import Candidates
from features.catalog import Catalogue
from features.errors import InvalidInput
from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.pair_features import PairFeatures
from features.people import People
from features.ranker_features import NEVER_DAYS, standardised
from features.recommender import ListPolicy
from features.snapshot import Snapshot
from features.sources import Sources
from tests.shops import AS_OF, bundle_of, full_bundle, some_models, some_snapshot, trend_rows_of
from training.assemble import assemble
from training.bundle import Bundle
from training.settings import TrainingSettings

BUY, VIEW, CART = EventType.PURCHASE.code, EventType.VIEW.code, EventType.CART.code
CLICK, WISH = EventType.CLICK.code, EventType.WISHLIST.code
AS_OF_S = int(AS_OF.timestamp())

Table = dict[tuple[int, int], dict[str, float]]
"""A pair's features by person and item row."""


def _computed(
    bundle: Bundle, histories: Histories, policy: ListPolicy, *, trend_rows: np.ndarray
) -> tuple[tuple[str, ...], dict[tuple[int, int], np.ndarray]]:
    """Give the names, and each pair's numbers by person and item row."""
    recommender, numbers = bundle.recommender, {}
    names: tuple[str, ...] = ()
    persons = recommender.read(histories)
    for proposal in recommender.propose(persons, policy, trend_rows=trend_rows):
        features, candidates = recommender.features(proposal), proposal.candidates
        names = features.names
        people = proposal.people[candidates.person_rows].tolist()
        pairs = zip(people, candidates.item_rows.tolist(), strict=True)
        numbers |= dict(zip(pairs, features.rows.T, strict=True))
    return names, numbers


def _everybody(
    bundle: Bundle, policy: ListPolicy
) -> tuple[tuple[str, ...], dict[tuple[int, int], np.ndarray]]:
    return _computed(bundle, bundle.histories, policy, trend_rows=trend_rows_of(bundle))


def _of_one(bundle: Bundle, events: list[tuple[int, int, float]]) -> dict[int, dict[str, float]]:
    """Let one person do things some days before `AS_OF`; give the features by item row."""
    history = [(row, kind, AS_OF_S - int(ago * SECONDS_PER_DAY)) for row, kind, ago in events]
    nowhere = np.array([len(bundle.recommender.trends.countries)])
    names, numbers = _computed(bundle, Histories.of([history]), ListPolicy(10), trend_rows=nowhere)
    return {
        row: dict(zip(names, values.tolist(), strict=True)) for (_, row), values in numbers.items()
    }


def _bare(snapshot: Snapshot, *missing: str) -> Snapshot:
    """Take from a shop what it may not know."""
    n_users, n_items, demand = len(snapshot.users), len(snapshot.items), snapshot.demand
    if "prices" in missing:
        snapshot = replace(snapshot, prices=np.full(n_items, np.nan))
    if "countries" in missing:
        nowhere = np.full_like(demand.country_rows, -1)
        snapshot = replace(
            snapshot,
            demand=replace(demand, country_rows=nowhere, countries=()),
            people=People.of([None] * n_users, [None] * n_users),
        )
    if "categories" in missing:
        table = snapshot.catalogue.table
        place = table.schema.get_field_index("category")
        without = table.set_column(place, table.schema.field(place), pa.nulls(n_items, pa.string()))
        catalogue = Catalogue(without, snapshot.catalogue.recommendable)
        snapshot = replace(snapshot, catalogue=catalogue)
    if "purchases" in missing:
        never = np.full_like(snapshot.histories.event_types, VIEW)
        seen = np.full_like(snapshot.demand.event_types, VIEW)
        snapshot = replace(
            snapshot,
            histories=replace(snapshot.histories, event_types=never),
            demand=replace(snapshot.demand, event_types=seen),
        )
    return snapshot


@pytest.fixture(scope="module")
def shop() -> Bundle:
    """Give ten items, all on sale; item row r costs r + 1."""
    return full_bundle(1, n_items=10, n_unavailable=0)


bare_shops = st.builds(
    lambda seed, missing, sizes: bundle_of(_bare(some_snapshot(seed, **sizes), *missing)),
    st.integers(0, 1000),
    st.sets(st.sampled_from(["prices", "countries", "categories", "purchases"])),
    st.fixed_dictionaries(
        {
            "n_users": st.integers(1, 8),
            "n_items": st.integers(1, 20),
            "most_events": st.sampled_from([1, 6, 30]),
            "n_unavailable": st.integers(0, 9),
        }
    ),
)
policies = st.builds(ListPolicy, st.sampled_from([1, 10]), st.booleans())


@settings(max_examples=60)
@given(bare_shops, policies)
def test_every_feature_of_every_pair_is_a_finite_number(bundle: Bundle, policy: ListPolicy) -> None:
    _, numbers = _everybody(bundle, policy)

    for pair, values in numbers.items():
        assert np.isfinite(values).all(), pair


@settings(max_examples=25)
@given(bare_shops, policies)
def test_a_pair_has_the_same_features_alone_and_in_a_batch(
    bundle: Bundle, policy: ListPolicy
) -> None:
    names, together = _everybody(bundle, policy)

    for row in range(len(bundle.users)):
        alone_names, alone = _computed(
            bundle,
            bundle.histories.take(np.array([row])),
            policy,
            trend_rows=trend_rows_of(bundle)[[row]],
        )
        assert alone_names == names
        assert len(alone) == sum(person == row for person, _ in together)
        for (_, item_row), values in alone.items():
            # To the last bit: trees split anywhere.
            np.testing.assert_array_equal(values, together[row, item_row], str(names))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("exclude_purchased", [True, False])
def test_every_model_sees_a_person_the_same_alone_and_in_a_batch(
    seed: int, exclude_purchased: bool
) -> None:
    bundle, policy = full_bundle(seed), ListPolicy(10, exclude_purchased)
    names, together = _everybody(bundle, policy)

    order = np.random.default_rng(seed).permutation(len(bundle.users))
    for rows in (order, *np.arange(len(order))[:, None]):
        other_names, others = _computed(
            bundle, bundle.histories.take(rows), policy, trend_rows=trend_rows_of(bundle)[rows]
        )
        assert other_names == names
        for (place, item_row), values in others.items():
            wanted = together[int(rows[place]), item_row]
            different = [names[at] for at in np.flatnonzero(values != wanted)]
            assert not different


def test_the_names_are_those_of_the_shop_whoever_is_asked_about(shop: Bundle) -> None:
    nowhere = np.array([len(shop.recommender.trends.countries)])
    named = {
        _computed(shop, histories, ListPolicy(10), trend_rows=nowhere)[0]
        for histories in (
            Histories.empty(1),
            Histories.of([[(0, BUY, AS_OF_S)]]),
            Histories.of([[(0, VIEW, AS_OF_S), (1, CART, AS_OF_S)]]),
        )
    }

    (names,) = named
    assert len(set(names)) == len(names)
    assert {"als", "als_z", "bpr", "item_knn", "item_knn_z", "unfinished", "due_again"} < set(names)


def test_own_purchases_are_counted_by_day(shop: Bundle) -> None:
    # Item 3 was bought 40, 20 and 8 days ago, and twice on the last of these days.
    events = [(3, BUY, 40), (3, BUY, 20), (5, BUY, 15), (3, BUY, 8.2), (3, BUY, 8.1)]

    found = _of_one(shop, events)

    assert found[3]["bought_days"] == 3
    assert found[3]["bought_share"] == pytest.approx(3 / 4)  # of four order days
    assert found[3]["bought_since"] == 8
    assert found[3]["bought_gap"] == (40 - 8) / 2
    assert found[3]["bought_late"] == 8 / 16
    assert (found[5]["bought_days"], found[5]["bought_share"]) == (1, pytest.approx(1 / 4))
    assert found[5]["bought_since"] == 15
    # Bought once: there is no gap yet.
    assert (found[5]["bought_gap"], found[5]["bought_late"]) == (NEVER_DAYS, 0)
    assert (found[4]["bought_days"], found[4]["bought_share"]) == (0, 0)
    assert (found[4]["bought_since"], found[4]["bought_gap"]) == (NEVER_DAYS, NEVER_DAYS)


def test_what_was_looked_at_and_kept_is_counted_by_event(shop: Bundle) -> None:
    events = [(2, VIEW, 9), (2, CLICK, 6), (7, WISH, 5), (7, CART, 3), (7, CART, 2)]

    found = _of_one(shop, events)

    assert (found[2]["viewed"], found[2]["viewed_since"]) == (2, 6)
    assert (found[2]["carted"], found[2]["carted_since"]) == (0, NEVER_DAYS)
    assert (found[7]["carted"], found[7]["carted_since"]) == (3, 2)
    assert (found[7]["viewed"], found[7]["viewed_since"]) == (0, NEVER_DAYS)
    assert (found[7]["bought_days"], found[7]["orders"]) == (0, 0)


def test_the_person_is_the_same_in_all_of_their_pairs(shop: Bundle) -> None:
    # Two order days 30 days apart; items 1, 3 and 3 again.
    found = _of_one(shop, [(1, BUY, 40), (3, BUY, 40), (3, BUY, 10), (8, VIEW, 4)])

    for values in found.values():
        assert (values["orders"], values["bought_items"]) == (2, 2)
        assert (values["known_days"], values["idle_days"]) == (40, 4)
        assert (values["since_order_days"], values["mean_gap_days"]) == (10, 30)
        assert values["repeat_share"] == pytest.approx(1 / 3)
        assert values["breadth"] == pytest.approx(3 / 2)
        # Item row r costs r + 1.
        assert values["usual_price"] == pytest.approx(np.log([2, 4, 4]).mean(), rel=1e-6)


def test_a_price_is_compared_with_what_the_person_usually_pays(shop: Bundle) -> None:
    found = _of_one(shop, [(3, BUY, 5)])  # costs 4

    assert found[7]["log_price"] == pytest.approx(np.log(8))
    assert found[7]["price_step"] == pytest.approx(np.log(8 / 4), rel=1e-5)
    assert found[1]["price_step"] == pytest.approx(np.log(2 / 4), rel=1e-5)
    assert found[1]["price_distance"] == pytest.approx(np.log(4 / 2), rel=1e-5)


def test_a_category_share_is_that_of_the_purchases(shop: Bundle) -> None:
    # The first five items are of one category; views do not count.
    found = _of_one(shop, [(0, BUY, 9), (1, BUY, 8), (4, BUY, 7), (6, BUY, 6), (7, VIEW, 5)])

    shares = [found[row]["category_share"] for row in range(10)]
    assert shares == pytest.approx([3 / 4] * 5 + [1 / 4] * 5)


def test_somebody_without_a_history_has_numbers_that_say_so(shop: Bundle) -> None:
    found = _of_one(shop, [])

    for values in found.values():
        unknown = ("idle_days", "known_days", "since_order_days", "mean_gap_days", "usual_price")
        assert {values[name] for name in unknown} == {-1}
        assert {values[name] for name in ("orders", "bought_items", "als", "own_history")} == {0}


def test_a_bundle_without_item_facts_says_what_to_do(shop: Bundle) -> None:
    old = replace(shop.recommender, facts=None, sources=Sources())
    (proposal,) = old.propose(old.read(Histories.empty(1)), ListPolicy(3), trend_rows=np.array([0]))

    with pytest.raises(InvalidInput, match="run vitrine train"):
        old.features(proposal)


def test_a_ranker_orders_by_what_it_reads() -> None:
    snapshot = some_snapshot(2)
    settings = TrainingSettings(beside=["bpr", "item_knn"])
    models = some_models(snapshot, settings)
    bundle = assemble(snapshot, settings, models, data_digest="", created_at=AS_OF)

    names, numbers = _everybody(bundle, ListPolicy(10))

    # Two models with the same items and different people agree on no person's scores.
    als, bpr = names.index("als"), names.index("bpr")
    known = [values for (person, _), values in numbers.items() if person > 0]
    assert not np.allclose([one[als] for one in known], [one[bpr] for one in known])


@st.composite
def scored(draw: st.DrawFn) -> tuple[np.ndarray, Candidates]:
    """Draw scores of a few people, some of them without any candidate."""
    lengths = draw(st.lists(st.integers(0, 6), min_size=1, max_size=5))
    n = sum(lengths)
    numbers = st.floats(-100, 100, width=32)
    scores = draw(arrays(np.float32, n, elements=numbers))
    indptr = np.concatenate(([0], np.cumsum(lengths)))
    return scores, Candidates(indptr, np.zeros(n, np.int32), np.zeros(n, np.uint8))


@given(scored())
def test_standardised_scores_have_mean_0_and_deviation_1_for_each_person(
    given_: tuple[np.ndarray, Candidates],
) -> None:
    scores, candidates = given_

    found, upside_down = standardised(np.array([scores, -scores]), candidates)

    assert found.dtype == np.float32
    np.testing.assert_array_equal(upside_down, -found)
    for person in range(len(candidates)):
        mine = candidates.person_rows == person
        own, scaled = scores[mine].astype(float), found[mine]
        if not len(own):
            continue
        if own.std() > 1e-3:
            np.testing.assert_allclose(scaled, (own - own.mean()) / own.std(), rtol=0.01, atol=0.01)
        if own.min() == own.max():
            assert not scaled.any()


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("score", [0.0, 0.1, 1 / 3, 1e6 / 7, -1e-9])
def test_where_all_scores_are_equal_none_stands_out(score: float, n: int) -> None:
    equal = np.full(n, score, dtype=np.float32)
    candidates = Candidates(np.array([0, n]), np.zeros(n, np.int32), np.zeros(n, np.uint8))

    assert standardised(equal[None, :], candidates).tolist() == [[0.0] * n]


def test_features_are_found_by_name() -> None:
    features = PairFeatures.of({"a": np.array([1.0, 2.0]), "b": np.array([3, 4])})

    assert features.names == ("a", "b")
    assert features["b"].tolist() == [3, 4]
    assert features.rows.dtype == np.float32
