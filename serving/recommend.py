"""Answers: requests of the wire turned into lists, batch-first; one request is a batch of one."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from features.errors import VitrineError
from serving.asked import read_requests
from serving.lists import Answer, no_history, or_error, rules_relaxed, wire_list
from serving.news import News
from serving.party import Party, parties
from serving.road import Road
from serving.schemas import BatchRequest, RecommendRequest


def answer_recommend(
    road: Road,
    requests: Sequence[RecommendRequest],
    news: News | None = None,
    *,
    now: datetime,
) -> list[Answer | VitrineError]:
    """Make one list for each request.

    Parameters
    ----------
    road : Road
        What to answer from.
    requests : sequence of n RecommendRequest
        Who asks.
    news : News, optional
        What the store adds about them; nothing by default.
    now : datetime
        Aware; the moment of a request that does not name another.

    Returns
    -------
    list of n dict or VitrineError
        A `ListAnswer` as JSON-ready values, or what is wrong with that request alone.
    """
    told = News.none([one.person for one in requests]) if news is None else news
    known, read = read_requests(road, requests, told, now=now)
    answers: list[Answer | VitrineError] = [
        one if isinstance(one, VitrineError) else VitrineError("not answered") for one in read
    ]
    for party in parties(road, known, told, read):
        for place, asked in enumerate(party.group):
            answers[asked.place] = _answer(party, place)
    return answers


def answer_batch(road: Road, batch: BatchRequest, news: News, *, now: datetime) -> Answer:
    """Answer several requests in one call, each with its answer or its error.

    With `distinct` the lists are made in order, and each leaves out what those before it hold.
    """
    if not batch.distinct:
        answers = answer_recommend(road, batch.requests, news, now=now)
        return {"answers": [or_error(one) for one in answers]}
    told: list[Answer] = []
    taken: list[str] = []
    for place, request in enumerate(batch.requests):
        further = request.model_copy(update={"exclude_items": [*request.exclude_items, *taken]})
        answer = or_error(answer_recommend(road, [further], news.take(place), now=now)[0])
        taken += [item["item_id"] for item in answer.get("items", ())]
        told.append(answer)
    return {"answers": told}


def _answer(party: Party, place: int) -> Answer:
    asked, served = party.group[place], party.served
    warnings = [*asked.warnings, *rules_relaxed(served.shaping.relaxed(place))]
    if party.is_new(place) and not asked.is_given:
        warnings.append(no_history(known=asked.user_row >= 0))
    answer = wire_list(
        party.road,
        served.lists,
        place,
        placement=asked.request.placement,
        scenario=asked.scenario,
        warnings=warnings,
        because=party.because(place) if asked.request.explain else None,
        due=partial(served.shaping.due_dates, place),
        degraded=party.news.degraded,
    )
    answer["shortfall"] = party.shortfall(place)
    return answer
