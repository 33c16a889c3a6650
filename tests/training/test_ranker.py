"""A ranker learns from what came of the candidates, and serves what LightGBM learnt."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from features.errors import NotEnoughData
from features.pair_features import PairFeatures
from features.recommender import ListPolicy
from tests.shops import full_bundle, trend_rows_of
from training.bundle import Bundle
from training.ranker import Fitted, PairTable, fit_ranker, pair_tables
from training.settings import RankerSettings

SMALL = RankerSettings(trees_everything=8, trees_new=5, leaves=6, smallest_leaf=4)


@pytest.fixture(scope="module")
def shop() -> Bundle:
    return full_bundle(4, n_users=40, n_items=30)


def _bought(shop: Bundle, seed: int, *, share: float = 0.15) -> sp.csr_array:
    drawn = np.random.default_rng(seed).random((len(shop.users), len(shop.items))) < share
    return sp.csr_array(drawn.astype(np.float32))


def _table(shop: Bundle, bought: sp.csr_array, *, new: bool = False) -> PairTable:
    persons = shop.persons(np.arange(len(shop.users)))
    return pair_tables(shop.recommender, persons, trend_rows_of(shop), bought, new=new)


@pytest.fixture(scope="module")
def fitted(shop: Bundle) -> Fitted:
    tables = [[_table(shop, _bought(shop, seed), new=new) for seed in (0, 1)] for new in (0, 1)]
    return fit_ranker(*tables, SMALL, seed=0)


@pytest.mark.parametrize("new", [False, True])
def test_a_pair_is_labelled_by_what_was_bought(shop: Bundle, new: bool) -> None:
    bought = _bought(shop, 0, share=0.03)

    table = _table(shop, bought, new=new)

    persons = shop.persons(np.arange(len(shop.users)))
    (proposal,) = shop.recommender.propose(
        persons, ListPolicy(20, exclude_purchased=new), trend_rows=trend_rows_of(shop)
    )
    pairs, wanted = proposal.candidates, bought.toarray()
    labels, sizes = [], []
    for person in range(len(pairs)):
        mine = pairs.item_rows[pairs.person_rows == person]
        of_person = wanted[person, mine].astype(int).tolist()
        # Who bought nothing that was named teaches nothing.
        if any(of_person):
            labels += of_person
            sizes.append(len(mine))
    assert table.labels.tolist() == labels
    assert table.sizes.tolist() == sizes
    assert 0 < len(sizes) < len(pairs)
    assert table.rows.shape == (len(table.names), len(labels))


def test_features_are_those_that_serving_computes(shop: Bundle) -> None:
    everything = sp.csr_array(np.ones((len(shop.users), len(shop.items)), np.float32))

    table = _table(shop, everything)

    (proposal,) = shop.recommender.propose(
        shop.persons(np.arange(len(shop.users))), ListPolicy(20), trend_rows=trend_rows_of(shop)
    )
    features = shop.recommender.features(proposal)
    assert table.names == features.names
    np.testing.assert_array_equal(table.rows, features.rows)
    assert table.labels.all()


def test_a_window_in_which_nobody_bought_a_candidate_is_refused(shop: Bundle) -> None:
    nothing = sp.csr_array((len(shop.users), len(shop.items)), dtype=np.float32)

    with pytest.raises(NotEnoughData, match="nobody bought a candidate"):
        _table(shop, nothing)


def test_windows_are_joined_in_their_order(shop: Bundle) -> None:
    one, other = (_table(shop, _bought(shop, seed)) for seed in (0, 1))

    both = PairTable.joined([one, other])

    assert both.names == one.names
    assert both.sizes.tolist() == [*one.sizes, *other.sizes]
    assert both.labels.tolist() == [*one.labels, *other.labels]
    np.testing.assert_array_equal(both.rows, np.hstack([one.rows, other.rows]))


@pytest.mark.parametrize("kind", ["everything", "new"])
def test_the_ranker_scores_as_its_boosters_do(shop: Bundle, fitted: Fitted, kind: str) -> None:
    table = _table(shop, _bought(shop, 2), new=kind == "new")
    features = PairFeatures(table.names, table.rows)

    scores = fitted.ranker.score(features, new=kind == "new")

    wanted = fitted.boosters[kind].predict(table.rows.T)
    np.testing.assert_allclose(scores, wanted, rtol=1e-5, atol=1e-6)
    assert len(set(scores.tolist())) > 5


def test_contributions_add_up_to_the_score(shop: Bundle, fitted: Fitted) -> None:
    table = _table(shop, _bought(shop, 2))
    features = PairFeatures(table.names, table.rows)

    split = fitted.contributions("everything", features)

    assert split.shape == (table.rows.shape[1], len(table.names) + 1)
    np.testing.assert_allclose(
        split.sum(axis=1), fitted.ranker.score(features, new=False), rtol=1e-4, atol=1e-5
    )


def test_importances_are_shares_the_largest_first(fitted: Fitted) -> None:
    shares = fitted.importance("new")

    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert set(fitted.ranker.new.features) <= {name for name, share in shares.items() if share > 0}


def test_trees_are_as_many_and_as_large_as_wanted(fitted: Fitted) -> None:
    assert len(fitted.ranker.everything.leaves) <= 8
    assert len(fitted.ranker.new.leaves) <= 5
    # A tree of six leaves never reaches its seventh.
    assert not fitted.ranker.everything.leaves[:, 6:].any()


def test_what_cannot_be_told_apart_keeps_the_order_of_the_sources(shop: Bundle) -> None:
    table = _table(shop, _bought(shop, 0))
    alike = replace(table, rows=np.zeros_like(table.rows))

    dull = fit_ranker([alike], [alike], SMALL, seed=0).ranker

    # Its trees have one leaf each, and serving it is no error.
    assert dull.everything.features == dull.new.features == ()
    recommender = replace(shop.recommender, ranker=dull)
    persons = shop.persons(np.arange(len(shop.users)))
    lists = recommender.recommend(persons, ListPolicy(3), trend_rows=trend_rows_of(shop))
    (proposal,) = recommender.propose(persons, ListPolicy(3), trend_rows=trend_rows_of(shop))
    pairs = proposal.candidates
    for person in range(len(pairs)):
        first = pairs.item_rows[pairs.indptr[person] :][:3]
        assert lists.item_rows[person].tolist() == first.tolist()


def test_thinning_keeps_all_that_was_bought_and_few_of_the_rest() -> None:
    rng = np.random.default_rng(0)
    sizes = np.array([7, 1, 30])
    table = PairTable(
        ("one",),
        rng.random((1, sizes.sum()), dtype=np.float32),
        (rng.random(sizes.sum()) < 0.2).astype(np.int32),
        sizes,
    )

    thin = table.thinned(3, seed=1)

    person = np.repeat(np.arange(3), sizes)
    n_bought = np.bincount(person, table.labels, minlength=3)
    assert thin.labels.sum() == table.labels.sum()
    assert thin.sizes.tolist() == (n_bought + np.minimum(sizes - n_bought, 3)).tolist()
    assert set(thin.rows[0].tolist()) <= set(table.rows[0].tolist())
    np.testing.assert_array_equal(thin.rows, table.thinned(3, seed=1).rows)
