"""Bundles that were made long ago still open, and still answer the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.golden.recorded import ANSWERS, answers, assert_told
from training.bundle import Bundle
from training.manifest import FORMAT_VERSION

HERE = Path(__file__).parent
FIRST, TWO_STAGES = HERE / "bundle_v1", HERE / "bundle_v2"
TOLD: dict[Path, dict[str, Any]] = {
    parent / name: told
    for parent in (FIRST, TWO_STAGES)
    for name, told in json.loads((parent / ANSWERS).read_text(encoding="utf-8")).items()
}


@pytest.fixture(scope="module", params=sorted(TOLD), ids=lambda path: path.name)
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Bundle:
    return Bundle.open(folder)


def _opened(parent: Path) -> list[Bundle]:
    return [Bundle.open(path) for path in sorted(parent.iterdir()) if path.is_dir()]


def test_every_bundle_that_is_kept_has_told_its_answers() -> None:
    kept = {path for parent in (FIRST, TWO_STAGES) for path in parent.iterdir() if path.is_dir()}

    assert kept == set(TOLD)


def test_of_the_first_kind_there_is_one_of_each_encoder_and_no_second_stage() -> None:
    opened = _opened(FIRST)

    assert {one.manifest.parts["encoder"] for one in opened} == {"fold_in", "history_mean", None}
    for one in opened:
        assert one.recommender.facts is one.recommender.ranker is None
        assert one.recommender.sources.arrays() == {}


def test_of_two_stages_there_is_one_with_everything_and_two_with_less() -> None:
    found = {
        (tuple(one.recommender.retrievers), one.recommender.ranker is not None): one
        for one in _opened(TWO_STAGES)
    }

    assert found.keys() == {
        (("als", "bpr", "item_knn"), True),
        (("als", "bpr", "item_knn"), False),
        ((), False),
    }
    for one in found.values():
        parts = one.recommender.sources.arrays()
        assert parts.keys() == {"baskets", "content", "categories", "repurchase", "arrivals"}
        assert one.recommender.sources.budgets.near_user == 64
        assert one.recommender.facts is not None


def test_it_keeps_its_name(bundle: Bundle, folder: Path) -> None:
    assert bundle.manifest.format_version == FORMAT_VERSION
    assert bundle.manifest.bundle_id == folder.name


def test_it_answers_as_it_did(bundle: Bundle, folder: Path) -> None:
    assert_told(answers(bundle), TOLD[folder])


def test_its_people_lie_where_encoding_puts_them(bundle: Bundle) -> None:
    fresh = bundle.recommender.read(bundle.histories).vectors

    if bundle.user_vectors is None:
        assert fresh is None
    else:
        assert fresh == pytest.approx(bundle.user_vectors, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("parent", [FIRST, TWO_STAGES], ids=lambda path: path.name)
def test_the_golden_files_are_small(parent: Path) -> None:
    assert sum(path.stat().st_size for path in parent.rglob("*") if path.is_file()) < 250_000
