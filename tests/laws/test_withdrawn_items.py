"""Law: what the shop hides or sells out is in no answer of any route from that moment on."""

import asyncio
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import scipy.sparse as sp

from features.events import EventType
from features.history import SECONDS_PER_DAY, Histories
from features.neighbours import Neighbours
from features.repurchase import RepurchaseModel
from features.sources import DEFAULT_SOURCES
from tests.serving.living import Living, Told, living
from tests.shops import full_bundle
from training.bundle import Bundle

N_USERS, N_ITEMS, ANNA = 40, 40, 5
BUY: Final = EventType.PURCHASE.code
WHO: Final = {"user_id": f"user-{ANNA:03d}"}
ITEMS: Final = [f"item-{row:03d}" for row in range(N_ITEMS)]
LOOKED_AT: Final = ITEMS[21:27]

PINNED: Final = ", ".join(
    f'{{ item_id = "{item_id}", slot = {slot} }}' for slot, item_id in enumerate(ITEMS, start=1)
)
FURTHER: Final = f"""
[pinned]
exclude_purchased = false
rules = {{ pin = [{PINNED}] }}

[mixed]
exclude_purchased = false
rules = {{ cap = [{{ column = "category", most = 2, window = 3 }}], diversity = 0.5 }}
"""
"""Beside the built-in placements: pins, mixtures, and each source and each fallback by itself."""

ALONE: Final = """
[from_{source}]
exclude_purchased = false
sources = ["{source}"]
order = "source"
mode = "strict"
fallback = "none"
"""
FILLED: Final = """
[filled_by_{fallback}]
exclude_purchased = false
sources = ["recently_viewed"]
order = "source"
fallback = "{fallback}"
"""
BUILT_IN: Final = (resources.files("serving") / "placements.toml").read_text("utf-8")
PLACEMENTS: Final = "\n".join(
    [
        BUILT_IN,
        FURTHER,
        *(ALONE.format(source=one) for one in DEFAULT_SOURCES),
        *(FILLED.format(fallback=one) for one in ("popular", "trending", "new_arrivals")),
    ]
)

Route = tuple[str, dict[str, Any]]


def _routes() -> dict[str, Route]:
    """Name every way to a list."""
    ways: dict[str, Route] = {}
    everybody: list[dict[str, Any]] = [WHO, {"anonymous_id": "new"}]
    for name in tomllib.loads(PLACEMENTS):
        about = {"placement": name, "explain": True}
        for num_results in (5, 500):
            one = {**WHO, **about, "num_results": num_results}
            ways[f"{name} {num_results}"] = "/v1/recommend", one
    for who in ({"anonymous_id": "new"}, {"session_items": ITEMS[2:4]}, {}):
        ways[f"home of {who or 'nobody'}"] = "/v1/recommend", who
    ways["candidates"] = "/v1/recommend", {**WHO, "candidates": ITEMS}
    ways["filter"] = "/v1/recommend", {**WHO, "filter": "price > 0", "num_results": 500}
    ways["strict"] = "/v1/recommend", {**WHO, "mode": "strict", "num_results": 500}
    ways["distinct"] = "/v1/recommend/batch", {"requests": everybody, "distinct": True}
    ways["batch"] = "/v1/recommend/batch", {"requests": everybody}
    ways["rows"] = "/v1/rows", WHO
    ways["many rows"] = "/v1/rows", {**WHO, "num_rows": 20, "num_results": 500}
    ways["picks"] = "/v1/picks", {"placement": "weekly_email", "user_ids": [WHO["user_id"]]}
    for kind in ("any", "alternatives", "complements"):
        asked = {"kind": kind, "num_results": 500}
        ways[f"similar {kind}"] = "/v1/similar", {"item_id": ITEMS[30], **asked}
        ways[f"similar to some {kind}"] = "/v1/similar", {"item_ids": ITEMS[10:31:20], **asked}
    return ways


ROUTES: Final = _routes()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """Plant a shop with every part, in which Anna buys three things every few days."""
    bundle = full_bundle(3, n_users=N_USERS, n_items=N_ITEMS, n_unavailable=2)
    as_of_s = bundle.recommender.as_of_s
    rhythm = [
        (row, BUY, as_of_s - days * SECONDS_PER_DAY)
        for days in range(30, 0, -3)
        for row in (28, 29, 31)
    ]
    further = [rhythm if row == ANNA else [] for row in range(N_USERS)]
    repurchase = RepurchaseModel.of(Histories.of([rhythm] * 20), n_items=N_ITEMS, as_of_s=as_of_s)
    # Whatever is bought, the next two items are bought with it.
    ring = np.eye(N_ITEMS, k=1, dtype=np.float32) + np.eye(N_ITEMS, k=2, dtype=np.float32) / 2
    baskets = Neighbours.of(sp.csr_array(ring), most=2)
    sources = replace(bundle.recommender.sources, repurchase=repurchase, baskets=baskets)
    return replace(
        bundle,
        histories=bundle.histories.joined(Histories.of(further)),
        recommender=replace(bundle.recommender, sources=sources),
        similar=replace(bundle.similar, baskets=baskets),
    )


@contextmanager
def _visited(root: Path, bundle: Bundle) -> Iterator[Living]:
    """Let Anna look around, so that every source has something to name."""
    with living(root, bundle, placements=PLACEMENTS) as opened:
        for item_id in LOOKED_AT:
            opened.did("view", item_id, **WHO)
            opened.did("cart", item_id, **WHO)
        asyncio.run(opened.house.desk.refresh())
        yield opened


@pytest.fixture
def shop(tmp_path: Path, bundle: Bundle) -> Iterator[Living]:
    with _visited(tmp_path, bundle) as opened:
        yield opened


@pytest.fixture(scope="module")
def same_shop(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> Iterator[Living]:
    """Give one shop to many tests, each of which leaves it as it was."""
    with _visited(tmp_path_factory.mktemp("shop"), bundle) as opened:
        yield opened


def _lists(shop: Living, route: Route) -> list[list[str]]:
    """Give the items of every list of an answer."""
    path, body = route
    if path == "/v1/picks":
        told: list[Told] = shop.lines(body)
    else:
        answer = shop.told(path, body)
        told = answer.get("answers") or answer.get("rows") or [answer]
    return [[item["item_id"] for item in one.get("items", [])] for one in told]


def _shown(shop: Living, route: Route) -> list[str]:
    return [item_id for one in _lists(shop, route) for item_id in one]


WITHDRAWN: Final = {"hidden": {"hidden": True}, "sold out": {"available": False}}


@pytest.mark.parametrize("how", WITHDRAWN)
@pytest.mark.parametrize("name", ROUTES)
def test_what_is_withdrawn_is_in_no_list(same_shop: Living, name: str, how: str) -> None:
    shop, route = same_shop, ROUTES[name]
    before = _shown(shop, route)
    assert before, "a route that lists nothing proves nothing"
    first = before[0]

    shop.states(first, **WITHDRAWN[how])
    without = _shown(shop, route)

    assert first not in without
    shop.states(first, available=True, hidden=False)
    assert _shown(shop, route) == before


def test_what_was_withdrawn_before_the_training_is_in_no_list(
    same_shop: Living, bundle: Bundle
) -> None:
    gone = {ITEMS[row] for row in np.flatnonzero(~bundle.catalogue.recommendable)}
    assert len(gone) == 2

    for name, route in ROUTES.items():
        assert not gone & set(_shown(same_shop, route)), name


def test_of_all_items_one_is_left(shop: Living) -> None:
    left = ITEMS[30]
    items = [{"item_id": one, "available": False} for one in ITEMS if one != left]
    shop.told("/v1/items", {"items": items})

    for name, route in ROUTES.items():
        assert set(_shown(shop, route)) <= {left}, name
    assert shop.shown(**WHO) == [left]


def test_what_is_hidden_heads_no_row_and_what_is_sold_out_may(shop: Living) -> None:
    def heads() -> list[str]:
        rows = shop.told("/v1/rows", {**WHO, "num_rows": 20})["rows"]
        return [row["because"]["item_id"] for row in rows]

    first, second = heads()[:2]
    shop.states(first, hidden=True)
    shop.states(second, available=False)

    assert first not in heads()
    assert second in heads()


def test_no_list_holds_an_item_twice(same_shop: Living) -> None:
    for name, route in ROUTES.items():
        for one in _lists(same_shop, route):
            assert len(set(one)) == len(one), name


def test_without_the_store_what_was_withdrawn_stays_withdrawn(shop: Living) -> None:
    # Nobody is written to while it is not known who withdrew their consent.
    routes = {name: route for name, route in ROUTES.items() if "weekly_email" not in str(route[1])}
    gone = shop.shown(**WHO)[:3]
    for item_id in gone:
        shop.states(item_id, hidden=True)
    shop.recommend()

    shop.lose_the_store()

    for name, route in routes.items():
        assert not set(gone) & set(_shown(shop, route)), name
