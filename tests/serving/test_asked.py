"""A request narrows, orders and places its list: filters, candidates, modes, and the situation."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import VitrineError
from serving.placements import Placements
from serving.recommend import answer_recommend
from serving.road import Road
from serving.schemas import ListAnswer, RecommendRequest
from tests.serving.living import Living, living
from tests.shops import AS_OF, full_bundle
from training.bundle import Bundle

N_ITEMS = 40
ITEMS = [f"item-{row:03d}" for row in range(N_ITEMS)]
PLACEMENTS = Placements.load()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return full_bundle(3, n_users=40, n_items=N_ITEMS, n_unavailable=4)


@pytest.fixture(scope="module")
def road(bundle: Bundle) -> Road:
    return Road(bundle, PLACEMENTS)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> Iterator[Living]:
    with living(tmp_path_factory.mktemp("shop"), bundle) as opened:
        yield opened


def _answer(road: Road, **request: object) -> ListAnswer:
    """Answer one request as the wire gives it."""
    asked = RecommendRequest.model_validate_json(orjson.dumps(request))
    (answer,) = answer_recommend(road, [asked], now=AS_OF)
    assert not isinstance(answer, VitrineError), answer
    return ListAnswer.model_validate_json(orjson.dumps(answer))


def _shown(answer: ListAnswer) -> list[str]:
    return [item.item_id for item in answer.items]


def _free(bundle: Bundle) -> set[str]:
    return set(bundle.items.ids(np.flatnonzero(bundle.catalogue.recommendable)))


# Filters

users = st.sampled_from(["user-000", "user-001", "user-002", "user-017", "nobody"])
PLAIN = ["home", "discover", "cart", "trending_now"]


@settings(max_examples=40)
@given(users, st.floats(0, 45, width=16), st.sampled_from([3, 500]), st.sampled_from(PLAIN))
def test_a_list_holds_what_the_filter_passes_alone_and_is_full_where_enough_passes(
    road: Road, user_id: str, most: float, num_results: int, placement: str
) -> None:
    answer = _answer(
        road,
        user_id=user_id,
        placement=placement,
        filter="price <= :most",
        filter_params={"most": most},
        exclude_purchased=False,
        num_results=num_results,
    )

    # The item of row n costs n + 1.
    passing = {one for row, one in enumerate(ITEMS) if row + 1 <= most} & _free(road.bundle)
    assert set(_shown(answer)) <= passing
    assert answer.returned == min(num_results, len(passing))
    if answer.returned < num_results:
        assert answer.shortfall is not None
        assert answer.shortfall["filtered"] == len(_free(road.bundle) - passing)
        assert answer.returned + sum(answer.shortfall.values()) == N_ITEMS


ROUTES: dict[str, dict[str, Any]] = {
    "/v1/recommend": {"user_id": "user-001"},
    "/v1/similar": {"item_id": "item-030"},
    "/v1/rows": {"user_id": "user-001"},
    "/v1/recommend/batch": {},
}


def _asked(shop: Living, path: str, **narrowed: object) -> list[dict[str, Any]]:
    """Give the lists, or errors, of a route that was narrowed."""
    body = {**ROUTES[path], **narrowed}
    if path == "/v1/recommend/batch":
        batch = {"requests": [{"user_id": "user-001", **narrowed}, {"user_id": "user-002"}]}
        answers: list[dict[str, Any]] = shop.told(path, batch)["answers"][:1]
        return answers
    answer: dict[str, Any] = shop.asked(path, body).json()
    rows: list[dict[str, Any]] = answer.get("rows", [answer])
    return rows


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_takes_a_filter(shop: Living, path: str) -> None:
    lists = _asked(
        shop,
        path,
        filter="category = 'Right' and price between :low and :high",
        filter_params={"low": 25, "high": 35},
        num_results=20,
    )

    items = [item["properties"] for one in lists for item in one["items"]]
    assert items
    assert {item["category"] for item in items} == {"Right"}
    assert all(25 <= item["price"] <= 35 for item in items)


@pytest.mark.parametrize(
    ("narrowed", "code", "told"),
    [
        ({"filter": "prise < 3"}, "unknown_column", "price"),
        ({"filter": "price <"}, "invalid_filter", ""),
        ({"filter": "price < 'cheap'"}, "invalid_filter", "price"),
        ({"filter": "price < :most"}, "invalid_filter", "most"),
        ({"filter": "price < 3; drop table items"}, "invalid_filter", ""),
        ({"filter": "price < :most", "filter_params": {"most": "x"}}, "invalid_filter", "price"),
    ],
)
@pytest.mark.parametrize("path", ROUTES)
def test_a_wrong_filter_is_refused_everywhere_and_says_why(
    shop: Living, path: str, narrowed: dict[str, object], code: str, told: str
) -> None:
    (answer,) = _asked(shop, path, **narrowed)

    assert answer["error"]["code"] == code
    assert told in answer["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/recommend", "/v1/similar", "/v1/rows"])
def test_parameters_without_a_filter_are_refused(shop: Living, path: str) -> None:
    answer = shop.asked(path, {**ROUTES[path], "filter_params": {"most": 3}})

    assert (answer.status, answer.error["code"]) == (422, "invalid_request")


def test_a_filter_that_nothing_passes_gives_an_empty_list_that_says_so(road: Road) -> None:
    answer = _answer(road, user_id="user-001", filter="price < 0")

    free = len(_free(road.bundle))
    assert (answer.items, answer.returned) == ([], 0)
    assert answer.shortfall == {
        "unavailable": N_ITEMS - free,
        "excluded": 0,
        "purchased": 0,
        "filtered": free,
    }


# Candidates


@settings(max_examples=40)
@given(users, st.lists(st.sampled_from([*ITEMS, "gone"]), min_size=1, max_size=20), st.booleans())
def test_candidates_are_put_in_order_and_nothing_is_added(
    road: Road, user_id: str, candidates: list[str], discover: bool
) -> None:
    answer = _answer(
        road,
        user_id=user_id,
        placement="discover" if discover else "cart",
        candidates=candidates,
        exclude_purchased=False,
        num_results=30,
    )

    assert set(_shown(answer)) == set(candidates) & _free(road.bundle)
    assert len(set(_shown(answer))) == answer.returned
    scores = [item.score for item in answer.items]
    assert scores == sorted(scores, reverse=True)
    assert {item.source for item in answer.items} <= {"given"}
    assert ("unknown_items" in [one.code for one in answer.warnings]) == ("gone" in candidates)


def test_candidates_stand_in_the_order_in_which_the_whole_list_holds_them(road: Road) -> None:
    own = _shown(_answer(road, user_id="user-001", placement="cart", num_results=10))
    backwards = own[::-1]

    answer = _answer(road, user_id="user-001", placement="cart", candidates=backwards)

    # A source may be among what the ranker reads; who is known by more than that stays in front.
    assert set(_shown(answer)) == set(own)
    assert _shown(answer) == _shown(
        _answer(road, user_id="user-001", placement="cart", candidates=own)
    )


def test_candidates_obey_what_must_not_be_shown(road: Road) -> None:
    gone = sorted(set(ITEMS) - _free(road.bundle))
    asked = [*gone, "item-003", "item-004", "item-030"]

    answer = _answer(
        road,
        user_id="user-001",
        placement="cart",
        candidates=asked,
        exclude_items=["item-003"],
        filter="price > 5",
    )

    assert _shown(answer) == ["item-030"]
    assert answer.shortfall is not None
    assert answer.returned + sum(answer.shortfall.values()) == N_ITEMS


def test_no_candidates_are_no_list(road: Road) -> None:
    answer = _answer(road, user_id="user-001", candidates=[])

    assert answer.items == []


# Modes and the situation


def test_a_strict_list_stays_short_and_says_what_was_not_named(road: Road) -> None:
    viewed = {"session_items": ["item-003", "item-004"], "placement": "recently_viewed"}

    strict = _answer(road, **viewed)
    filled = _answer(road, session_items=["item-003"], placement="trending_now", num_results=30)

    # What is on the page right now is not listed again.
    assert strict.items == []
    assert strict.shortfall is not None
    assert strict.shortfall["not_named"] > 0
    assert filled.returned == 30


def test_a_request_may_insist_on_a_full_or_on_a_strict_list(road: Road) -> None:
    nobody = {"placement": "trending_now", "num_results": 500, "filter": "price > 0"}

    full, strict = (_answer(road, **nobody, mode=mode) for mode in ("fill", "strict"))

    assert full.returned == len(_free(road.bundle))
    assert strict.returned <= full.returned
    assert _shown(strict) == _shown(full)[: strict.returned]


OWN = """
[home]
exclude_purchased = false

[[home.scenarios]]
name = "evening_on_mobile"
situation = { device = ["mobile"], daypart = ["evening"] }
rules = { filter = "category = 'Left'" }

[[home.scenarios]]
name = "kiwis"
segment = { countries = ["NZ"] }
rules = { filter = "category = 'Right'" }
"""


@pytest.mark.parametrize(
    ("context", "scenario"),
    [
        ({}, None),
        (
            {"device": "mobile", "timestamp": "2024-06-01T20:00:00Z", "country": "GB"},
            "evening_on_mobile",
        ),
        # Where nobody says where they are, nobody knows their time of day.
        ({"device": "mobile", "timestamp": "2024-06-01T20:00:00Z"}, None),
        ({"device": "desktop", "timestamp": "2024-06-01T20:00:00Z", "country": "GB"}, None),
        ({"device": "mobile", "timestamp": "2024-06-01T09:00:00Z", "country": "GB"}, None),
        # It is evening where the caller is.
        (
            {"device": "mobile", "timestamp": "2024-06-01T10:00:00Z", "timezone": "Asia/Tokyo"},
            "evening_on_mobile",
        ),
        ({"country": "NZ"}, "kiwis"),
    ],
)
def test_the_situation_of_the_request_chooses_the_scenario(
    tmp_path: Path, bundle: Bundle, context: dict[str, str], scenario: str | None
) -> None:
    (tmp_path / "placements.toml").write_text(OWN)
    road = Road(bundle, Placements.load(tmp_path / "placements.toml"))

    answer = _answer(road, context=context, num_results=500)

    categories = {
        None: {"Left", "Right"},
        "evening_on_mobile": {"Left"},
        "kiwis": {"Right"},
    }
    assert answer.scenario == scenario
    assert {item.properties["category"] for item in answer.items} == categories[scenario]


def test_a_moment_without_an_offset_is_refused(shop: Living) -> None:
    told = datetime(2024, 6, 1, 20, tzinfo=UTC).replace(tzinfo=None).isoformat()

    answer = shop.asked("/v1/recommend", {"context": {"timestamp": told}})

    assert (answer.status, answer.error["code"]) == (422, "invalid_request")
