"""Make the golden bundles of format 1, and what they answered when they were made.

::

    .venv/bin/python -m tests.golden.make_bundle_v1 tests/golden/bundle_v1

They are made once for each format and then kept: they prove that every later version opens them
and answers the same. Make them anew only before a format is released.
"""

import json
import sys
from pathlib import Path
from typing import Any

import orjson

from features.encoders import HistoryMeanEncoder
from features.errors import VitrineError
from features.fitted_model import EmbeddingModel
from features.snapshot import Snapshot
from serving.placements import Placements
from serving.recommend import answer_recommend
from serving.road import Road
from serving.schemas import RecommendRequest, SimilarRequest
from serving.similar import answer_similar
from tests.shops import AS_OF, some_snapshot, svd_model
from training.assemble import assemble, interactions
from training.bundle import Bundle
from training.settings import TrainingSettings

ANSWERS = "answers.json"
N_USERS, N_ITEMS = 8, 12
_ABOUT_WHICH_WE_KEEP = ("item_id", "score", "source", "reasons", "properties")


def bundles() -> list[Bundle]:
    """Assemble one bundle of each kind: two encoders, and what is popular."""
    snapshot = some_snapshot(1, n_users=N_USERS, n_items=N_ITEMS)
    settings = TrainingSettings.model_validate(
        {"blend": {"trend": 0.1}, "weights": {"half_life_days": float("inf")}}
    )
    folded = svd_model(snapshot, settings)
    models = (folded, _averaged(folded, snapshot, settings), None)
    return [
        assemble(snapshot, settings, model, data_digest="golden", created_at=AS_OF)
        for model in models
    ]


def answers(bundle: Bundle) -> dict[str, Any]:
    """Ask for everybody, for visitors and about every item; keep what must never change."""
    road = Road(bundle, Placements.load())
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
        "recommend": [_kept(one) for one in answer_recommend(road, asked)],
        "similar": [_kept(one) for one in answer_similar(road, about)],
    }


def _averaged(
    model: EmbeddingModel, snapshot: Snapshot, settings: TrainingSettings
) -> EmbeddingModel:
    wanted = interactions(snapshot, settings).matrix
    encoder = HistoryMeanEncoder.fitted(
        model.item_vectors, user_vectors=model.encode(wanted), confidence=wanted
    )
    return EmbeddingModel(model.item_vectors, encoder)


def _kept(answer: dict[str, Any] | VitrineError) -> dict[str, Any]:
    assert not isinstance(answer, VitrineError)
    told = orjson.loads(orjson.dumps(answer))
    return {
        "items": [{name: item[name] for name in _ABOUT_WHICH_WE_KEEP} for item in told["items"]],
        "shortfall": told["shortfall"],
        "warnings": [warning["code"] for warning in told["warnings"]],
    }


def main(parent: Path) -> None:
    """Write the bundles, and beside them what each answers."""
    told = {}
    for bundle in bundles():
        told[bundle.save(parent).name] = answers(bundle)
    (parent / ANSWERS).write_text(json.dumps(told, indent=None), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
