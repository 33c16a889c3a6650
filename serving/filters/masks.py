"""Masks: which items of one catalogue pass, remembered for the filters that are asked often."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from serving.filters.filter import compile_filter
from serving.filters.parameters import checked

MOST_MASKS: Final = 256
MOST_BYTES: Final = 64 * 2**20


class Masks:
    """Remembers the masks of one table, those asked last; any number of threads may ask.

    Parameters
    ----------
    table : pyarrow.Table
        The catalogue, a row for each of n items; a new bundle gets new masks.
    most_masks : int
        How many masks are kept.
    most_bytes : int
        How many bytes they and their keys may take together.
    """

    def __init__(
        self, table: pa.Table, *, most_masks: int = MOST_MASKS, most_bytes: int = MOST_BYTES
    ) -> None:
        self._table = table
        self._most_masks = most_masks
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, NDArray[np.bool_]] = OrderedDict()
        self._n_bytes = 0
        self._lock = Lock()

    def of(self, text: str, params: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Say which items pass a filter.

        Parameters
        ----------
        text : str
            The filter.
        params : mapping of str to str, int, float, bool, None or a list of those
            Its parameters.

        Returns
        -------
        ndarray of bool, shape (n,)
            Read-only; the same object for the same question while it is kept.

        Raises
        ------
        InvalidFilter
            As `compile_filter` and `Filter.mask` do.
        """
        given = checked(params)
        key = f"{text}\0{given!r}"
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        # Outside the lock, so that a new question holds up nobody whose answer is known.
        mask = compile_filter(text).mask(self._table, given)
        mask.setflags(write=False)
        return self._keep(key, mask)

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, key: str, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        with self._lock:
            if key in self._kept:
                return self._kept[key]
            self._kept[key] = mask
            self._n_bytes += _n_bytes(key, mask)
            while len(self._kept) > self._most_masks or self._n_bytes > self._most_bytes:
                self._n_bytes -= _n_bytes(*self._kept.popitem(last=False))
        return mask


def _n_bytes(key: str, mask: NDArray[np.bool_]) -> int:
    return len(key.encode()) + mask.nbytes
