"""Whatever a recommender is made of, it is stored under names that tell the parts apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.context_lifts import ContextLifts
from features.recommender import ListPolicy, Recommender
from features.sources import Sources
from tests.shops import AS_OF, full_bundle, some_models, some_snapshot, trend_rows_of
from training.assemble import assemble
from training.bundle import Bundle
from training.manifest import Manifest
from training.settings import TrainingSettings
from training.stored_recommender import groups_of, indexes_of, parts_of


@pytest.fixture(scope="module")
def full() -> Bundle:
    return full_bundle(5)


def _reopened(bundle: Bundle, folder: Path, **changed: object) -> Bundle:
    recommender = replace(bundle.recommender, **changed)  # type: ignore[arg-type]
    return Bundle.open(replace(bundle, recommender=recommender).save(folder))


def _lists(bundle: Bundle, *, new: bool) -> tuple[list[object], ...]:
    lists = bundle.recommender.recommend(
        bundle.persons(np.arange(len(bundle.users))),
        ListPolicy(8, exclude_purchased=new),
        trend_rows=trend_rows_of(bundle),
    )
    return lists.item_rows.tolist(), lists.scores.tolist(), lists.sources.tolist()


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"ranker": None},
        {"ranker": None, "facts": None},
        {"ranker": None, "facts": None, "sources": Sources()},
    ],
    ids=["everything", "no ranker", "no facts", "no sources"],
)
def test_lists_are_the_same_after_opening(
    changed: dict[str, object], new: bool, full: Bundle, tmp_path: Path
) -> None:
    before = replace(full, recommender=replace(full.recommender, **changed))

    after = _reopened(full, tmp_path, **changed)

    assert _lists(after, new=new) == _lists(before, new=new)


@pytest.mark.parametrize("part", Sources.stored())
def test_a_bundle_without_one_of_the_sources_opens(part: str, full: Bundle, tmp_path: Path) -> None:
    less = replace(full.recommender.sources, **{part: None})

    after = _reopened(full, tmp_path, sources=less, ranker=None)

    assert getattr(after.recommender.sources, part) is None
    assert set(after.recommender.sources.arrays()) == set(Sources.stored()) - {part}


@pytest.mark.parametrize("names", [["als"], ["bpr", "item_knn"], ["item_knn", "als", "bpr"], []])
def test_models_come_back_by_name_in_their_order(names: list[str], tmp_path: Path) -> None:
    snapshot, settings = some_snapshot(2), TrainingSettings()
    models = some_models(snapshot, settings)
    bundle = assemble(
        snapshot, settings, {one: models[one] for one in names}, data_digest="", created_at=AS_OF
    )

    after = Bundle.open(bundle.save(tmp_path))

    assert list(after.recommender.retrievers) == names
    for name, retriever in after.recommender.retrievers.items():
        assert retriever.kind == bundle.recommender.retrievers[name].kind
    assert (after.recommender.first is None) == (bundle.recommender.first is None)
    assert _lists(after, new=False) == _lists(bundle, new=False)


def test_the_ranker_goes_by_the_names_of_its_features(full: Bundle, tmp_path: Path) -> None:
    after = _reopened(full, tmp_path).recommender.ranker

    before = full.recommender.ranker
    assert after is not None
    assert before is not None
    assert after.everything.features == before.everything.features
    assert after.new.features == before.new.features
    assert isinstance(after.new.features, tuple)


def test_every_group_and_index_has_a_name_of_its_own(full: Bundle) -> None:
    groups, indexes = groups_of(full.recommender), indexes_of(full.recommender)

    assert {"near", "near_bpr", "encoder", "encoder_bpr", "neighbours_item_knn"} <= set(groups)
    assert {"facts", "ranker_everything", "ranker_new", "source_content"} <= set(groups)
    assert set(indexes) == {"near", "near_bpr"}


def test_the_parts_say_what_lies_beside_the_first_model(full: Bundle) -> None:
    parts = parts_of(full.recommender)

    assert parts["encoder"] == "fold_in"
    assert [one["name"] for one in parts["beside"]] == ["bpr", "item_knn"]
    assert [one["kind"] for one in parts["beside"]] == ["embedding", "neighbours"]
    assert "ranker" in parts
    assert "ranker" not in parts_of(replace(full.recommender, ranker=None))


def test_a_manifest_tells_whether_a_ranker_serves(full: Bundle, tmp_path: Path) -> None:
    ranked = full.save(tmp_path)
    blended = replace(full, recommender=replace(full.recommender, ranker=None)).save(tmp_path)

    assert "ranker" in Manifest.read(ranked).parts
    assert "ranker" not in Manifest.read(blended).parts
    assert ranked.name != blended.name


def test_a_recommender_without_anything_is_stored(full: Bundle) -> None:
    bare = Recommender(
        as_of_s=full.recommender.as_of_s,
        weights=full.recommender.weights,
        recommendable=full.recommender.recommendable,
        trends=full.recommender.trends,
        blend=full.recommender.blend,
    )

    assert set(groups_of(bare)) == {"trends"}
    assert indexes_of(bare) == {}
    assert parts_of(bare)["encoder"] is None


def test_lifts_come_back_and_a_bundle_without_any_has_none(full: Bundle, tmp_path: Path) -> None:
    n_items = len(full.items)
    rows = {"season": 8, "daypart": 4, "weekday": 2, "device": 4}
    drawn = np.random.default_rng(2)
    planted = {kind: drawn.normal(size=(n, n_items)) for kind, n in rows.items()}
    lifts = ContextLifts(**{kind: one.astype(np.float32) for kind, one in planted.items()})

    opened = _reopened(full, tmp_path / "with", lifts=lifts).recommender.lifts

    assert opened is not None
    for kind, stored in opened.arrays().items():
        np.testing.assert_array_equal(stored, lifts.arrays()[kind], strict=True)
    assert _reopened(full, tmp_path / "without", lifts=None).recommender.lifts is None
