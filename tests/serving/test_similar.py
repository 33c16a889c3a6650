"""A product page gets items like its own, and is told where they come from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import UnknownItem, VitrineError
from features.kinds import Kind
from features.neighbours import Neighbours
from serving.placements import Placements
from serving.road import Road
from serving.schemas import ListAnswer, SimilarRequest
from serving.similar import answer_similar
from tests.shops import some_bundle
from training.bundle import Bundle

PLACEMENTS = Placements.load()


@pytest.fixture(scope="module")
def road() -> Road:
    return Road(some_bundle(3, n_users=40, n_items=30), PLACEMENTS)


def _answer(road: Road, **request: object) -> ListAnswer:
    (answer,) = answer_similar(road, [SimilarRequest.model_validate(request)])
    assert not isinstance(answer, VitrineError)
    return ListAnswer.model_validate_json(orjson.dumps(answer))


def _shown(answer: ListAnswer) -> list[str]:
    return [item.item_id for item in answer.items]


def test_items_of_the_same_taste_come_first(road: Road) -> None:
    answer = _answer(road, item_id="item-020", num_results=5)

    assert {item.source for item in answer.items} == {"similar"}
    assert all(item_id >= "item-015" for item_id in _shown(answer))
    assert (answer.placement, answer.warnings, answer.shortfall) == (None, [], None)


def test_one_item_is_a_group_of_one(road: Road) -> None:
    one, group = _answer(road, item_id="item-020"), _answer(road, item_ids=["item-020"])

    assert one.items == group.items


def test_an_item_that_nobody_touched_gets_its_category() -> None:
    bundle = some_bundle(3, n_users=40, n_items=30)
    vectors = bundle.similar.index.vectors.copy()
    vectors[20] = 0
    index = replace(bundle.similar.index, vectors=vectors)
    road = Road(replace(bundle, similar=replace(bundle.similar, index=index)), PLACEMENTS)

    answer = _answer(road, item_id="item-020", num_results=500)

    of_its_kind = {
        item_id
        for item_id in road.bundle.items.ids(np.flatnonzero(bundle.catalogue.recommendable))
        if "item-015" <= item_id != "item-020"
    }
    sources = {item.item_id: item.source for item in answer.items}
    assert {one for one, source in sources.items() if source == "same_category"} == of_its_kind
    assert set(sources.values()) == {"same_category", "popular"}


def test_unknown_items_of_a_group_are_passed_over_and_told(road: Road) -> None:
    answer = _answer(road, item_ids=["item-020", "gone"])

    assert [warning.code for warning in answer.warnings] == ["unknown_items"]
    assert answer.items == _answer(road, item_id="item-020").items


@pytest.mark.parametrize("request_", [{"item_id": "gone"}, {"item_ids": ["gone", "lost"]}])
def test_an_unknown_item_is_an_error(road: Road, request_: dict[str, object]) -> None:
    (error,) = answer_similar(road, [SimilarRequest.model_validate(request_)])

    assert isinstance(error, UnknownItem)
    assert "'gone'" in error.message


def test_one_bad_request_does_not_spoil_the_others(road: Road) -> None:
    requests = [SimilarRequest(item_id=one) for one in ("item-001", "gone", "item-020")]

    first, second, third = answer_similar(road, requests)

    assert isinstance(second, UnknownItem)
    for answer, request in ((first, requests[0]), (third, requests[2])):
        assert not isinstance(answer, VitrineError)
        assert [item["item_id"] for item in answer["items"]] == _shown(
            _answer(road, item_id=request.item_id)
        )


@settings(max_examples=50)
@given(
    st.lists(st.integers(0, 29), min_size=1, max_size=5),
    st.lists(st.integers(0, 33), max_size=8),
    st.sampled_from([3, 24, 500]),
)
def test_a_shortfall_accounts_for_the_whole_catalogue(
    seeds: list[int], excluded: list[int], num_results: int
) -> None:
    bundle = some_bundle(3, n_users=40, n_items=30)
    asked_about = [f"item-{row:03d}" for row in seeds]
    left_out = {f"item-{row:03d}" for row in excluded}

    answer = _answer(
        Road(bundle, PLACEMENTS),
        item_ids=asked_about,
        exclude_items=sorted(left_out),
        num_results=num_results,
    )

    free = set(bundle.items.ids(np.flatnonzero(bundle.catalogue.recommendable)))
    allowed = free - set(asked_about) - left_out
    assert set(_shown(answer)) <= allowed
    assert answer.returned == len(set(_shown(answer))) == min(num_results, len(allowed))
    if answer.returned == answer.requested:
        assert answer.shortfall is None
        return
    assert answer.shortfall == {
        "unavailable": 30 - len(free),
        "asked_about": len(free & set(asked_about)),
        "excluded": len(free & left_out - set(asked_about)),
    }
    assert answer.returned + sum(answer.shortfall.values()) == len(bundle.items)


def test_a_bundle_without_a_model_knows_categories() -> None:
    road = Road(some_bundle(3, with_model=False), PLACEMENTS)

    answer = _answer(road, item_id="item-020", num_results=5)

    assert {item.source for item in answer.items} == {"same_category"}


KINDS: tuple[Kind, ...] = ("alternatives", "complements")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_results", [3, 500])
def test_a_list_of_a_kind_says_what_is_beyond_its_meaning(
    road: Road, kind: Kind, num_results: int
) -> None:
    beyond = {"alternatives": "not_alike", "complements": "not_bought_together"}[kind]

    answer = _answer(
        road, item_id="item-020", kind=kind, exclude_items=["item-016"], num_results=num_results
    )

    assert answer.warnings == []
    assert answer.returned == len(set(_shown(answer)) - {"item-020", "item-016"})
    if answer.returned < num_results:
        assert answer.shortfall is not None
        assert set(answer.shortfall) == {"unavailable", "asked_about", "excluded", beyond}
        assert answer.returned + sum(answer.shortfall.values()) == len(road.bundle.items)


def test_each_kind_says_where_its_items_come_from(road: Road) -> None:
    similar = road.bundle.similar
    rows = np.zeros((30, 30), dtype=np.float32)
    others = np.flatnonzero(similar.recommendable[:15])[:3]  # of the other taste and category
    rows[20, others] = 0.2
    baskets = Neighbours.of(sp.csr_array(rows), most=3)
    shop = Road(replace(road.bundle, similar=replace(similar, baskets=baskets)), PLACEMENTS)

    alternatives, complements = (
        _answer(shop, item_id="item-020", kind=kind, num_results=500) for kind in KINDS
    )

    assert _shown(complements) == [f"item-{row:03d}" for row in others]
    assert {item.source for item in complements.items} == {"bought_together"}
    sources = {item.source for item in alternatives.items}
    assert sources
    assert sources <= {"similar", "content_nearest", "same_category"}
    assert not {*_shown(alternatives)} & {*_shown(complements)}


def test_any_kind_is_what_is_asked_for_without_saying(road: Road) -> None:
    assert _answer(road, item_id="item-020", kind="any").items == (
        _answer(road, item_id="item-020").items
    )


@pytest.mark.parametrize("kind", KINDS)
def test_an_old_bundle_gives_any_kind_and_says_so(road: Road, kind: Kind) -> None:
    old = replace(road.bundle.similar, content=None, baskets=None)
    old_road = Road(replace(road.bundle, similar=old), PLACEMENTS)

    answer = _answer(old_road, item_id="item-020", kind=kind)

    assert [warning.code for warning in answer.warnings] == ["no_kinds"]
    assert answer.items == _answer(road, item_id="item-020").items


@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_bundle_knows_the_kinds_as_before(road: Road, kind: Kind, tmp_path: Path) -> None:
    stored = Road(Bundle.open(road.bundle.save(tmp_path)), PLACEMENTS)

    for row in range(30):
        asked = {"item_id": f"item-{row:03d}", "kind": kind}
        assert _answer(stored, **asked).items == _answer(road, **asked).items
