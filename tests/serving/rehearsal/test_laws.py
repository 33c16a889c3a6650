"""A law that a list breaks is named, and only that one."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from features.context import Situation
from features.errors import VitrineError
from serving.lists import Answer
from serving.placements import Placement, Placements
from serving.recommend import answer_recommend
from serving.rehearsal.laws import GivenList
from serving.road import Road
from serving.schemas import RecommendRequest
from tests.conftest import AS_OF
from training.bundle import Bundle

HIDDEN, SOLD_OUT = "item-19", "item-39"
SOMEWHEN = Situation(at=AS_OF)


@pytest.fixture(scope="module")
def road(tiny_bundle: Bundle) -> Road:
    return Road(tiny_bundle, Placements.load())


def _answer(road: Road) -> Answer:
    (answer,) = answer_recommend(
        road, [RecommendRequest(user_id="user-00", num_results=4)], now=AS_OF
    )
    assert not isinstance(answer, VitrineError)
    return answer


def _broken(
    road: Road,
    item_ids: Sequence[str],
    *,
    rules: dict[str, Any] | None = None,
    pinned: Sequence[str] = (),
    warnings: Sequence[dict[str, str]] = (),
    **told: Any,  # noqa: ANN401 -- any key of a given list
) -> list[str]:
    """Tell which laws a list of these items breaks, four of which were asked for."""
    items = [
        {"item_id": one, "source": "pinned" if one in pinned else "near_user"} for one in item_ids
    ]
    short = None if len(item_ids) >= 4 else {"not_named": 1}
    answer = _answer(road) | {"items": items, "shortfall": short, "warnings": warnings}
    placement = Placement.model_validate(
        {"exclude_purchased": told.pop("exclude_purchased", False), "rules": rules or {}}
    )
    given = {"on_the_page": (), "purchased": np.array([], dtype=np.int64), "usual_price": math.nan}
    return GivenList(road, placement, answer, SOMEWHEN, **(given | told)).broken


def test_a_list_as_it_is_given_breaks_nothing(road: Road) -> None:
    given = _answer(road)

    assert _broken(road, [item["item_id"] for item in given["items"]]) == []
    assert _broken(road, []) == []


@pytest.mark.parametrize(
    ("item_ids", "told", "law"),
    [
        (["item-01", "item-01"], {}, "an item twice"),
        ([f"item-{row:02d}" for row in range(5)], {}, "more items than asked for"),
        ([HIDDEN], {}, "a hidden or unavailable item"),
        ([SOLD_OUT], {}, "a hidden or unavailable item"),
        (["item-01"], {"on_the_page": ("item-01",)}, "an item that was on the page"),
        (
            ["item-01"],
            {"purchased": np.array([1]), "exclude_purchased": True},
            "an item that was bought",
        ),
        (
            ["item-01"],
            {"rules": {"filter": "brand = 'Clay'"}},
            "an item that the filter leaves out",
        ),
        (
            # The first lamp costs 10, and each item one more than the one before.
            ["item-00", "item-01"],
            {"rules": {"price_window": {"to": 10.5}}},
            "a price outside of the window",
        ),
        (
            ["item-05"],
            {"rules": {"price_window": {"from": 2, "times_usual": True}}, "usual_price": 10.0},
            "a price outside of the window",
        ),
        (
            ["item-00", "item-01", "item-20"],
            {"rules": {"cap": [{"column": "brand", "most": 1}]}},
            "too many of one value",
        ),
        (
            ["item-00", "item-20", "item-01", "item-02"],
            {"rules": {"cap": [{"column": "category", "level": 1, "most": 1, "window": 2}]}},
            "too many of one value",
        ),
        (
            ["item-00", "item-01", "item-02", "item-03"],
            {"rules": {"pin": [{"item_id": "item-01", "slot": 1}]}},
            "a pin not in its slot",
        ),
    ],
)
def test_a_broken_law_is_named(
    road: Road, item_ids: list[str], told: dict[str, Any], law: str
) -> None:
    assert _broken(road, item_ids, **told) == [law]


@pytest.mark.parametrize(
    ("item_ids", "told"),
    [
        # Nothing is known of what is usual for them.
        (["item-05"], {"rules": {"price_window": {"from": 2, "times_usual": True}}}),
        # Two lamps are one too many, but the list says so.
        (
            ["item-00", "item-01"],
            {
                "rules": {"cap": [{"column": "brand", "most": 1}]},
                "warnings": ({"code": "rules_relaxed", "message": ""},),
            },
        ),
        # Apart from each other they are none too many, and pins may stand side by side.
        (
            ["item-00", "item-20", "item-01"],
            {"rules": {"cap": [{"column": "brand", "most": 1, "window": 2}]}},
        ),
        (
            ["item-00", "item-01"],
            {
                "rules": {"cap": [{"column": "brand", "most": 1}]},
                "pinned": ("item-00", "item-01"),
            },
        ),
        # What may not be shown is not shown, pinned or not.
        (["item-00"], {"rules": {"pin": [{"item_id": HIDDEN, "slot": 1}]}}),
        (["item-00"], {"rules": {"pin": [{"item_id": "item-99", "slot": 1}]}}),
        (["item-00"], {"rules": {"pin": [{"item_id": "item-07", "slot": 9}]}}),
        # A list that ends before the slot ends with the pin.
        (
            ["item-00", "item-07"],
            {"rules": {"pin": [{"item_id": "item-07", "slot": 4}]}, "pinned": ("item-07",)},
        ),
    ],
)
def test_what_a_rule_allows_breaks_no_law(
    road: Road, item_ids: list[str], told: dict[str, Any]
) -> None:
    assert _broken(road, item_ids, **told) == []


def test_a_short_list_says_why(road: Road) -> None:
    answer = _answer(road) | {"items": [], "shortfall": None}
    placement = Placement(exclude_purchased=False)
    given = GivenList(road, placement, answer, SOMEWHEN, (), np.array([], np.int64), math.nan)

    assert given.broken == ["short without a reason"]
