"""Recorded answers: what kept bundles told when they were made, and what they tell today."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from features.errors import VitrineError
from serving.placements import Placements
from serving.recommend import answer_recommend
from serving.road import Road
from serving.schemas import RecommendRequest, SimilarRequest
from serving.similar import answer_similar
from training.bundle import Bundle

ANSWERS = "answers.json"
N_USERS, N_ITEMS = 8, 12
_ABOUT_WHICH_WE_KEEP = ("item_id", "score", "source", "reasons", "properties")


def answers(bundle: Bundle) -> dict[str, Any]:
    """Ask for everybody, for visitors and about every item; keep what must never change."""
    road = Road(bundle, Placements.load(Path(__file__).with_name("placements.toml")))
    users = [f"user-{row:03d}" for row in range(N_USERS)]
    people = [
        {"user_id": one, "placement": name, "num_results": 4}
        for one in users
        for name in ("home", "discover")
    ]
    people += [
        {"user_id": "nobody"},
        {"context": {"country": "NZ"}, "num_results": 500},
        {"session_items": ["item-003", "item-005"], "num_results": 4},
        {"user_id": "user-004", "session_items": ["item-011"]},
    ]
    asked = [RecommendRequest.model_validate({**one, "explain": True}) for one in people]
    about = [SimilarRequest(item_id=f"item-{row:03d}", num_results=4) for row in range(N_ITEMS)]
    return {
        "recommend": [
            _kept(one) for one in answer_recommend(road, asked, now=bundle.manifest.as_of)
        ],
        "similar": [_kept(one) for one in answer_similar(road, about)],
    }


def record(parent: Path, bundles: list[Bundle]) -> None:
    """Write bundles where none are kept yet, and beside them what each answers."""
    kept = [path for path in sorted(parent.glob("*")) if path.is_dir()]
    folders = kept or [bundle.save(parent) for bundle in bundles]
    told = {folder.name: answers(Bundle.open(folder)) for folder in folders}
    (parent / ANSWERS).write_text(json.dumps(told, indent=None), encoding="utf-8")


def assert_told(found: Any, wanted: Any) -> None:  # noqa: ANN401 -- anything that JSON holds
    """Compare what was told: numbers to six digits, everything else to the letter."""
    if isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-5, abs=1e-5)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_told(one, other)
    elif isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for name in wanted:
            assert_told(found[name], wanted[name])
    else:
        assert found == wanted


def _kept(answer: dict[str, Any] | VitrineError) -> dict[str, Any]:
    assert not isinstance(answer, VitrineError)
    told = orjson.loads(orjson.dumps(answer))
    return {
        "items": [_kept_item(item) for item in told["items"]],
        "shortfall": told["shortfall"],
        "warnings": [warning["code"] for warning in told["warnings"]],
    }


def _kept_item(item: dict[str, Any]) -> dict[str, Any]:
    kept = {name: item[name] for name in _ABOUT_WHICH_WE_KEEP}
    # The facts of a source are told since these were recorded; the shares have not changed.
    kept["reasons"] = [reason for reason in kept["reasons"] if "share" in reason]
    return kept
