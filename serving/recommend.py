"""Answers: requests of the wire turned into lists, batch-first; one request is a batch of one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.errors import VitrineError
from features.events import ANONYMOUS_PREFIX, EventType
from features.history import Histories
from features.lists import Lists
from features.recommender import ListPolicy, Wishes
from features.seen import Persons
from serving.explain import Reasons, explain
from serving.lists import Answer, no_history, or_error, unknown_items, why_short, wire_list
from serving.road import Road
from serving.schemas import BatchRequest, RecommendRequest

_NO_ITEMS: Final = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that can be answered, with its ids resolved."""

    place: int
    request: RecommendRequest
    user_row: int
    session: NDArray[np.int64]
    excluded: NDArray[np.int64]
    exclude_purchased: bool
    warnings: list[dict[str, str]]


def answer_recommend(
    road: Road, requests: Sequence[RecommendRequest]
) -> list[Answer | VitrineError]:
    """Make one list for each request.

    Parameters
    ----------
    road : Road
        What to answer from.
    requests : sequence of n RecommendRequest
        Who asks.

    Returns
    -------
    list of n dict or VitrineError
        A `ListAnswer` as JSON-ready values, or what is wrong with that request alone.
    """
    answers: list[Answer | VitrineError] = [VitrineError("not answered")] * len(requests)
    alike: dict[ListPolicy, list[_Asked]] = defaultdict(list)
    for place, request in enumerate(requests):
        try:
            asked = _resolve(road, place, request)
        except VitrineError as error:
            answers[place] = error
            continue
        alike[ListPolicy(request.num_results, asked.exclude_purchased)].append(asked)
    for policy, group in alike.items():
        for asked, answer in zip(group, _answer_alike(road, policy, group), strict=True):
            answers[asked.place] = answer
    return answers


def answer_batch(road: Road, batch: BatchRequest) -> Answer:
    """Answer several requests in one call, each with its answer or its error.

    With `distinct` the lists are made in order, and each leaves out what those before it hold.
    """
    if not batch.distinct:
        answers = answer_recommend(road, batch.requests)
        return {"answers": [or_error(one) for one in answers]}
    told: list[Answer] = []
    taken: list[str] = []
    for request in batch.requests:
        further = request.model_copy(update={"exclude_items": [*request.exclude_items, *taken]})
        answer = or_error(answer_recommend(road, [further])[0])
        taken += [item["item_id"] for item in answer.get("items", ())]
        told.append(answer)
    return {"answers": told}


def _resolve(road: Road, place: int, request: RecommendRequest) -> _Asked:
    placement = road.placements.named(request.placement)
    bundle = road.bundle
    person = request.user_id
    if request.anonymous_id is not None:
        person = ANONYMOUS_PREFIX + request.anonymous_id
    user_row = -1 if person is None else bundle.users.row_of(person)
    session = bundle.items.rows(request.session_items)
    # What the visitor has on the page is where the list starts from, not what it should hold.
    excluded = bundle.items.rows([*request.exclude_items, *request.session_items])
    unknown = [i for i, row in zip(request.session_items, session, strict=True) if row < 0]
    purchased = request.exclude_purchased
    return _Asked(
        place=place,
        request=request,
        user_row=user_row,
        session=np.unique(session[session >= 0]),
        excluded=excluded[excluded >= 0],
        exclude_purchased=placement.exclude_purchased if purchased is None else purchased,
        warnings=unknown_items(unknown),
    )


def _answer_alike(road: Road, policy: ListPolicy, group: list[_Asked]) -> list[Answer]:
    """Answer the requests that keep to one policy, together."""
    bundle = road.bundle
    newer = Histories.of([_session(asked, bundle.recommender.as_of_s) for asked in group])
    persons = bundle.persons(np.array([asked.user_row for asked in group]), newer)
    lists = bundle.recommender.recommend(
        persons,
        policy,
        trend_rows=_trend_rows(road, group),
        wishes=Wishes(excluded=[asked.excluded for asked in group]),
    )
    reasons = None
    if any(asked.request.explain for asked in group):
        reasons = explain(bundle.recommender, persons, lists)
    return [
        _answer_one(road, asked, persons, lists, place, reasons=reasons)
        for place, asked in enumerate(group)
    ]


def _answer_one(
    road: Road,
    asked: _Asked,
    persons: Persons,
    lists: Lists,
    place: int,
    *,
    reasons: Reasons | None,
) -> Answer:
    indptr = persons.confidence.indptr
    warnings = asked.warnings
    if indptr[place] == indptr[place + 1]:
        warnings = [*warnings, no_history(known=asked.user_row >= 0)]
    answer = wire_list(
        road,
        lists,
        place,
        placement=asked.request.placement,
        warnings=warnings,
        reasons=reasons if asked.request.explain else None,
    )
    if answer["returned"] < answer["requested"]:
        held_back = left_out(
            persons.histories,
            place,
            exclude_purchased=asked.exclude_purchased,
            excluded=asked.excluded,
        )
        answer["shortfall"] = why_short(road, held_back)
    return answer


def _session(asked: _Asked, now_s: int) -> list[tuple[int, int, int]]:
    # What was named in the request happened just now, which is age 0 for every model.
    return [(int(row), EventType.VIEW.code, now_s) for row in asked.session]


def _trend_rows(road: Road, group: list[_Asked]) -> NDArray[np.int64]:
    rows = road.trend_rows(np.array([asked.user_row for asked in group]))
    for place, asked in enumerate(group):
        if asked.request.context.country is not None:
            rows[place] = road.bundle.recommender.trends.row_of(asked.request.context.country)
    return rows


def left_out(
    histories: Histories,
    place: int,
    *,
    exclude_purchased: bool,
    excluded: NDArray[np.integer] = _NO_ITEMS,
) -> dict[str, NDArray[np.integer]]:
    """Name what a person's list was not to hold, by reason (see `why_short`).

    Parameters
    ----------
    histories : Histories
        Of n people.
    place : int
        Which of them.
    exclude_purchased : bool
        Whether their purchases were left out.
    excluded : ndarray of int
        Item rows that were not wanted in the list.
    """
    if not exclude_purchased:
        return {"excluded": excluded, "purchased": _NO_ITEMS}
    entries = slice(histories.indptr[place], histories.indptr[place + 1])
    bought = histories.event_types[entries] == EventType.PURCHASE.code
    return {"excluded": excluded, "purchased": histories.item_rows[entries][bought]}
