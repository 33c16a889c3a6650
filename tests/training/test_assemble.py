"""A bundle is assembled from what was known, and every part of it fits the others."""

from dataclasses import replace

import numpy as np
import pytest

from features.candidates import Budgets
from features.fitted_model import PopularityModel
from features.weights import confidence
from tests.shops import AS_OF, bundle_of, some_models, some_snapshot, svd_model
from training.assemble import assemble, fit, interactions
from training.settings import TrainingSettings

ALS = TrainingSettings(models={"als": {"factors": 4, "iterations": 2}})


def test_interactions_are_the_confidences_of_everybody() -> None:
    snapshot = some_snapshot(1)
    settings = TrainingSettings.model_validate({"weights": {"half_life_days": 3.0}})

    found = interactions(snapshot, settings)

    wanted = confidence(
        snapshot.histories,
        n_items=len(snapshot.items),
        weights=settings.weights.confidence(),
        as_of_s=snapshot.as_of_s,
    )
    np.testing.assert_array_equal(found.matrix.toarray(), wanted.toarray())
    assert found.as_of == snapshot.as_of
    assert found.item_features.shape[0] == len(snapshot.items)
    assert found.user_features.shape[0] == len(snapshot.users)


def test_side_features_are_in_the_order_of_the_rows() -> None:
    snapshot = some_snapshot(1)

    found = interactions(snapshot, TrainingSettings())

    n_countries = len(snapshot.people.countries)
    of_country, of_stage = np.split(found.user_features.toarray(), [n_countries], axis=1)
    names = snapshot.people.country_names
    assert of_country.sum(axis=1).tolist() == [float(one is not None) for one in names]
    # Everybody is at one stage of a customer's life.
    assert (of_stage.sum(axis=1) == 1).all()
    # The first half of the items is one category, the others another.
    categories = found.item_features.toarray()[:, :2]
    half = len(snapshot.items) // 2
    assert (categories[:half] == [1, 0]).all()
    assert (categories[half:] == [0, 1]).all()


def test_the_same_seed_fits_the_same_model() -> None:
    learnt_from = interactions(some_snapshot(1), ALS)

    one, other = (fit("als", learnt_from, ALS) for _ in range(2))
    another = fit("als", learnt_from, ALS.model_copy(update={"seed": 1}))

    np.testing.assert_array_equal(one.item_vectors, other.item_vectors)
    assert (one.item_vectors != another.item_vectors).any()


def test_the_manifest_says_what_is_in_the_bundle() -> None:
    snapshot = some_snapshot(1)

    manifest = bundle_of(snapshot, settings=ALS).manifest

    assert (manifest.n_users, manifest.n_items) == (len(snapshot.users), len(snapshot.items))
    assert (manifest.as_of, manifest.created_at) == (snapshot.as_of, AS_OF)
    assert (manifest.model, manifest.data_digest) == ("als", "planted")
    assert TrainingSettings.model_validate(manifest.settings) == ALS
    assert bundle_of(snapshot, with_model=False).manifest.model is None


def test_the_manifest_says_which_batch_of_the_store_is_in_the_bundle() -> None:
    snapshot = some_snapshot(1)

    assert bundle_of(snapshot, with_model=False).manifest.synced_batch is None
    synced = replace(snapshot, synced_batch=4)
    assert bundle_of(synced, with_model=False).manifest.synced_batch == 4


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (["bpr", "als", "item_knn"], "bpr"),
        (["als"], "als"),
        # Who serves what is popular has no vectors, whatever lies beside it.
        (["item_knn"], None),
        ([], None),
    ],
)
def test_the_manifest_names_the_model_that_is_first(names: list[str], first: str | None) -> None:
    snapshot, settings = some_snapshot(1), TrainingSettings()
    models = some_models(snapshot, settings)

    bundle = assemble(
        snapshot, settings, {one: models[one] for one in names}, data_digest="", created_at=AS_OF
    )

    assert bundle.manifest.model == first
    assert list(bundle.recommender.retrievers) == names
    assert (bundle.user_vectors is None) == (first is None)


def test_a_model_of_popularity_alone_is_left_out() -> None:
    snapshot, settings = some_snapshot(1), TrainingSettings()
    popular = PopularityModel(np.ones(len(snapshot.items), np.float32))

    bundle = assemble(snapshot, settings, {"popular": popular}, data_digest="", created_at=AS_OF)

    assert bundle.recommender.retrievers == {}
    assert bundle.manifest.model is None


def test_the_sources_keep_to_the_budgets_of_the_settings() -> None:
    settings = TrainingSettings.model_validate({"candidates": {"content": 3, "due_again": 0}})

    sources = bundle_of(some_snapshot(1), settings=settings).recommender.sources

    assert sources.budgets == Budgets(content=3, due_again=0)
    assert None not in (sources.baskets, sources.content, sources.categories)
    assert None not in (sources.repurchase, sources.arrivals)


def test_the_item_facts_are_of_all_items() -> None:
    snapshot = some_snapshot(1)

    facts = bundle_of(snapshot).recommender.facts

    n_items = len(snapshot.items)
    np.testing.assert_allclose(facts.log_price, np.log(np.arange(1, n_items + 1)), rtol=1e-6)
    # Two categories, of which the first half has one.
    halves = np.arange(n_items) < n_items // 2
    assert len(set(facts.category_rows[halves])) == len(set(facts.category_rows[~halves])) == 1
    assert facts.category_rows[0] != facts.category_rows[-1]


def test_the_recommender_keeps_to_the_settings() -> None:
    snapshot = some_snapshot(1)
    settings = TrainingSettings.model_validate(
        {
            "weights": {"half_life_days": 90.0},
            "trend": {"half_life_days": 0.5},
            "blend": {"own": 7.0},
            "index": {"budget_ms": 0.0},
        }
    )

    recommender = bundle_of(snapshot, settings=settings).recommender

    assert recommender.weights == settings.weights.confidence()
    assert recommender.blend == settings.blend.blend()
    assert recommender.as_of_s == snapshot.as_of_s
    assert recommender.first.index.choice.kind == "ivf"
    # The trend fades by its own half-life, not by that of the tastes.
    trend = settings.weights.confidence()
    wanted = snapshot.demand.decayed(
        n_items=len(snapshot.items),
        weights=replace(trend, half_life_days=0.5),
        as_of_s=snapshot.as_of_s,
    )[-1]
    np.testing.assert_allclose(recommender.trends.scores, wanted / wanted.max(), rtol=1e-6)


@pytest.mark.parametrize("with_model", [True, False])
def test_all_parts_have_a_row_for_every_item_and_user(with_model: bool) -> None:
    snapshot = some_snapshot(1)

    bundle = bundle_of(snapshot, with_model=with_model)

    n_users, n_items = len(snapshot.users), len(snapshot.items)
    assert len(bundle.histories) == len(bundle.people.country_rows) == n_users
    assert len(bundle.catalogue) == len(bundle.recommender.recommendable) == n_items
    assert len(bundle.similar.index.vectors) == len(bundle.similar.category_rows) == n_items
    if with_model:
        assert len(bundle.user_vectors) == n_users
        assert len(bundle.recommender.first.index.vectors) == n_items
    else:
        assert bundle.user_vectors is bundle.recommender.model is bundle.recommender.first is None


def test_nothing_that_cannot_be_shown_is_in_an_index() -> None:
    bundle = bundle_of(some_snapshot(1, n_unavailable=6))

    n_shown = int(bundle.catalogue.recommendable.sum())
    assert len(bundle.recommender.first.index) == len(bundle.similar.index) == n_shown


def test_a_shop_where_nothing_can_be_shown_is_assembled_all_the_same() -> None:
    snapshot = some_snapshot(1)
    nothing = replace(snapshot.catalogue, recommendable=np.zeros(len(snapshot.items), np.bool_))
    closed = replace(snapshot, catalogue=nothing)

    bundle = assemble(
        closed,
        TrainingSettings(),
        {"als": svd_model(closed, TrainingSettings())},
        data_digest="",
        created_at=AS_OF,
    )

    assert len(bundle.recommender.trends.order) == 0
