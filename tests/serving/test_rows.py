"""Rows: each is about one thing that somebody did, and nothing stands in two of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.candidates import Source
from features.errors import UnknownPlacement
from features.events import EventType
from features.history import Histories
from features.ids import IdMap
from serving.news import News
from serving.placements import Placements
from serving.road import Road
from serving.rows import answer_rows
from serving.schemas import RowsAnswer, RowsRequest
from serving.store import PersonNews
from tests.shops import AS_OF, some_bundle

NOW, AS_OF_S = AS_OF, int(AS_OF.timestamp())
BUY, VIEW, CART = EventType.PURCHASE.code, EventType.VIEW.code, EventType.CART.code
PLACEMENTS = Placements.load()
N_ITEMS = 60


@pytest.fixture(scope="module")
def road() -> Road:
    return Road(some_bundle(3, n_users=40, n_items=N_ITEMS, n_unavailable=4), PLACEMENTS)


def _rows(road: Road, news: News | None = None, **request: object) -> RowsAnswer:
    """Answer as the wire gives it."""
    asked = RowsRequest.model_validate(request)
    told = answer_rows(road, asked, news or News.none([asked.person]), now=NOW)
    return RowsAnswer.model_validate_json(orjson.dumps(told))


def _heads(answer: RowsAnswer) -> list[tuple[str, str]]:
    return [(row.because.type, row.because.item_id) for row in answer.rows]


def _did(*events: tuple[str, int]) -> News:
    """Let somebody do things one after the other, since the bundle."""
    items, kinds = zip(*events, strict=True)
    times = [AS_OF_S + second for second in range(len(events))]
    return News([PersonNews("newcomer", (), list(items), list(kinds), times, [1] * len(items))])


def test_the_latest_thing_that_was_done_heads_the_first_row(road: Road) -> None:
    done = _did(("item-040", VIEW), ("item-002", BUY), ("item-041", CART), ("item-040", VIEW))

    answer = _rows(road, done, user_id="newcomer")

    assert _heads(answer) == [
        ("viewed", "item-040"),
        ("carted", "item-041"),
        ("purchased", "item-002"),
    ]
    assert answer.rows[0].because.properties["title"] == "Title 40"
    assert (answer.requested, answer.returned, answer.warnings) == (3, 3, [])


def test_what_is_on_the_page_heads_the_first_row(road: Road) -> None:
    answer = _rows(road, session_items=["item-040"])

    assert _heads(answer) == [("viewed", "item-040")]


def test_a_row_holds_what_is_like_the_thing_it_is_about(road: Road) -> None:
    answer = _rows(road, _did(("item-040", VIEW)), user_id="newcomer", num_results=5)

    (row,) = answer.rows
    similar = road.bundle.similar.similar([np.array([40])], num_results=5)
    assert [item.item_id for item in row.items] == road.bundle.items.ids(similar.item_rows[0])
    assert {item.source for item in row.items} == {Source.SIMILAR.value}
    assert [item.rank for item in row.items] == [1, 2, 3, 4, 5]


some_items = st.lists(st.sampled_from([f"item-{row:03d}" for row in range(62)]), max_size=4)


@settings(max_examples=60)
@given(
    st.sampled_from([f"user-{row:03d}" for row in range(40)]),
    some_items,
    some_items,
    st.integers(1, 20),
    st.sampled_from([1, 5, 60]),
    st.sampled_from([None, "price < 30"]),
)
def test_no_item_stands_twice_and_none_that_must_not(
    road: Road,
    user_id: str,
    session: list[str],
    excluded: list[str],
    num_rows: int,
    num_results: int,
    filter_: str | None,
) -> None:
    answer = _rows(
        road,
        user_id=user_id,
        session_items=session,
        exclude_items=excluded,
        num_rows=num_rows,
        num_results=num_results,
        **({} if filter_ is None else {"filter": filter_}),
    )

    listed = [item for row in answer.rows for item in row.items]
    ids = [item.item_id for item in listed]
    heads = [head for _, head in _heads(answer)]
    assert len(set(ids)) == len(ids)
    assert len(set(heads)) == len(heads) == answer.returned <= num_rows
    assert not set(ids) & {*heads, *excluded, *session, *_purchased(road, user_id)}
    free = road.bundle.items.ids(np.flatnonzero(road.bundle.catalogue.recommendable))
    assert set(ids) <= set(free)
    if filter_ is not None:
        assert all(float(str(item.properties["price"])) < 30 for item in listed)
    for row in answer.rows:
        assert 1 <= row.returned == len(row.items) <= num_results
        assert (row.shortfall is None) == (row.returned == num_results)


def _purchased(road: Road, user_id: str) -> Sequence[str]:
    one = road.bundle.histories.take(np.array([road.bundle.users.row_of(user_id)]))
    return road.bundle.items.ids(one.item_rows[one.event_types == BUY])


def test_somebody_who_did_nothing_has_no_rows_and_is_told(road: Road) -> None:
    answer = _rows(road, anonymous_id="new")

    assert (answer.rows, answer.requested, answer.returned) == ([], 3, 0)
    assert [one.code for one in answer.warnings] == ["no_history"]


def test_a_thing_that_nothing_is_like_heads_no_row(road: Road) -> None:
    similar = road.bundle.similar
    vectors = similar.index.vectors.copy()
    vectors[40] = 0
    alone = replace(similar, index=replace(similar.index, vectors=vectors))
    shop = Road(replace(road.bundle, similar=alone), PLACEMENTS)

    answer = _rows(shop, _did(("item-020", VIEW), ("item-040", VIEW)), user_id="newcomer")

    assert _heads(answer) == [("viewed", "item-020")]


def test_impressions_and_what_was_taken_out_of_the_cart_head_no_row(road: Road) -> None:
    passed_over = (EventType.IMPRESSION, EventType.REMOVE_FROM_CART, EventType.RETURN)

    answer = _rows(road, _did(*(("item-040", one.code) for one in passed_over)), user_id="newcomer")

    assert answer.rows == []


def test_a_visitor_of_the_bundle_has_rows_as_a_user_has(road: Road) -> None:
    names = road.bundle.users.ids(np.arange(40))
    names[5] = "anonymous:tab"
    shop = Road(replace(road.bundle, users=IdMap.of(names)), PLACEMENTS)

    assert _heads(_rows(shop, anonymous_id="tab")) == _heads(_rows(road, user_id="user-005"))
    assert len(_heads(_rows(road, user_id="user-005"))) == 3


def test_rows_of_an_unknown_placement_are_an_error(road: Road) -> None:
    with pytest.raises(UnknownPlacement, match="because_you_viewed"):
        _rows(road, placement="because_you_vewed")


def test_the_bundle_is_left_as_it_is(road: Road) -> None:
    before: Histories = road.bundle.histories
    rows = before.item_rows.copy()

    _rows(road, user_id="user-005", num_rows=20)

    np.testing.assert_array_equal(road.bundle.histories.item_rows, rows)
