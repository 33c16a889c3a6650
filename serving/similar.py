"""Answers about items: what somebody who looks at these may want instead or as well."""

from collections.abc import Sequence

from features.errors import UnknownItem, VitrineError
from serving.lists import Answer, unknown_items, wire_list
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
    if (seeds < 0).all():
        return UnknownItem(
            f"no item has the id {request.seeds[0]!r}; send the catalogue's item_id, or ingest it"
        )
    excluded = items.rows(request.exclude_items)
    lists = road.bundle.similar.similar(
        [seeds[seeds >= 0]], num_results=request.num_results, excluded=[excluded[excluded >= 0]]
    )
    unknown = [one for one, row in zip(request.seeds, seeds, strict=True) if row < 0]
    answer = wire_list(road, lists, 0, placement=None, warnings=unknown_items(unknown))
    if answer["shortfall"] is not None:
        answer["shortfall"] |= {"asked_about": len(seeds), "excluded": len(excluded)}
    return answer
