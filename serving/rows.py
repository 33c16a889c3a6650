"""Rows: several lists for one person, each because of one thing that they did lately."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.candidates import Source
from features.errors import VitrineError
from features.events import EventType
from features.history import Histories
from features.lists import Lists
from serving.asked import Asked, read_requests
from serving.explain import VERB_OF
from serving.lists import Answer, degraded_warnings, no_history, wire_list
from serving.news import News
from serving.road import Road
from serving.schemas import RecommendRequest, RowsRequest

_TELLING: Final = (
    EventType.VIEW,
    EventType.CLICK,
    EventType.CART,
    EventType.WISHLIST,
    EventType.PURCHASE,
)
_MOST_ANCHORS: Final = 40
"""Things that a person did lately which are tried before rows are given up."""

Anchor = tuple[int, int]
"""An item row and the code of what was done with it."""


def answer_rows(road: Road, request: RowsRequest, news: News, *, now: datetime) -> Answer:
    """Make rows of items like those that a person looked at or bought lately.

    Parameters
    ----------
    road : Road
        What to answer from.
    request : RowsRequest
        Who asks.
    news : News
        What the store adds about that person.
    now : datetime
        Aware.

    Returns
    -------
    dict
        A `RowsAnswer` as JSON-ready values: the latest thing first, no item in two rows, and
        nothing in a row that is not like what it is about.

    Raises
    ------
    VitrineError
        What is wrong with the request.
    """
    fields = request.model_dump(exclude={"num_rows"}, exclude_unset=True)
    alone = RecommendRequest.model_validate({"placement": request.placement, **fields})
    known, (asked,) = read_requests(road, [alone], news, now=now)
    if isinstance(asked, VitrineError):
        raise asked
    histories = known.histories(road.bundle, 0)
    anchors = list(_anchors(histories))
    rows = list(_rows(road, asked, anchors, _bought(asked, histories), request.num_rows))
    warnings = [] if anchors else [no_history(known=asked.user_row >= 0)]
    return {
        "rows": rows,
        "requested": request.num_rows,
        "returned": len(rows),
        "degraded": news.degraded,
        "warnings": [*asked.warnings, *warnings, *degraded_warnings(degraded=news.degraded)],
    }


def _anchors(histories: Histories) -> Iterator[Anchor]:
    """Name what one person did last with each item, the latest first."""
    told: set[int] = set()
    telling = np.isin(histories.event_types, [one.code for one in _TELLING])
    latest = histories.select(telling)
    events = zip(latest.item_rows[::-1].tolist(), latest.event_types[::-1].tolist(), strict=True)
    for row, kind in events:
        if row not in told and len(told) < _MOST_ANCHORS:
            told.add(row)
            yield row, kind


def _bought(asked: Asked, histories: Histories) -> NDArray[np.integer]:
    if not asked.policy.exclude_purchased:
        return histories.item_rows[:0]
    rows: NDArray[np.integer] = histories.item_rows[
        histories.event_types == EventType.PURCHASE.code
    ]
    return rows


def _rows(
    road: Road,
    asked: Asked,
    anchors: list[Anchor],
    bought: NDArray[np.integer],
    num_rows: int,
) -> Iterator[Answer]:
    barred = [np.flatnonzero(marks) for marks in asked.barred.values()]
    # What a row is about stands above it, and in no other.
    taken = np.concatenate((asked.excluded, bought, [row for row, _ in anchors], *barred))
    for anchor in anchors:
        if not num_rows:
            return
        if road.bundle.catalogue.table["hidden"][anchor[0]].as_py():
            continue  # What is sold out may stand above a row, what is hidden nowhere.
        row = _row(road, asked, anchor, taken.astype(np.int64))
        if row is not None:
            num_rows -= 1
            ids = [item["item_id"] for item in row["items"]]
            taken = np.concatenate((taken, road.bundle.items.rows(ids)))
            yield row


def _row(road: Road, asked: Asked, anchor: Anchor, taken: NDArray[np.int64]) -> Answer | None:
    """Make one row; None where nothing is like its item."""
    item_row, kind = anchor
    n = asked.policy.num_results
    lists = road.bundle.similar.similar(
        [np.array([item_row])], num_results=n, excluded=[taken[taken != item_row]]
    )
    # What only fills up is not in a row because of anything.
    is_like = lists.sources[0] == Source.SIMILAR.code
    n_alike = int((is_like & (lists.item_rows[0] >= 0)).sum())
    if not n_alike:
        return None
    alike = Lists.empty(1, n)
    first = slice(n_alike)
    alike.put(0, lists.item_rows[0, first], lists.scores[0, first], lists.sources[0, first])
    row = wire_list(
        road, alike, 0, placement=asked.request.placement, scenario=asked.scenario, warnings=[]
    )
    if n_alike < n:
        row["shortfall"] = {"not_alike": len(road.bundle.items) - n_alike}
    item_id, properties = road.shown(item_row)
    row["because"] = {"type": VERB_OF[kind], "item_id": item_id, "properties": properties}
    return row
