"""Law: a list does not depend on who else is asked for, in which order, or by which door."""

import random
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import VitrineError
from serving.pick_tables import pick_table
from serving.picks import Picker, pick_lines
from serving.placements import Placements
from serving.recommend import answer_batch, answer_recommend
from serving.road import Road
from serving.schemas import BatchRequest, RecommendRequest
from training.bundle import Bundle

N_USERS = 60
EVERYBODY = [f"user-{row:02d}" for row in range(N_USERS)]


@pytest.fixture(scope="module")
def road(tiny_bundle: Bundle) -> Road:
    return Road(tiny_bundle, Placements.load())


def told(answer: dict[str, Any] | VitrineError) -> Any:  # noqa: ANN401 -- JSON
    """Give an answer as it goes over the wire, but for its random id."""
    if isinstance(answer, VitrineError):
        return answer.code
    plain = orjson.loads(orjson.dumps(answer))
    return {name: value for name, value in plain.items() if name != "recommendation_id"}


def items_of(road: Road, placement: str, user_id: str, num_results: int) -> list[dict[str, Any]]:
    request = RecommendRequest(
        user_id=user_id, placement=placement, num_results=num_results, explain=True
    )
    (answer,) = answer_recommend(road, [request])
    items: list[dict[str, Any]] = told(answer)["items"]
    return items


some_ids = st.lists(st.sampled_from([f"item-{row:02d}" for row in range(42)]), max_size=4)
people = st.one_of(
    st.sampled_from([*EVERYBODY, "stranger"]).map(lambda one: {"user_id": one}),
    st.sampled_from(["x", "y"]).map(lambda one: {"anonymous_id": one}),
    st.just({}),
)
contexts = st.sampled_from([{}, {"country": "NZ"}, {"country": "GB"}, {"country": "Atlantis"}])
requests = st.builds(
    lambda person, **rest: RecommendRequest(**person, **rest),
    people,
    session_items=some_ids,
    exclude_items=some_ids,
    placement=st.sampled_from(["home", "discover", "weekly_email", "nowhere"]),
    num_results=st.sampled_from([1, 5, 40]),
    exclude_purchased=st.sampled_from([None, True, False]),
    context=contexts,
    explain=st.booleans(),
)


@given(st.lists(requests, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_an_answer_is_the_same_alone_and_among_others(
    road: Road, asked: list[RecommendRequest], chance: random.Random
) -> None:
    order = list(range(len(asked)))
    chance.shuffle(order)

    alone = [told(answer_recommend(road, [one])[0]) for one in asked]
    together = [told(one) for one in answer_recommend(road, asked)]
    shuffled = [told(one) for one in answer_recommend(road, [asked[place] for place in order])]

    assert together == alone
    assert shuffled == [alone[place] for place in order]


@given(st.lists(requests.filter(lambda one: one.placement != "nowhere"), min_size=1, max_size=6))
def test_a_batch_over_the_wire_holds_the_answers_of_its_requests(
    road: Road, asked: list[RecommendRequest]
) -> None:
    answer = answer_batch(road, BatchRequest(requests=asked))

    assert [told(one) for one in answer["answers"]] == [
        told(answer_recommend(road, [one])[0]) for one in asked
    ]


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(EVERYBODY), min_size=1, max_size=N_USERS),
    st.sampled_from(["discover", "home", "weekly_email"]),
    st.sampled_from([1, 10, 40]),
)
def test_picks_are_the_lists_that_recommend_answers(
    road: Road, asked: list[str], placement: str, num_results: int
) -> None:
    *lines, _ = pick_lines(road, placement, asked, num_results)

    for user_id, line in zip(asked, lines, strict=True):
        if line["status"] == "no_consent":
            continue
        wanted = items_of(road, placement, user_id, num_results)
        assert told(line)["items"] == wanted


@pytest.mark.parametrize("placement", ["discover", "home"])
def test_a_file_of_picks_holds_the_lists_that_recommend_answers_for_everybody(
    road: Road, placement: str
) -> None:
    picker = Picker.of(road, placement, 10)

    rows = pick_table(picker, road.bundle.users.rows(EVERYBODY), EVERYBODY).to_pylist()

    for user_id, row in zip(EVERYBODY, rows, strict=True):
        wanted = items_of(road, placement, user_id, 10)
        assert row["item_ids"] == [one["item_id"] for one in wanted]
        assert row["titles"] == [one["properties"]["title"] for one in wanted]
        assert row["prices"] == [one["properties"]["price"] for one in wanted]
        assert row["scores"] == [one["score"] for one in wanted]
        assert row["reasons"] == [one["reasons"] for one in wanted]


@given(st.permutations(range(N_USERS)), st.integers(1, N_USERS))
def test_picks_do_not_depend_on_the_order_or_on_who_else_gets_some(
    road: Road, order: list[int], n_first: int
) -> None:
    picker = Picker.of(road, "discover", 10)
    some = np.array(order[:n_first])

    everybody, few = picker.pick(np.arange(N_USERS)), picker.pick(some)

    np.testing.assert_array_equal(few.lists.item_rows, everybody.lists.item_rows[some])
    np.testing.assert_array_equal(few.lists.scores, everybody.lists.scores[some])
    np.testing.assert_array_equal(few.reasons.item_rows, everybody.reasons.item_rows[some])
    np.testing.assert_array_equal(few.reasons.shares, everybody.reasons.shares[some])
