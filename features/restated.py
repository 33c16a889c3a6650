"""Restated: a table as it is with other values in some rows, and with new rows behind them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def lengthened(table: pa.Table, ids: Sequence[str], known: Mapping[str, object]) -> pa.Table:
    """Append rows of which nothing but their ids is said; no column is copied.

    Parameters
    ----------
    table : pyarrow.Table
        Its first column holds ids.
    ids : sequence of str
        Those of the new rows.
    known : mapping of str to value
        What other columns hold in each new row; the others hold null.

    Examples
    --------
    >>> table = pa.table({"item_id": ["axe"], "price": [9.0], "hidden": [True]})
    >>> lengthened(table, ["saw"], {"hidden": False}).to_pylist()[1]
    {'item_id': 'saw', 'price': None, 'hidden': False}
    """
    held = {table.column_names[0]: ids} | {name: [one] * len(ids) for name, one in known.items()}
    nothing = [None] * len(ids)
    fresh = [pa.array(held.get(field.name, nothing), field.type) for field in table.schema]
    return pa.concat_tables([table, pa.Table.from_arrays(fresh, schema=table.schema)])


def restated(
    column: pa.ChunkedArray, rows: NDArray[np.integer], values: pa.Array
) -> pa.ChunkedArray:
    """Put other values into some rows of a column.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Left as it is.
    rows : ndarray of int, shape (n,)
        Where; no row comes twice.
    values : pyarrow.Array
        What, n values of the column's type.

    Examples
    --------
    >>> prices = pa.chunked_array([[9.0, 8.0]])
    >>> restated(prices, np.array([1]), pa.array([7.5])).to_pylist()
    [9.0, 7.5]
    """
    places = np.arange(len(column))
    places[rows] = len(column) + np.arange(len(values))
    return pa.chunked_array([pa.concat_arrays([*column.chunks, values]).take(pa.array(places))])
