"""Shops for tests: a lake written from a few lines, and shops of any size as arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.sparse as sp
from numpy.typing import NDArray

from features.catalog import ITEM_SCHEMA, USER_SCHEMA, Catalogue
from features.demand import Demand
from features.encoders import FoldInEncoder, HistoryMeanEncoder
from features.event_log import EventLog, connect
from features.events import EVENT_SCHEMA, EventType
from features.fitted_model import EmbeddingModel, ScoringModel
from features.history import SECONDS_PER_DAY, Histories
from features.ids import IdMap
from features.neighbours import Neighbours
from features.people import People
from features.snapshot import Snapshot
from tests.planted_trees import planted_ranker
from training.assemble import assemble, interactions
from training.bundle import Bundle
from training.settings import TrainingSettings

AS_OF = datetime(2024, 6, 1, 12, tzinfo=UTC)
COUNTRIES = ("FR", "GB", "NZ")
_NUMBERS = count()

Row = dict[str, Any]


@cache
def engine() -> Any:  # noqa: ANN401 -- Ibis is untyped
    """Open one engine for all tests: opening takes longer than what they compute."""
    return connect(threads=1)


def event(user_id: str | None, item_id: str, kind: str = "purchase", **columns: Any) -> Row:  # noqa: ANN401 -- any column of the log
    """Give an event; `days` counts from `AS_OF`, so that what is later is positive."""
    days = columns.pop("days", -1.0)
    filled = dict.fromkeys(EVENT_SCHEMA.names) | {
        "event_id": f"event-{next(_NUMBERS):06d}",
        "event_type": kind,
        "user_id": user_id,
        "item_id": item_id,
        "timestamp": AS_OF + timedelta(days=days),
        "quantity": 1,
    }
    return filled | columns


def item(item_id: str, **columns: Any) -> Row:  # noqa: ANN401 -- any column of the catalogue
    """Give an item that is on sale."""
    filled = dict.fromkeys(ITEM_SCHEMA.names)
    return filled | {"item_id": item_id, "available": True, "hidden": False} | columns


def user(user_id: str, **columns: Any) -> Row:  # noqa: ANN401 -- any column of the user table
    """Give a user of whom the shop has said nothing."""
    return dict.fromkeys(USER_SCHEMA.names) | {"user_id": user_id} | columns


def write_lake(
    lake: Path,
    events: Sequence[Row],
    *,
    items: Iterable[Row] = (),
    users: Iterable[Row] = (),
) -> Path:
    """Write a shop's lake, the events in one batch."""
    lake.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(list(events), schema=EVENT_SCHEMA)
    EventLog(lake, engine()).append(engine().create_table("given", table, overwrite=True))
    for name, rows, schema in (("items", items, ITEM_SCHEMA), ("users", users, USER_SCHEMA)):
        given = pa.Table.from_pylist(list(rows), schema=schema)
        if given.num_rows:
            pq.write_table(given, lake / f"{name}.parquet")
    return lake


def as_table(events: Sequence[Row]) -> ibis.Table:
    """Give events to the engine as `features.returns` takes them, with a `person`."""
    rows = [{**one, "person": one["user_id"]} for one in events]
    schema = EVENT_SCHEMA.append(pa.field("person", pa.string()))
    table = pa.Table.from_pylist(rows, schema=schema)
    return engine().create_table("given", table, overwrite=True)


def some_snapshot(
    seed: int,
    *,
    n_users: int = 30,
    n_items: int = 25,
    most_events: int = 12,
    n_unavailable: int = 3,
) -> Snapshot:
    """Plant a shop of two tastes at `AS_OF`; the first user has done nothing yet."""
    rng = np.random.default_rng(seed)
    as_of_s = int(AS_OF.timestamp())
    histories = Histories.of(
        [_some_history(rng, row, n_items, most_events, as_of_s) for row in range(n_users)]
    )
    countries = [(*COUNTRIES, None)[place] for place in rng.integers(0, 4, n_users)]
    item_ids = [f"item-{row:03d}" for row in range(n_items)]
    unavailable = rng.permutation(n_items)[: min(n_unavailable, n_items - 1)]
    rows = [
        item(
            item_id,
            title=f"Title {row}",
            category="Left" if row < n_items // 2 else "Right",
            price=float(row + 1),
            available=row not in unavailable,
        )
        for row, item_id in enumerate(item_ids)
    ]
    people = People.of(countries, [["email"] if row % 2 else None for row in range(n_users)])
    return Snapshot(
        users=IdMap.of([f"user-{row:03d}" for row in range(n_users)]),
        items=IdMap.of(item_ids),
        histories=histories,
        demand=_demand(histories, people),
        catalogue=Catalogue.of(
            pa.Table.from_pylist(rows, schema=ITEM_SCHEMA),
            item_ids=item_ids,
            alive=np.ones(n_items, dtype=np.bool_),
        ),
        people=people,
        prices=np.arange(1.0, n_items + 1),
        as_of=AS_OF,
    )


def svd_model(snapshot: Snapshot, settings: TrainingSettings) -> EmbeddingModel:
    """Factorise the confidences by a truncated singular value decomposition."""
    wanted = interactions(snapshot, settings).matrix.toarray()
    _, strengths, axes = np.linalg.svd(wanted, full_matrices=False)
    vectors = (axes[:8].T * np.sqrt(strengths[:8])).astype(np.float32)
    return EmbeddingModel(vectors, FoldInEncoder.of(vectors, regularization=1.0))


def some_models(snapshot: Snapshot, settings: TrainingSettings) -> dict[str, ScoringModel]:
    """Give a model of each kind under a trainer's name: two of vectors, and one of neighbours."""
    folded, wanted = svd_model(snapshot, settings), interactions(snapshot, settings).matrix
    averaged = HistoryMeanEncoder.fitted(
        folded.item_vectors, user_vectors=folded.encode(wanted), confidence=wanted
    )
    return {
        "als": folded,
        "bpr": EmbeddingModel(folded.item_vectors, averaged),
        "item_knn": Neighbours.of(sp.csr_array(wanted.T @ wanted), most=10),
    }


def some_bundle(seed: int, *, with_model: bool = True, **sizes: int) -> Bundle:
    """Assemble the shop of `some_snapshot`, with a model or knowing only what is popular."""
    return bundle_of(some_snapshot(seed, **sizes), with_model=with_model)


def bundle_of(
    snapshot: Snapshot, *, with_model: bool = True, settings: TrainingSettings | None = None
) -> Bundle:
    """Assemble a snapshot as a training would."""
    chosen = settings or TrainingSettings()
    models = {"als": svd_model(snapshot, chosen)} if with_model else {}
    return assemble(snapshot, chosen, models, data_digest="planted", created_at=AS_OF)


def full_bundle(seed: int, **sizes: int) -> Bundle:
    """Assemble the shop of `some_snapshot` with every part that a bundle can have."""
    snapshot = some_snapshot(seed, **sizes)
    settings = TrainingSettings(beside=["bpr", "item_knn"])
    models = some_models(snapshot, settings)
    bundle = assemble(snapshot, settings, models, data_digest="planted", created_at=AS_OF)
    ranker = planted_ranker(bundle, seed)
    return replace(bundle, recommender=replace(bundle.recommender, ranker=ranker))


def trend_rows_of(bundle: Bundle) -> NDArray[np.int64]:
    """Find where everybody of a bundle is told what is trending."""
    by_country = bundle.recommender.trends.rows_of(bundle.people.countries)
    return by_country[bundle.people.country_rows]


def _some_history(
    rng: np.random.Generator, row: int, n_items: int, most_events: int, as_of_s: int
) -> list[tuple[int, int, int]]:
    if row == 0:
        return []
    half = n_items // 2
    n_events = int(rng.integers(1, most_events + 1))
    within = rng.integers(0, max(half, 1), n_events) + (half if row % 2 else 0)
    kinds = rng.choice(
        [EventType.VIEW.code, EventType.CART.code, EventType.PURCHASE.code], n_events
    )
    ages_s = np.sort(rng.integers(0, 60 * SECONDS_PER_DAY, n_events))[::-1]
    return [
        (int(item_row), int(kind), as_of_s - int(age_s))
        for item_row, kind, age_s in zip(within, kinds, ages_s, strict=True)
    ]


def _demand(histories: Histories, people: People) -> Demand:
    return Demand(
        item_rows=histories.item_rows,
        days=(histories.timestamps // SECONDS_PER_DAY).astype(np.int32),
        event_types=histories.event_types,
        country_rows=people.country_rows[histories.person_of_entry],
        counts=histories.counts,
        countries=people.countries,
    )
