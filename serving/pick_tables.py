"""Picks as a table: a row for each person, in columns that are filled without a loop."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from serving.explain import VERBS, Reasons
from serving.picks import STATUSES, Picker

_REASON: Final = pa.struct(
    [
        pa.field("type", pa.string()),
        pa.field("item_id", pa.string()),
        pa.field("share", pa.float32()),
    ]
)
_SHORTFALL: Final = pa.struct(
    [pa.field(name, pa.int32()) for name in ("unavailable", "purchased", "excluded")]
)
PICK_SCHEMA: Final = pa.schema(
    [
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("item_ids", pa.list_(pa.string())),
        pa.field("titles", pa.list_(pa.string())),
        pa.field("prices", pa.list_(pa.float64())),
        pa.field("scores", pa.list_(pa.float32())),
        pa.field("reasons", pa.list_(pa.list_(_REASON))),
        pa.field("requested", pa.int32(), nullable=False),
        pa.field("returned", pa.int32(), nullable=False),
        pa.field("shortfall", _SHORTFALL),
    ]
)
"""The columns of picks. The lists of one row stand beside each other: the first title is the first
item's. `reasons` has a list for each item, the strongest reason first."""


def pick_table(picker: Picker, user_rows: NDArray[np.integer], user_ids: list[str]) -> pa.Table:
    """Make the lists of some people, as a table of `PICK_SCHEMA`.

    Parameters
    ----------
    picker : Picker
        Makes the lists.
    user_rows : ndarray of int, shape (n,)
        Rows of users; -1 for somebody unknown.
    user_ids : list of n str
        Their ids.
    """
    picks = picker.pick(user_rows)
    is_listed = picks.lists.item_rows >= 0
    counts = is_listed.sum(axis=1)
    item_rows = picks.lists.item_rows[is_listed]
    items = picker.road.bundle.catalogue.table
    shortfalls = [picks.shortfalls.get(place) for place in range(len(user_ids))]
    columns = {
        "user_id": pa.array(user_ids, pa.string()),
        "status": pa.array(STATUSES, pa.string()).take(pa.array(picks.statuses)),
        "item_ids": _lists(counts, _taken(items["item_id"], item_rows)),
        "titles": _lists(counts, _titles(items, item_rows)),
        "prices": _lists(counts, _taken(items["price"], item_rows)),
        "scores": _lists(counts, pa.array(picks.lists.scores[is_listed])),
        "reasons": _lists(counts, _reasons(items, picks.reasons, is_listed)),
        "requested": pa.array(np.full(len(user_ids), picker.policy.num_results, dtype=np.int32)),
        "returned": pa.array(counts.astype(np.int32)),
        "shortfall": pa.array(shortfalls, _SHORTFALL),
    }
    return pa.table(columns, schema=PICK_SCHEMA)


def _reasons(items: pa.Table, reasons: Reasons, is_listed: NDArray[np.bool_]) -> pa.Array:
    rows = reasons.item_rows[is_listed]
    is_reason = rows >= 0
    verbs = pa.array(VERBS, pa.string()).take(pa.array(reasons.verbs[is_listed][is_reason]))
    parts = [
        verbs,
        _taken(items["item_id"], rows[is_reason]),
        pa.array(reasons.shares[is_listed][is_reason]),
    ]
    return _lists(is_reason.sum(axis=1), pa.StructArray.from_arrays(parts, fields=list(_REASON)))


def _titles(items: pa.Table, item_rows: NDArray[np.int32]) -> pa.Array:
    titles, ids = _taken(items["title"], item_rows), _taken(items["item_id"], item_rows)
    return pc.coalesce(titles, ids)


def _taken(column: pa.ChunkedArray, rows: NDArray[np.int32]) -> pa.Array:
    return column.take(pa.array(rows)).combine_chunks()


def _lists(counts: NDArray[np.integer], values: Any) -> pa.Array:  # noqa: ANN401 -- Arrow has no types
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)
