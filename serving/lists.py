"""A list as the wire gives it: items with what a page shows of them, reasons, warnings."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from features.candidates import SOURCES
from features.errors import VitrineError
from features.lists import Lists
from serving.errors import error_answer
from serving.explain import VERBS, Reasons
from serving.road import Road

Answer = dict[str, Any]


def wire_list(
    road: Road, lists: Lists, place: int, *, placement: str | None, warnings: list[dict[str, str]]
) -> Answer:
    """Give one of n lists in the shape of `ListAnswer`."""
    returned, requested = int(lists.returned[place]), lists.item_rows.shape[1]
    is_short = returned < requested
    unavailable = int((~road.bundle.catalogue.recommendable).sum()) if is_short else 0
    return {
        "recommendation_id": uuid4().hex,
        "placement": placement,
        "model_version": road.bundle.manifest.bundle_id,
        "items": _items(road, lists, place, returned),
        "requested": requested,
        "returned": returned,
        "shortfall": {"unavailable": unavailable} if is_short else None,
        "warnings": warnings,
    }


def _items(road: Road, lists: Lists, place: int, returned: int) -> list[Answer]:
    columns = zip(
        lists.item_rows[place, :returned].tolist(),
        lists.scores[place, :returned].tolist(),
        lists.sources[place, :returned].tolist(),
        strict=True,
    )
    items = []
    for rank, (row, score, source) in enumerate(columns, start=1):
        item_id, properties = road.shown(row)
        items.append(
            {
                "item_id": item_id,
                "score": score,
                "rank": rank,
                "source": SOURCES[source].value,
                "reasons": [],
                "properties": properties,
            }
        )
    return items


def wire_reasons(road: Road, reasons: Reasons, place: int, rank: int) -> list[Answer]:
    """Give the reasons of one item of one list, the strongest first."""
    found = zip(
        reasons.item_rows[place, rank].tolist(),
        reasons.shares[place, rank].tolist(),
        reasons.verbs[place, rank].tolist(),
        strict=True,
    )
    return [
        {"type": VERBS[verb], "item_id": road.shown(row)[0], "share": share}
        for row, share, verb in found
        if row >= 0
    ]


def or_error(answer: Answer | VitrineError) -> Answer:
    """Give an answer, or an error in the one shape of errors."""
    return error_answer(answer) if isinstance(answer, VitrineError) else answer


def no_history(*, known: bool) -> dict[str, str]:
    """Announce the fallback for somebody who has done nothing yet."""
    who = "this person has done nothing that counts yet" if known else "this person is not known"
    return {
        "code": "no_history",
        "message": f"{who}: the list is what is trending; send session_items for a list about them",
    }


def unknown_items(item_ids: Sequence[str]) -> list[dict[str, str]]:
    """Announce the items of a request that the catalogue does not have."""
    if not item_ids:
        return []
    return [
        {
            "code": "unknown_items",
            "message": f"{len(item_ids)} of the items sent are not in the catalogue and were"
            f" passed over, such as {item_ids[0]!r}",
        }
    ]
