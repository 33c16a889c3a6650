"""Whoever asks gets a list, from what is known of them or from an announced fallback."""

from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import UnknownPlacement, VitrineError
from features.events import EventType
from features.history import Histories
from features.ids import IdMap
from serving.news import News
from serving.placements import Placements
from serving.recommend import answer_batch, answer_recommend
from serving.road import Road
from serving.schemas import BatchAnswer, BatchRequest, Context, ListAnswer, RecommendRequest
from tests.shops import AS_OF, bundle_of, some_bundle, some_snapshot
from training.bundle import Bundle

BUY = EventType.PURCHASE.code
NOW = AS_OF
PLACEMENTS = Placements.load()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return some_bundle(3, n_users=40, n_items=30)


@pytest.fixture(scope="module")
def road(bundle: Bundle) -> Road:
    return Road(bundle, PLACEMENTS)


def _answer(road: Road, **request: object) -> ListAnswer:
    """Answer one request as the wire gives it."""
    (answer,) = answer_recommend(road, [RecommendRequest.model_validate(request)], now=NOW)
    assert not isinstance(answer, VitrineError)
    return ListAnswer.model_validate_json(orjson.dumps(answer))


def _batch(road: Road, batch: BatchRequest) -> dict[str, object]:
    nothing_new = News.none([one.person for one in batch.requests])
    return answer_batch(road, batch, nothing_new, now=NOW)


def _shown(answer: ListAnswer) -> list[str]:
    return [item.item_id for item in answer.items]


def _codes(answer: ListAnswer) -> list[str]:
    return [warning.code for warning in answer.warnings]


def _purchased(bundle: Bundle, user_id: str) -> set[str]:
    one = bundle.histories.take(np.array([bundle.users.row_of(user_id)]))
    return set(bundle.items.ids(one.item_rows[one.event_types == BUY]))


def _can_be_shown(bundle: Bundle) -> set[str]:
    return set(bundle.items.ids(np.flatnonzero(bundle.catalogue.recommendable)))


def test_a_known_user_gets_a_list_of_their_own(road: Road) -> None:
    one, other = (_answer(road, user_id=user_id) for user_id in ("user-001", "user-002"))

    assert (one.requested, one.returned, one.shortfall, one.warnings) == (10, 10, None, [])
    assert [item.rank for item in one.items] == list(range(1, 11))
    scores = [item.score for item in one.items]
    assert scores == sorted(scores, reverse=True)
    # Odd users want the second half of the shop, even ones the first.
    halves = [sum(item_id < "item-015" for item_id in _shown(a)[:5]) for a in (one, other)]
    assert halves == [0, 5]


def test_an_answer_says_what_it_was_made_from(road: Road, bundle: Bundle) -> None:
    one, other = (_answer(road, user_id="user-001", placement="cart") for _ in range(2))

    assert one.model_version == bundle.manifest.bundle_id
    assert one.placement == "cart"
    assert one.recommendation_id != other.recommendation_id
    first = one.items[0]
    assert first.properties["title"] == f"Title {int(first.item_id[-3:])}"


@pytest.mark.parametrize("who", [{"user_id": "nobody"}, {"anonymous_id": "new-tab"}, {}])
def test_somebody_unknown_gets_what_is_trending_and_is_told(
    road: Road, who: dict[str, str]
) -> None:
    answer = _answer(road, placement="discover", **who)

    trends = road.bundle.recommender.trends
    assert _shown(answer) == road.bundle.items.ids(trends.top[-1, :10])
    assert {item.source for item in answer.items} == {"trending"}
    assert _codes(answer) == ["no_history"]
    assert "not known" in answer.warnings[0].message


def test_a_new_visitors_home_page_mixes_what_is_trending(road: Road) -> None:
    answer = _answer(road)

    trends = road.bundle.recommender.trends
    assert answer.scenario == "new_visitor"
    assert set(_shown(answer)) <= set(road.bundle.items.ids(trends.top[-1]))
    # Of the shop's two categories, not more than three of six in a row are of one.
    is_left = [item.properties["category"] == "Left" for item in answer.items]
    assert all(sum(is_left[start : start + 6]) == 3 for start in range(5))


def test_a_user_who_did_nothing_yet_is_told_so(road: Road) -> None:
    answer = _answer(road, user_id="user-000")

    assert answer.returned == 10
    assert "done nothing that counts yet" in answer.warnings[0].message


@pytest.mark.parametrize("country", ["FR", "GB", "NZ", "Atlantis"])
def test_a_request_may_say_where_somebody_is(road: Road, country: str) -> None:
    answer = _answer(road, placement="discover", context={"country": country})

    trends = road.bundle.recommender.trends
    assert _shown(answer) == road.bundle.items.ids(trends.top[trends.row_of(country), :10])


def test_somebody_new_gets_the_trend_of_the_country_the_shop_knows(bundle: Bundle) -> None:
    people = replace(bundle.people, country_rows=np.full(40, 2, dtype=np.int16))
    road = Road(replace(bundle, people=people), PLACEMENTS)

    known = _answer(road, user_id="user-000")
    in_each = [_answer(road, context={"country": one}) for one in people.countries]

    assert _shown(known) == _shown(in_each[2])
    assert _shown(known) != _shown(in_each[0])


def test_a_visitor_is_known_by_what_is_on_the_page(road: Road) -> None:
    left = _answer(road, session_items=["item-001", "item-002"])
    right = _answer(road, session_items=["item-020", "item-021"])

    assert left.warnings == right.warnings == []
    assert left.items[0].source == "near_user"
    halves = [sum(item_id < "item-015" for item_id in _shown(a)[:5]) for a in (left, right)]
    assert halves[0] > halves[1]


def test_what_is_on_the_page_is_not_in_the_list(road: Road) -> None:
    answer = _answer(road, user_id="user-002", session_items=["item-001"], num_results=500)

    assert "item-001" not in _shown(answer)


def test_what_is_on_the_page_twice_counts_once(road: Road) -> None:
    once, twice = (_answer(road, session_items=["item-001"] * times) for times in (1, 2))

    assert [(item.item_id, item.score) for item in once.items] == [
        (item.item_id, item.score) for item in twice.items
    ]


def test_a_session_is_added_to_what_is_known(road: Road) -> None:
    before = _answer(road, user_id="user-001", exclude_items=["item-001", "item-002"])
    after = _answer(road, user_id="user-001", session_items=["item-001", "item-002"])

    assert _shown(before) != _shown(after)
    assert after.items[0].source in {"own_history", "unfinished", "due_again"}


def test_unknown_items_of_a_session_are_passed_over_and_told(road: Road) -> None:
    answer = _answer(road, session_items=["item-001", "gone", "gone-too"])

    assert _codes(answer) == ["unknown_items"]
    assert "2 of the items" in answer.warnings[0].message
    assert "'gone'" in answer.warnings[0].message
    assert _shown(answer) == _shown(_answer(road, session_items=["item-001"]))


def test_a_session_of_unknown_items_only_is_no_history(road: Road) -> None:
    assert _codes(_answer(road, session_items=["gone"])) == ["unknown_items", "no_history"]


def test_one_event_is_enough_for_a_list_of_ones_own() -> None:
    snapshot = some_snapshot(3, n_users=40, n_items=30, n_unavailable=0)
    purchase = [(29, BUY, snapshot.as_of_s - 60)]
    people = [purchase] + [
        list(zip(*(part.tolist() for part in _entries(snapshot.histories, row)), strict=True))
        for row in range(1, 40)
    ]
    road = Road(bundle_of(replace(snapshot, histories=Histories.of(people))), PLACEMENTS)

    answer = _answer(road, user_id="user-000")

    assert answer.warnings == []
    assert answer.items[0].item_id == "item-029"
    assert {item.source for item in answer.items[1:6]} == {"near_user"}


def _entries(histories: Histories, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    one = histories.take(np.array([row]))
    return one.item_rows, one.event_types, one.timestamps


def test_a_visitor_without_an_account_is_found_again() -> None:
    bundle = some_bundle(3)
    names = bundle.users.ids(np.arange(len(bundle.users)))
    names[5] = "anonymous:tab"
    road = Road(replace(bundle, users=IdMap.of(names)), PLACEMENTS)

    answer = _answer(road, anonymous_id="tab")

    assert answer.warnings == []
    assert _shown(answer) == _shown(_answer(Road(bundle, PLACEMENTS), user_id="user-005"))
    assert _codes(_answer(road, user_id="tab")) == ["no_history"]


def test_what_is_excluded_is_left_out_and_unknown_ones_do_not_matter(road: Road) -> None:
    first = _shown(_answer(road, user_id="user-001"))

    answer = _answer(road, user_id="user-001", exclude_items=[*first[:3], "gone"])

    assert not {*first[:3]} & {*_shown(answer)}
    assert _shown(answer)[:7] == first[3:]
    assert answer.warnings == []


@pytest.mark.parametrize(
    ("placement", "asked", "left_out"),
    [
        ("home", None, False),
        ("discover", None, True),
        ("home", True, True),
        ("discover", False, False),
    ],
)
def test_a_request_may_overrule_what_its_placement_does_with_purchases(
    road: Road, placement: str, asked: bool | None, left_out: bool
) -> None:
    buyers = [one for one in _everybody(road) if _purchased(road.bundle, one)]
    held = [
        _purchased(road.bundle, user_id)
        & set(
            _shown(
                _answer(
                    road,
                    user_id=user_id,
                    placement=placement,
                    exclude_purchased=asked,
                    num_results=30,
                )
            )
        )
        for user_id in buyers
    ]

    assert any(held) is not left_out


def _everybody(road: Road) -> list[str]:
    return road.bundle.users.ids(np.arange(len(road.bundle.users)))


@settings(max_examples=50)
@given(
    st.integers(0, 39),
    st.lists(st.integers(0, 35), max_size=8),
    st.lists(st.integers(0, 35), max_size=4),
    st.booleans(),
    st.sampled_from([5, 25, 28, 500]),
)
def test_a_shortfall_accounts_for_the_whole_catalogue(
    user_row: int, excluded: list[int], session: list[int], purchased: bool, num_results: int
) -> None:
    bundle = some_bundle(3, n_users=40, n_items=30)
    user_id = bundle.users.id_of(user_row)
    left_out = {f"item-{row:03d}" for row in (*excluded, *session)}

    answer = _answer(
        Road(bundle, PLACEMENTS),
        user_id=user_id,
        exclude_items=[f"item-{row:03d}" for row in excluded],
        session_items=[f"item-{row:03d}" for row in session],
        exclude_purchased=purchased,
        num_results=num_results,
    )

    free = _can_be_shown(bundle)
    bought = _purchased(bundle, user_id) if purchased else set()
    assert set(_shown(answer)) <= free - left_out - bought
    assert answer.returned == len(answer.items) == min(num_results, len(free - left_out - bought))
    if answer.returned == answer.requested:
        assert answer.shortfall is None
        return
    assert answer.shortfall == {
        "unavailable": 30 - len(free),
        "excluded": len(free & left_out),
        "purchased": len(free & bought - left_out),
    }
    assert answer.returned + sum(answer.shortfall.values()) == len(bundle.items)


def test_an_unknown_placement_is_an_error_that_names_the_near_ones(road: Road) -> None:
    (error,) = answer_recommend(road, [RecommendRequest(placement="hom")], now=NOW)

    assert isinstance(error, UnknownPlacement)
    assert "'hom'; use one of home" in error.message


def test_no_requests_have_no_answers(road: Road) -> None:
    assert answer_recommend(road, [], now=NOW) == []


requests = st.builds(
    RecommendRequest,
    user_id=st.sampled_from(["user-000", "user-001", "user-002", "user-017", "nobody", None]),
    session_items=st.lists(st.sampled_from(["item-001", "item-020", "gone"]), max_size=3),
    placement=st.sampled_from(["home", "discover", "no-such-place"]),
    num_results=st.sampled_from([1, 10, 500]),
    exclude_items=st.lists(st.sampled_from(["item-002", "item-021", "gone"]), max_size=2),
    context=st.builds(Context, country=st.sampled_from(["NZ", "Atlantis", None])),
    explain=st.booleans(),
)


@settings(max_examples=40)
@given(st.lists(requests, min_size=1, max_size=8))
def test_a_request_is_answered_the_same_alone_and_among_others(
    requests: list[RecommendRequest],
) -> None:
    road = Road(some_bundle(3, n_users=40, n_items=30), PLACEMENTS)

    together = answer_recommend(road, requests, now=NOW)

    for request, answer in zip(requests, together, strict=True):
        (alone,) = answer_recommend(road, [request], now=NOW)
        assert isinstance(answer, VitrineError) is (request.placement == "no-such-place")
        if isinstance(answer, VitrineError):
            assert str(answer) == str(alone)
            continue
        assert _but_its_id(answer) == _but_its_id(alone)


def _but_its_id(answer: object) -> dict[str, object]:
    stripped = orjson.loads(orjson.dumps(answer))
    del stripped["recommendation_id"]
    return dict(stripped)


@pytest.mark.parametrize("distinct", [False, True])
def test_one_bad_request_does_not_spoil_the_others(road: Road, distinct: bool) -> None:
    batch = BatchRequest.model_validate(
        {
            "requests": [
                {"user_id": "user-001"},
                {"user_id": "user-001", "placement": "nowhere"},
                {"session_items": ["item-020"]},
            ],
            "distinct": distinct,
        }
    )

    raw = orjson.dumps(_batch(road, batch))

    BatchAnswer.model_validate_json(raw)
    first, second, third = orjson.loads(raw)["answers"]
    assert second["error"]["code"] == "unknown_placement"
    assert (first["returned"], third["returned"]) == (10, 10)


def test_distinct_lists_share_no_item(road: Road) -> None:
    users = [{"user_id": "user-001", "num_results": 8}] * 3 + [{"num_results": 8}]

    plain, distinct = (
        orjson.loads(
            orjson.dumps(
                _batch(road, BatchRequest.model_validate({"requests": users, "distinct": distinct}))
            )
        )["answers"]
        for distinct in (False, True)
    )

    shown = [[item["item_id"] for item in answer["items"]] for answer in distinct]
    every = [item_id for one in shown for item_id in one]
    assert len(set(every)) == len(every) == len(_can_be_shown(road.bundle))
    # The first is served first; the second goes on where the first ends.
    assert shown[0] == [item["item_id"] for item in plain[0]["items"]]
    whole = _shown(_answer(road, user_id="user-001", num_results=24))
    assert shown[0] + shown[1] + shown[2] == whole
    assert distinct[3]["shortfall"]["excluded"] == 24


def test_reasons_are_given_when_asked_for(road: Road) -> None:
    silent, explained = (
        _answer(road, user_id="user-001", explain=explain) for explain in (False, True)
    )

    assert not [item for item in silent.items if item.reasons]
    assert [item for item in explained.items if item.reasons]
    assert _shown(silent) == _shown(explained)


def test_a_bundle_without_a_model_answers_by_the_same_road() -> None:
    road = Road(some_bundle(3, with_model=False), PLACEMENTS)

    answer = _answer(road, user_id="user-001", explain=True)

    assert answer.returned == 10
    assert not [item for item in answer.items if item.source == "near_user"]
    assert not [item for item in answer.items if item.reasons]
