"""Picks as a table: a row for each person, in columns that are filled without a loop."""

from collections.abc import Mapping, Sequence
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
    [
        pa.field(name, pa.int32())
        for name in (
            *("unavailable", "purchased", "excluded"),
            *("filtered", "price_window", "out_of_season", "capped", "not_named"),
        )
    ]
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


def pick_table(picker: Picker, user_ids: list[str]) -> pa.Table:
    """Make the lists of some people, as a table of `PICK_SCHEMA`.

    Parameters
    ----------
    picker : Picker
        Makes the lists.
    user_ids : list of n str
        Who they are.
    """
    picks = picker.pick(user_ids)
    is_listed = picks.lists.item_rows >= 0
    counts = is_listed.sum(axis=1, dtype=np.int32)
    item_rows = picks.lists.item_rows[is_listed]
    items = picker.road.bundle.catalogue.table
    requested = np.full(len(user_ids), picker.num_results, dtype=np.int32)
    columns = [
        _words(user_ids),
        _words(STATUSES).take(_numbers(picks.statuses)),
        _lists(counts, _taken(items["item_id"], item_rows)),
        _lists(counts, _titles(items, item_rows)),
        _lists(counts, _taken(items["price"], item_rows)),
        _lists(counts, _numbers(picks.lists.scores[is_listed])),
        _lists(counts, _reasons(items, picks.reasons, is_listed)),
        _numbers(requested),
        _numbers(counts),
        _shortfalls(picks.shortfalls, len(user_ids)),
    ]
    return pa.Table.from_arrays(columns, schema=PICK_SCHEMA)


def _reasons(items: pa.Table, reasons: Reasons, is_listed: NDArray[np.bool_]) -> pa.Array:
    rows = reasons.item_rows[is_listed]
    is_reason = rows >= 0
    parts = [
        _words(VERBS).take(_numbers(reasons.verbs[is_listed][is_reason])),
        _taken(items["item_id"], rows[is_reason]),
        _numbers(reasons.shares[is_listed][is_reason]),
    ]
    return _lists(is_reason.sum(axis=1), pa.StructArray.from_arrays(parts, fields=list(_REASON)))


def _shortfalls(shortfalls: Mapping[int, Mapping[str, int]], n: int) -> pa.Array:
    counts = np.zeros((_SHORTFALL.num_fields, n), dtype=np.int32)
    is_full = np.ones(n, dtype=np.bool_)
    for place, shortfall in shortfalls.items():
        is_full[place] = False
        counts[:, place] = [shortfall.get(field.name, 0) for field in _SHORTFALL]
    bits = pa.py_buffer(np.packbits(is_full, bitorder="little"))
    return pa.StructArray.from_arrays(
        [_numbers(one) for one in counts],
        fields=list(_SHORTFALL),
        mask=pa.Array.from_buffers(pa.bool_(), n, [None, bits]),
    )


def _titles(items: pa.Table, item_rows: NDArray[np.int32]) -> pa.Array:
    titles = _taken(items["title"], item_rows)
    return pc.coalesce(titles, _taken(items["item_id"], item_rows)) if titles.null_count else titles


def _taken(column: pa.ChunkedArray, rows: NDArray[np.int32]) -> pa.Array:
    return column.take(_numbers(rows)).combine_chunks()


def _lists(counts: NDArray[np.integer], values: pa.Array) -> pa.Array:
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return pa.ListArray.from_arrays(_numbers(offsets), values)


# `pa.array` would do for these two, but it first imports pandas where that is installed, to ask
# whether it was given a series: a second, in which lists for 20,000 people are made.


def _numbers(values: NDArray[Any]) -> pa.Array:
    buffer = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, buffer])


def _words(words: Sequence[str]) -> pa.Array:
    encoded = [word.encode() for word in words]
    offsets = np.concatenate(([0], np.cumsum([len(one) for one in encoded]))).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(words), buffers)
