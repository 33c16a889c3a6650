"""Bundles of format 1 that were made long ago still open, and still answer the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.golden.make_bundle_v1 import ANSWERS, answers
from training.bundle import Bundle

GOLDEN = Path(__file__).parent / "bundle_v1"
TOLD: dict[str, Any] = json.loads((GOLDEN / ANSWERS).read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=sorted(TOLD))
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return Bundle.open(GOLDEN / request.param)


def _close(found: Any, wanted: Any) -> None:  # noqa: ANN401 -- anything that JSON holds
    """Compare what was told: numbers to six digits, everything else to the letter."""
    if isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-5, abs=1e-5)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            _close(one, other)
    elif isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for name in wanted:
            _close(found[name], wanted[name])
    else:
        assert found == wanted


def test_there_is_one_bundle_of_each_kind() -> None:
    folders = {path.name for path in GOLDEN.iterdir() if path.is_dir()}
    parts = [Bundle.open(GOLDEN / name).manifest.parts for name in folders]

    assert folders == set(TOLD)
    assert {one["encoder"] for one in parts} == {"fold_in", "history_mean", None}


def test_it_keeps_its_name(bundle: Bundle) -> None:
    assert bundle.manifest.format_version == 1
    assert bundle.manifest.bundle_id in TOLD


def test_it_answers_as_it_did(bundle: Bundle) -> None:
    _close(answers(bundle), TOLD[bundle.manifest.bundle_id])


def test_its_people_lie_where_encoding_puts_them(bundle: Bundle) -> None:
    fresh = bundle.recommender.read(bundle.histories).vectors

    if bundle.user_vectors is None:
        assert fresh is None
    else:
        assert fresh == pytest.approx(bundle.user_vectors, rel=1e-3, abs=1e-4)


def test_the_golden_files_are_small() -> None:
    assert sum(path.stat().st_size for path in GOLDEN.rglob("*") if path.is_file()) < 200_000
