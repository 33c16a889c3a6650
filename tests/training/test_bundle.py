"""A bundle is on disk what it was in memory, named by its content and refused when changed."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from mmap import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.candidates import Budgets
from features.errors import CorruptBundle, NoBundle
from features.events import EventType
from features.history import Histories
from features.recommender import ListPolicy
from tests.planted_trees import planted_ranker
from tests.shops import bundle_of, full_bundle, some_bundle, some_snapshot
from training import bundle as bundle_module
from training.bundle import CURRENT, Bundle, current, point_to
from training.settings import TrainingSettings
from training.stored_recommender import groups_of

KINDS: dict[str, Callable[[], Bundle]] = {
    "with a model": lambda: some_bundle(3),
    "popular only": lambda: some_bundle(3, with_model=False),
    "with everything": lambda: full_bundle(3),
}


_REBUILT = ("source_baskets.", "source_content.", "neighbours_", "source_repurchase.worth")


@pytest.fixture(scope="module", params=KINDS)
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return KINDS[request.param]()


@pytest.fixture(scope="module")
def folder(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle.save(tmp_path_factory.mktemp("bundles"))


def _arrays(bundle: Bundle) -> dict[str, np.ndarray]:
    trends, people = bundle.recommender.trends, bundle.people
    found = {
        **{f"users.{name}": one for name, one in bundle.users.arrays().items()},
        **{f"items.{name}": one for name, one in bundle.items.arrays().items()},
        **{f"histories.{name}": one for name, one in bundle.histories.arrays().items()},
        "people.country_rows": people.country_rows,
        "people.consents": people.consents,
        "trends.scores": trends.scores,
        "trends.top": trends.top,
        "trends.order": trends.order,
        "catalogue.recommendable": bundle.catalogue.recommendable,
        "recommender.recommendable": bundle.recommender.recommendable,
        "similar.vectors": bundle.similar.index.vectors,
        "similar.category_rows": bundle.similar.category_rows,
        "similar.popular": bundle.similar.popular,
    }
    model = bundle.recommender.model
    if model is not None:
        found["model.item_vectors"] = model.item_vectors
        found["user_vectors"] = bundle.user_vectors
    for group, arrays in groups_of(bundle.recommender).items():
        found |= {f"{group}.{name}": one for name, one in arrays.items()}
    return found


def _is_mapped(array: np.ndarray) -> bool:
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return isinstance(owner, mmap)


def _everybodys_lists(bundle: Bundle) -> list[Any]:
    persons = bundle.persons(np.arange(-1, len(bundle.users)))
    trend_rows = np.zeros(len(persons), dtype=np.int64)
    lists = [
        bundle.recommender.recommend(
            persons, ListPolicy(12, exclude_purchased=purchased), trend_rows=trend_rows
        )
        for purchased in (True, False)
    ]
    every_item = [np.array([row]) for row in range(len(bundle.items))]
    lists.append(bundle.similar.similar(every_item, num_results=6))
    return [one.tolist() for found in lists for one in (found.item_rows, found.scores)]


def test_an_opened_bundle_equals_the_one_that_was_saved(bundle: Bundle, folder: Path) -> None:
    opened = Bundle.open(folder)

    before, after = _arrays(bundle), _arrays(opened)
    assert before.keys() == after.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array, err_msg=name, strict=True)
    assert opened.catalogue.table.equals(bundle.catalogue.table)
    assert opened.people.countries == bundle.people.countries
    assert opened.people.purposes == bundle.people.purposes
    assert opened.recommender.trends.countries == bundle.recommender.trends.countries
    assert opened.recommender.blend == bundle.recommender.blend
    assert opened.recommender.sources.budgets == bundle.recommender.sources.budgets
    assert list(opened.recommender.retrievers) == list(bundle.recommender.retrievers)
    assert (opened.recommender.ranker is None) == (bundle.recommender.ranker is None)
    np.testing.assert_array_equal(
        opened.recommender.weights.by_code, bundle.recommender.weights.by_code
    )
    assert _everybodys_lists(opened) == _everybodys_lists(bundle)


def test_an_opened_bundle_can_be_saved_again_under_its_name(folder: Path, tmp_path: Path) -> None:
    again = Bundle.open(folder).save(tmp_path)

    assert again.name == folder.name


def test_what_is_opened_is_mapped_and_cannot_be_written(folder: Path) -> None:
    opened = Bundle.open(folder)
    stored = _arrays(opened).items()
    # SciPy widens row numbers to those of what they are multiplied with; two numbers need no map.
    mapped = {name: one for name, one in stored if not name.startswith(_REBUILT)}
    sources, retrievers = opened.recommender.sources, opened.recommender.retrievers
    sparse = {"baskets": sources.baskets, "content": sources.content}
    sparse |= {name: one.model for name, one in retrievers.items() if one.kind == "neighbours"}
    for name, neighbours in sparse.items():
        mapped[f"{name}.data"] = neighbours.similarity.data
    for name, array in mapped.items():
        assert not array.flags.writeable, name
        assert _is_mapped(array), f"{name} was read, not mapped"


def test_the_same_content_has_the_same_name(bundle: Bundle, folder: Path, tmp_path: Path) -> None:
    assert bundle.save(tmp_path).name == folder.name
    # A second save into one parent finds it there, and leaves no draft.
    assert bundle.save(tmp_path).name == folder.name
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert Bundle.open(folder).manifest.bundle_id == folder.name


def test_whatever_decides_a_list_decides_the_name(tmp_path: Path) -> None:
    bundle = some_bundle(3)
    recommender = bundle.recommender
    others = [
        some_bundle(4),
        some_bundle(3, with_model=False),
        # Neither of these is in any array.
        replace(bundle, recommender=replace(recommender, blend=replace(recommender.blend, own=9))),
        replace(
            bundle,
            recommender=replace(
                recommender,
                sources=replace(recommender.sources, budgets=Budgets(near_user=7)),
            ),
        ),
        replace(bundle, recommender=replace(recommender, ranker=planted_ranker(bundle, 1))),
        replace(bundle, recommender=replace(recommender, ranker=planted_ranker(bundle, 2))),
        replace(
            bundle,
            recommender=replace(
                recommender, weights=replace(recommender.weights, half_life_days=1.0)
            ),
        ),
        replace(
            bundle,
            manifest=bundle.manifest.model_copy(
                update={"as_of": bundle.manifest.as_of + timedelta(days=1)}
            ),
        ),
    ]

    names = [one.save(tmp_path).name for one in [bundle, *others]]

    assert len(set(names)) == len(names)


def _flipped(folder: Path, into: Path) -> Iterator[tuple[Path, str]]:
    """Copy a bundle once for each of its files, with one byte of that file changed."""
    rng = np.random.default_rng(0)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        copy = into / name.replace("/", "-") / folder.name
        shutil.copytree(folder, copy)
        content = bytearray(path.read_bytes())
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        (copy / name).write_bytes(content)
        yield copy, name


def test_a_flipped_bit_in_any_file_is_found_and_named(folder: Path, tmp_path: Path) -> None:
    n_files = 0
    for copy, name in _flipped(folder, tmp_path):
        n_files += 1
        with pytest.raises(CorruptBundle) as refused:
            Bundle.open(copy)
        assert name in str(refused.value)
    assert n_files > 10


def test_every_bit_of_the_manifest_counts(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / folder.name))
    manifest = copy / "manifest.json"
    content = manifest.read_bytes()
    for place in range(0, len(content), 31):
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        manifest.write_bytes(changed)
        with pytest.raises(CorruptBundle):
            Bundle.open(copy)


def test_a_missing_file_is_found_and_named(folder: Path, tmp_path: Path) -> None:
    for name in ("catalogue.arrow", "similar.faiss", "users/text.npy"):
        copy = Path(shutil.copytree(folder, tmp_path / name.replace("/", "-") / folder.name))
        (copy / name).unlink()

        with pytest.raises(CorruptBundle, match="missing or changed") as refused:
            Bundle.open(copy)

        assert refused.value.details == (name,)


def test_a_bundle_under_another_name_is_refused(folder: Path, tmp_path: Path) -> None:
    renamed = Path(shutil.copytree(folder, tmp_path / "renamed"))

    with pytest.raises(CorruptBundle, match=f"that of {folder.name}"):
        Bundle.open(renamed)


def test_nothing_is_ever_unpickled(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / folder.name))
    np.save(copy / "recommendable.npy", np.array([print], dtype=object), allow_pickle=True)

    # Even where nobody checks the hashes.
    with pytest.raises(CorruptBundle, match=r"recommendable\.npy cannot be opened"):
        Bundle.open(copy, verify=False)


def test_stored_user_vectors_are_what_encoding_gives() -> None:
    bundle = some_bundle(3)

    fresh = bundle.recommender.read(bundle.histories).vectors

    np.testing.assert_array_equal(bundle.user_vectors, fresh, strict=True)


def test_people_are_looked_up_by_row_and_the_unknown_have_done_nothing(bundle: Bundle) -> None:
    persons = bundle.persons(np.array([4, -1, 2]))

    wanted = bundle.recommender.read(bundle.histories.take(np.array([4, -1, 2])))
    assert persons.histories.lengths.tolist() == wanted.histories.lengths.tolist()
    np.testing.assert_array_equal(persons.confidence.toarray(), wanted.confidence.toarray())
    assert persons.confidence[[1]].nnz == 0
    if bundle.user_vectors is not None:
        np.testing.assert_array_equal(persons.vectors, wanted.vectors)


def test_what_people_did_since_is_added_for_them_alone(bundle: Bundle) -> None:
    rows = np.array([4, -1, 2])
    now_s = bundle.recommender.as_of_s
    newer = Histories.of(
        [[], [(1, EventType.PURCHASE.code, now_s)], [(5, EventType.VIEW.code, now_s)]]
    )

    persons = bundle.persons(rows, newer)

    wanted = bundle.recommender.read(bundle.histories.take(rows).joined(newer))
    np.testing.assert_array_equal(persons.confidence.toarray(), wanted.confidence.toarray())
    if bundle.user_vectors is not None:
        np.testing.assert_array_equal(persons.vectors, wanted.vectors)
        assert (persons.vectors[2] != bundle.user_vectors[2]).any()


def test_the_current_bundle_is_the_one_pointed_to(folder: Path) -> None:
    parent = folder.parent
    point_to(parent, folder.name)

    assert current(parent) == folder
    assert [path.name for path in parent.glob(".*")] == []


def test_a_pointer_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(tmp_path, "old")

    class Killed(BaseException):
        """Stands for kill -9 between the two steps."""

    def killed(_path: Path, _target: Path) -> None:
        raise Killed

    monkeypatch.setattr(bundle_module.Path, "replace", killed)
    with pytest.raises(Killed):
        point_to(tmp_path, "new")

    assert (tmp_path / CURRENT).read_text() == "old\n"


def test_without_a_promotion_there_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(NoBundle, match="run vitrine train and vitrine promote"):
        current(tmp_path)


def test_a_pointer_to_nothing_is_a_corrupt_bundle(tmp_path: Path) -> None:
    point_to(tmp_path, "gone")

    with pytest.raises(CorruptBundle, match="gone"):
        Bundle.open(current(tmp_path))


def test_an_infinite_half_life_comes_back(tmp_path: Path) -> None:
    settings = TrainingSettings.model_validate({"weights": {"half_life_days": float("inf")}})
    bundle = bundle_of(some_snapshot(1), settings=settings)

    opened = Bundle.open(bundle.save(tmp_path))

    assert opened.recommender.weights.half_life_days == float("inf")
    assert TrainingSettings.model_validate(opened.manifest.settings) == settings
    assert _everybodys_lists(opened) == _everybodys_lists(bundle)
