"""A list as the wire gives it: items with what a page shows of them, reasons, warnings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from features.candidates import SOURCES, Source
from features.errors import VitrineError
from features.lists import Lists
from serving.because import Because, DueDates
from serving.errors import error_answer
from serving.road import Road

Answer = dict[str, Any]

_DEGRADED: Final = (
    {
        "code": "degraded",
        "message": "the store cannot be reached: this comes from the last training alone, without"
        " what was done and changed since",
    },
)


def wire_list(
    road: Road,
    lists: Lists,
    place: int,
    *,
    placement: str | None,
    scenario: str | None = None,
    warnings: list[dict[str, str]],
    because: Because | None = None,
    due: Callable[[], DueDates] = dict,
    degraded: bool = False,
) -> Answer:
    """Give one of n lists in the shape of `ListAnswer`; why one is short is yet to be said."""
    items = wire_items(road, lists, place, because=because, due=due)
    return {
        "recommendation_id": uuid4().hex,
        "placement": placement,
        "scenario": scenario,
        "model_version": road.model_version,
        "config_version": road.placements.config_version,
        "items": items,
        "requested": lists.item_rows.shape[1],
        "returned": len(items),
        "shortfall": None,
        "degraded": degraded,
        "warnings": [*warnings, *degraded_warnings(degraded=degraded)],
    }


def wire_items(
    road: Road,
    lists: Lists,
    place: int,
    *,
    because: Because | None = None,
    due: Callable[[], DueDates] = dict,
) -> list[Answer]:
    """Give the items of one of n lists, each in the shape of `ListedItem`.

    Parameters
    ----------
    road : Road
        What the list was made from.
    lists : Lists
        The lists.
    place : int
        Which of them.
    because : Because, optional
        Why its items are in it, where that was asked for.
    due : function to a mapping of int to date
        Says when the person is expected to buy which item row again; asked where one is due.
    """
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
                "reasons": [] if because is None else because.reasons(road, rank, SOURCES[source]),
                "properties": properties,
            }
        )
    _add_due_dates(items, lists.item_rows[place], due)
    return items


def _add_due_dates(
    items: list[Answer], item_rows: NDArray[np.int32], due: Callable[[], DueDates]
) -> None:
    places = [n for n, item in enumerate(items) if item["source"] == Source.DUE_AGAIN.value]
    dates = due() if places else {}
    for place in places:
        items[place]["due_at"] = dates.get(int(item_rows[place]))


def why_short(road: Road, left_out: Mapping[str, NDArray[np.integer]]) -> dict[str, int]:
    """Count the items that a list could not hold.

    Each is counted once: by `unavailable` where nobody can be shown it, else by the first reason
    that names it.

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


def degraded_warnings(*, degraded: bool) -> Sequence[dict[str, str]]:
    """Announce that the bundle alone has answered."""
    return _DEGRADED if degraded else ()


def rules_relaxed(rules: Sequence[str]) -> list[dict[str, str]]:
    """Announce the rules that a list broke, so that no slot stayed empty."""
    if not rules:
        return []
    return [
        {
            "code": "rules_relaxed",
            "message": f"too few items keep to the cap on {', '.join(rules)}: the last slots break"
            " it; send mode strict for a list that is shorter instead",
        }
    ]


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
