"""A list as the wire gives it: items with what a page shows of them, reasons, warnings."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from features.candidates import SOURCES
from features.errors import VitrineError
from features.lists import Lists
from serving.errors import error_answer
from serving.explain import VERBS, Reasons
from serving.road import Road

Answer = dict[str, Any]


def wire_list(
    road: Road,
    lists: Lists,
    place: int,
    *,
    placement: str | None,
    warnings: list[dict[str, str]],
    reasons: Reasons | None = None,
) -> Answer:
    """Give one of n lists in the shape of `ListAnswer`; why one is short is yet to be said."""
    items = wire_items(road, lists, place, reasons)
    return {
        "recommendation_id": uuid4().hex,
        "placement": placement,
        "model_version": road.bundle.manifest.bundle_id,
        "items": items,
        "requested": lists.item_rows.shape[1],
        "returned": len(items),
        "shortfall": None,
        "warnings": warnings,
    }


def wire_items(
    road: Road, lists: Lists, place: int, reasons: Reasons | None = None
) -> list[Answer]:
    """Give the items of one of n lists, each in the shape of `ListedItem`."""
    returned = int(lists.returned[place])
    columns = zip(
        lists.item_rows[place, :returned].tolist(),
        lists.scores[place, :returned].tolist(),
        lists.sources[place, :returned].tolist(),
        strict=True,
    )
    items = []
    for rank, (row, score, source) in enumerate(columns):
        item_id, properties = road.shown(row)
        items.append(
            {
                "item_id": item_id,
                "score": score,
                "rank": rank + 1,
                "source": SOURCES[source].value,
                "reasons": [] if reasons is None else _wire_reasons(road, reasons, place, rank),
                "properties": properties,
            }
        )
    return items


def _wire_reasons(road: Road, reasons: Reasons, place: int, rank: int) -> list[Answer]:
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


def why_short(road: Road, left_out: Mapping[str, NDArray[np.integer]]) -> dict[str, int]:
    """Count the items that a list could not hold.

    Each is counted once: by `unavailable` where nobody can be shown it, else by the first reason
    that names it. So these counts and what was returned add up to the catalogue.

    Parameters
    ----------
    road : Road
        What the list was made from.
    left_out : mapping of str to ndarray of int
        Item rows by reason.
    """
    free = road.bundle.catalogue.recommendable.copy()
    counts = {"unavailable": int((~free).sum())}
    for reason, item_rows in left_out.items():
        counts[reason] = int(free[np.unique(item_rows)].sum())
        free[item_rows] = False
    return counts


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
