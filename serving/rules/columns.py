"""Columns: what caps and price windows read of a catalogue, as arrays."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.catalog import CATEGORY_SEPARATOR
from serving.rules.caps import UNKNOWN


def codes(column: pa.ChunkedArray, *, level: int | None = None) -> NDArray[np.int32]:
    """Give equal values of a column equal numbers.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of str
        One value for each of n items.
    level : int, optional
        Of a category path only the first so many levels count.

    Returns
    -------
    ndarray of int32, shape (n,)
        `UNKNOWN` where there is no value.

    Examples
    --------
    >>> paths = pa.chunked_array([["Home > Lamps", "Home > Rugs", None, "Home"]])
    >>> codes(paths).tolist(), codes(paths, level=1).tolist()
    ([0, 1, -1, 2], [0, 0, -1, 0])
    """
    encoded = pc.dictionary_encode(column.combine_chunks())
    found = pc.fill_null(encoded.indices, UNKNOWN).to_numpy(zero_copy_only=False)
    places: NDArray[np.int32] = found.astype(np.int32, copy=False)
    if level is None:
        return places
    tops = [_top(path, level) for path in encoded.dictionary.to_pylist()]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(tops))}
    # The last one is for items without a path.
    by_path = np.array([*(numbers[name] for name in tops), UNKNOWN], dtype=np.int32)
    numbered: NDArray[np.int32] = by_path[places]
    return numbered


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Give a column of numbers, shape (n,); NaN where there is no value."""
    filled = pc.fill_null(column.cast(pa.float64()), np.nan)
    found: NDArray[np.float64] = filled.to_numpy()
    return found


def _top(path: str, level: int) -> str:
    parts = [part.strip() for part in path.split(CATEGORY_SEPARATOR)]
    return CATEGORY_SEPARATOR.join([part for part in parts if part][:level])
