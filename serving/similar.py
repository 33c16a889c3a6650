"""Answers about items: what somebody who looks at these may want instead or as well."""

from collections.abc import Sequence

from features.errors import UnknownItem, VitrineError
from serving.lists import Answer, unknown_items, why_short, wire_list
from serving.road import Road
from serving.schemas import SimilarRequest


def answer_similar(road: Road, requests: Sequence[SimilarRequest]) -> list[Answer | VitrineError]:
    """Make one list of similar items for each request.

    Parameters
    ----------
    road : Road
        What to answer from.
    requests : sequence of n SimilarRequest
        About which items.

    Returns
    -------
    list of n dict or VitrineError
        A `ListAnswer` as JSON-ready values, or what is wrong with that request alone.
    """
    return [_answer_one(road, request) for request in requests]


def _answer_one(road: Road, request: SimilarRequest) -> Answer | VitrineError:
    items = road.bundle.items
    seeds = items.rows(request.seeds)
    known = seeds[seeds >= 0]
    if not len(known):
        return UnknownItem(
            f"no item has the id {request.seeds[0]!r}; send the catalogue's item_id, or ingest it"
        )
    excluded = items.rows(request.exclude_items)
    excluded = excluded[excluded >= 0]
    lists = road.bundle.similar.similar(
        [known], num_results=request.num_results, excluded=[excluded]
    )
    unknown = [one for one, row in zip(request.seeds, seeds, strict=True) if row < 0]
    answer = wire_list(road, lists, 0, placement=None, warnings=unknown_items(unknown))
    if answer["returned"] < answer["requested"]:
        answer["shortfall"] = why_short(road, {"asked_about": known, "excluded": excluded})
    return answer
