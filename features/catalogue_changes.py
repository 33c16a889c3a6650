"""Catalogue changes: what the catalogue says once the shop has restated some of its items."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.catalog import DEFAULTS, Catalogue, for_sale
from features.ids import IdMap
from features.restated import lengthened, restated

Changes = Mapping[str, Mapping[str, Any]]
"""What the shop states of items, by item id: the columns that change, and what they change to."""

_SHOWN_BY: Final = [*DEFAULTS, "released_at"]
_MISFITS: Final = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)


def changed(
    catalogue: Catalogue, changes: Changes, item_rows: NDArray[np.integer], *, now: datetime
) -> Catalogue:
    """Restate items, and append those that the catalogue has not had so far.

    An item of which the catalogue knew that the shop does not have it yet stays away until a
    change says that it is available. One with a date of release is shown from that day on.
    Changes outlive the training that they were checked against: a column that this catalogue
    lacks, and a value that its column cannot hold, are passed over.

    Parameters
    ----------
    catalogue : Catalogue
        Left as it is; columns that nothing is stated of are shared with the result.
    changes : mapping of str to mapping of str to value
        The stated columns of each item; times as datetimes or RFC 3339 text.
    item_rows : ndarray of int, shape (n_changes,)
        The row of each of these items. New ones follow those of the catalogue without a gap.
    now : datetime
        Aware; what is released later is not shown.
    """
    n_before, stated = len(catalogue), list(changes.values())
    n_new = int((item_rows >= n_before).sum())
    by_row = sorted(zip(item_rows.tolist(), changes, strict=True))
    new_ids = [item_id for row, item_id in by_row if row >= n_before]
    table = lengthened(catalogue.table, new_ids, DEFAULTS) if n_new else catalogue.table
    for name, said in _by_column(stated).items():
        place = table.schema.get_field_index(name)
        if place > 0:  # an item's id stays, and is the first column
            field = table.schema.field(place)
            fitting, values = _held(field, [stated[at][name] for at in said])
            column = restated(table[name], item_rows[said][fitting], values)
            table = table.set_column(place, field, column)
    alive = np.concatenate((catalogue.begun, np.ones(n_new, dtype=np.bool_)))
    alive[item_rows[[one.get("available") is True for one in stated]]] = True
    kept = np.concatenate((catalogue.recommendable, np.zeros(n_new, dtype=np.bool_)))
    recommendable = kept.copy()
    recommendable[item_rows] = alive[item_rows] & _out(table.select(_SHOWN_BY).take(item_rows), now)
    is_same = not n_new and np.array_equal(kept, recommendable)
    return Catalogue(table, catalogue.recommendable if is_same else recommendable, alive)


def in_catalogue(items: pa.Table, changes: Changes, *, now: datetime) -> pa.Table:
    """Restate items where the shop's catalogue is kept, as `changed` does in a bundle.

    Parameters
    ----------
    items : pyarrow.Table
        `ITEM_SCHEMA` and the shop's further columns, a row for each item.
    changes : mapping of str to mapping of str to value
        The stated columns of each item; new ones are added.
    now : datetime
        Aware.
    """
    ids = IdMap.of(items["item_id"].to_pylist())
    alive = np.ones(len(ids), dtype=np.bool_)
    catalogue = Catalogue.of(items, item_ids=items["item_id"].to_pylist(), alive=alive)
    return changed(catalogue, changes, ids.add_ids(changes).rows([*changes]), now=now).table


def next_release(
    catalogue: Catalogue, item_rows: NDArray[np.integer], *, now: datetime
) -> datetime:
    """Tell when the next of some items is released; the end of time where none is held back."""
    released = catalogue.table["released_at"].take(pa.array(item_rows))
    later = released.filter(pc.greater(released, _moment(now)))
    earliest = pc.min(later).as_py()
    return datetime.max.replace(tzinfo=UTC) if earliest is None else earliest


def _by_column(stated: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Tell which statements are about each column."""
    by_column: dict[str, list[int]] = {}
    for at, one in enumerate(stated):
        for name in one:
            by_column.setdefault(name, []).append(at)
    return by_column


def _out(items: pa.Table, now: datetime) -> NDArray[np.bool_]:
    is_later = pc.greater(items["released_at"], _moment(now))
    later: NDArray[np.bool_] = pc.fill_null(is_later, fill_value=False).to_numpy()
    return for_sale(items) & ~later


def _moment(now: datetime) -> pa.Scalar:
    return pa.scalar(now, pa.timestamp("us", tz="UTC"))


def _held(field: pa.Field, values: Sequence[Any]) -> tuple[list[int], pa.Array]:
    """Give the places of the values that a column can hold, and those values."""
    meant = [_meant(field, value) for value in values]
    try:
        return list(range(len(meant))), pa.array(meant, field.type)
    except _MISFITS:
        fitting = [place for place, value in enumerate(meant) if _fits(field, value)]
        return fitting, pa.array([meant[place] for place in fitting], field.type)


def _fits(field: pa.Field, value: object) -> bool:
    try:
        pa.array([value], field.type)
    except _MISFITS:
        return False
    return True


def _meant(field: pa.Field, value: object) -> object:
    if value is None:
        return DEFAULTS.get(field.name)
    if isinstance(value, str) and pa.types.is_timestamp(field.type):
        return _read(_time, value)
    if isinstance(value, str) and pa.types.is_date(field.type):
        return _read(date.fromisoformat, value)
    if isinstance(value, float) and pa.types.is_decimal(field.type):
        return Decimal(repr(value))
    return value


def _read(read: Callable[[str], object], text: str) -> object:
    """Read a text of JSON; what is wrong stays text, which its column does not hold."""
    try:
        return read(text)
    except ValueError:
        return text


def _time(text: str) -> datetime:
    """Read RFC 3339."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
