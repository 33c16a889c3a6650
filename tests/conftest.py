"""A small planted shop whose lists we know: whoever buys lamps wants lamps, the others mugs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import settings

from features.catalog import ITEM_SCHEMA, Catalogue
from features.demand import Demand, Trends
from features.encoders import FoldInEncoder
from features.events import EventType
from features.fitted_model import EmbeddingModel
from features.history import SECONDS_PER_DAY, Histories
from features.home import Home
from features.ids import IdMap
from features.item_index import ItemIndex
from features.pair_features import Blend
from features.people import People
from features.recommender import Recommender
from features.retrievers import EmbeddingRetriever
from features.similar import SimilarItems
from features.weights import ConfidenceWeights, confidence
from training.bundle import Bundle, point_to
from training.manifest import Manifest

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
N_USERS, N_ITEMS, N_DIMENSIONS = 60, 40, 8
HIDDEN, SOLD_OUT = 19, 39
"""The last lamp must not be shown, the last mug cannot be bought."""

MakeBundle = Callable[..., Bundle]

# The same examples on every machine, however slow it is.
settings.register_profile("vitrine", deadline=None, derandomize=True)
settings.load_profile("vitrine")


def _catalogue(item_ids: list[str]) -> Catalogue:
    rows = [
        {
            "item_id": item_id,
            "title": f"Lamp {row}" if row < N_ITEMS // 2 else f"Mug {row}",
            "category": "Home > Lamps" if row < N_ITEMS // 2 else "Kitchen > Mugs",
            "brand": "Glow" if row < N_ITEMS // 2 else "Clay",
            "price": 10.0 + row,
            "available": row != SOLD_OUT,
            "hidden": row == HIDDEN,
            "released_at": AS_OF - timedelta(days=400 - row),
            "url": f"https://shop.example/{item_id}",
            "image_url": None,
        }
        for row, item_id in enumerate(item_ids)
    ]
    table = pa.Table.from_pylist(rows, schema=ITEM_SCHEMA)
    return Catalogue.of(table, item_ids=item_ids, alive=np.ones(N_ITEMS, dtype=np.bool_))


def _histories(rng: np.random.Generator) -> Histories:
    """Let user 0 to 29 buy lamps and the others mugs; the last user has done one thing only."""
    noon_s = int(AS_OF.timestamp()) - SECONDS_PER_DAY // 2
    people = []
    for user_row in range(N_USERS):
        first = 0 if user_row < N_USERS // 2 else N_ITEMS // 2
        wanted = first + rng.permutation(N_ITEMS // 2)[: 1 if user_row == N_USERS - 1 else 8]
        kinds = [EventType.PURCHASE.code] * 5 + [EventType.VIEW.code] * 3
        days_ago = np.sort(rng.integers(0, 60, len(wanted)))[::-1].tolist()
        people.append(
            [
                (int(item_row), kind, noon_s - days * SECONDS_PER_DAY)
                for item_row, kind, days in zip(wanted, kinds, days_ago, strict=False)
            ]
        )
    return Histories.of(people)


def _people() -> People:
    countries = [("GB", "NZ", None)[row % 3] for row in range(N_USERS)]
    consents = [
        (["email", "personalisation"], ["personalisation"], None)[row % 3] for row in range(N_USERS)
    ]
    return People.of(countries, consents)


def _trends(histories: Histories, people: People, catalogue: Catalogue, as_of_s: int) -> Trends:
    demand = Demand(
        item_rows=histories.item_rows,
        days=(histories.timestamps // SECONDS_PER_DAY).astype(np.int32),
        event_types=histories.event_types,
        country_rows=people.country_rows[histories.person_of_entry],
        counts=histories.counts,
        countries=people.countries,
    )
    weights = ConfidenceWeights(half_life_days=7.0)
    shown = catalogue.recommendable
    return Trends.of(demand, recommendable=shown, weights=weights, as_of_s=as_of_s, n_top=10)


def _model(histories: Histories, weights: ConfidenceWeights, as_of_s: int) -> EmbeddingModel:
    """Factorise the confidences by a truncated singular value decomposition."""
    wanted = confidence(histories, n_items=N_ITEMS, weights=weights, as_of_s=as_of_s)
    _, strengths, axes = np.linalg.svd(wanted.toarray(), full_matrices=False)
    items = (axes[:N_DIMENSIONS].T * np.sqrt(strengths[:N_DIMENSIONS])).astype(np.float32)
    return EmbeddingModel(items, FoldInEncoder.of(items, regularization=1.0))


def _tiny_bundle(*, prefix: str = "", seed: int = 0) -> Bundle:
    item_ids = [f"{prefix}item-{row:02d}" for row in range(N_ITEMS)]
    histories, people, catalogue = (
        _histories(np.random.default_rng(seed)),
        _people(),
        _catalogue(item_ids),
    )
    weights, as_of_s = ConfidenceWeights(), int(AS_OF.timestamp())
    trends = _trends(histories, people, catalogue, as_of_s)
    model = _model(histories, weights, as_of_s)
    recommender = Recommender(
        as_of_s=as_of_s,
        weights=weights,
        recommendable=catalogue.recommendable,
        trends=trends,
        blend=Blend(),
        retrievers={"svd": EmbeddingRetriever(model, ItemIndex.build(model.item_vectors))},
    )
    return Bundle(
        manifest=Manifest(
            as_of=AS_OF,
            created_at=AS_OF,
            code_version="test",
            data_digest="planted",
            n_users=N_USERS,
            n_items=N_ITEMS,
            model="svd",
            settings={},
        ),
        users=IdMap.of([f"user-{row:02d}" for row in range(N_USERS)]),
        items=IdMap.of(item_ids),
        histories=histories,
        people=people,
        catalogue=catalogue,
        recommender=recommender,
        similar=SimilarItems.of(
            model.item_vectors,
            categories=catalogue.table["category"].to_pylist(),
            recommendable=catalogue.recommendable,
            popular=trends.order,
            budget_ms=2.0,
        ),
        user_vectors=recommender.read(histories).vectors,
    )


@pytest.fixture(scope="session")
def make_tiny_bundle() -> MakeBundle:
    """Make the planted shop in memory; `prefix` goes before every item id, `seed` plants anew."""
    return _tiny_bundle


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Give a home folder whose promoted bundle is the planted shop. Do not write to it."""
    home = Home(Path(tmp_path_factory.mktemp("tiny-home")))
    point_to(home.bundles, _tiny_bundle().save(home.bundles).name)
    return home


@pytest.fixture(scope="session")
def tiny_bundle(tiny_home: Home) -> Bundle:
    """Open the planted shop: 60 users, 40 items, lamps first and then mugs.

    `user-00` to `user-29` buy lamps, the others mugs; `user-59` has bought one thing only.
    `item-19` is hidden and `item-39` sold out. Every third user agreed to "email".
    """
    (folder,) = (path for path in tiny_home.bundles.iterdir() if path.is_dir())
    return Bundle.open(folder)
