"""Answers about items: what somebody who looks at these may want instead or as well."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from features.errors import UnknownItem, VitrineError
from features.kinds import Kind
from serving.lists import Answer, unknown_items, why_short, wire_list
from serving.road import Road
from serving.schemas import SimilarRequest

_BEYOND_ITS_MEANING: Final = {"alternatives": "not_alike", "complements": "not_bought_together"}


def answer_similar(
    road: Road, requests: Sequence[SimilarRequest], *, degraded: bool = False
) -> list[Answer | VitrineError]:
    """Make one list of similar items for each request.

    Parameters
    ----------
    road : Road
        What to answer from.
    requests : sequence of n SimilarRequest
        About which items.
    degraded : bool
        True where the store could not be asked what the shop has changed.

    Returns
    -------
    list of n dict or VitrineError
        A `ListAnswer` as JSON-ready values, or what is wrong with that request alone.
    """
    return [_or_its_error(road, request, degraded=degraded) for request in requests]


def _or_its_error(road: Road, request: SimilarRequest, *, degraded: bool) -> Answer | VitrineError:
    try:
        return _answer_one(road, request, degraded=degraded)
    except VitrineError as error:
        return error


def _answer_one(road: Road, request: SimilarRequest, *, degraded: bool) -> Answer:
    items = road.bundle.items
    seeds = items.rows(request.seeds)
    known = seeds[seeds >= 0]
    if not len(known):
        raise UnknownItem(
            f"no item has the id {request.seeds[0]!r}; send the catalogue's item_id, or ingest it"
        )
    excluded = items.rows(request.exclude_items)
    excluded = excluded[excluded >= 0]
    left_out = {"asked_about": known, "excluded": excluded}
    if request.filter is not None:
        marks = road.masks.of(request.filter, request.filter_params)
        left_out["filtered"] = np.flatnonzero(~marks)
    kind: Kind = request.kind if road.bundle.similar.knows_kinds else "any"
    lists = road.bundle.similar.similar(
        [known],
        num_results=request.num_results,
        excluded=[np.concatenate((excluded, left_out.get("filtered", excluded[:0])))],
        kind=kind,
    )
    unknown = [one for one, row in zip(request.seeds, seeds, strict=True) if row < 0]
    warnings = unknown_items(unknown)
    if kind != request.kind:
        warnings.append(_no_kinds(request.kind))
    answer = wire_list(road, lists, 0, placement=None, warnings=warnings, degraded=degraded)
    if answer["returned"] < answer["requested"]:
        shortfall = why_short(road, left_out)
        if kind != "any":
            counted = answer["returned"] + sum(shortfall.values())
            shortfall[_BEYOND_ITS_MEANING[kind]] = len(items) - counted
        answer["shortfall"] = shortfall
    return answer


def _no_kinds(wanted: Kind) -> dict[str, str]:
    """Announce the fallback of a bundle that was made before there were kinds."""
    return {
        "code": "no_kinds",
        "message": f"this bundle does not know {wanted}: the list is of similar items of any kind;"
        " run vitrine train and vitrine promote for one that does",
    }
