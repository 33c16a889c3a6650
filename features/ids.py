"""Which row of a matrix an external id stands in, and back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import InvalidInput

MISSING = -1
"""The row of an id that the map does not hold."""


def _hashes(encoded: Iterable[bytes], count: int) -> NDArray[np.uint64]:
    digests = b"".join(blake2b(one, digest_size=8).digest() for one in encoded)
    return np.frombuffer(digests, dtype="<u8", count=count).astype(np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class IdMap:
    """An immutable, append-only map between external ids and rows.

    The ids lie in one block of UTF-8 bytes and are found by a binary search in their sorted
    64-bit hashes, so that a map of a million users opens by mapping three files into memory.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,)
        All ids, one behind the other.
    offsets : ndarray of int64, shape (n + 1,)
        Where each id begins and ends in `text`.
    sorted_hashes : ndarray of uint64, shape (n,)
        The ids' hashes, ascending.
    sorted_rows : ndarray of int32, shape (n,)
        The row that each of the sorted hashes belongs to.

    Examples
    --------
    >>> items = IdMap.of(["mug", "lamp"])
    >>> items.row_of("lamp"), items.row_of("sofa"), items.id_of(0)
    (1, -1, 'mug')
    >>> items.add_ids(["sofa", "mug"]).row_of("sofa")
    2
    """

    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    sorted_hashes: NDArray[np.uint64]
    sorted_rows: NDArray[np.int32]
    _buffer: memoryview = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_buffer", memoryview(self.text))  # type: ignore[arg-type]  # numpy arrays are buffers

    @classmethod
    def of(cls, ids: Sequence[str]) -> Self:
        """Map each id to its place in the sequence.

        Raises
        ------
        InvalidInput
            An id occurs twice.
        """
        encoded = [one.encode() for one in ids]
        if len(set(encoded)) != len(encoded):
            twice = next(one for i, one in enumerate(ids) if one in ids[:i])
            raise InvalidInput(f"id {twice!r} occurs twice; give every id once")
        lengths = np.fromiter((len(one) for one in encoded), dtype=np.int64, count=len(encoded))
        hashes = _hashes(encoded, len(encoded))
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        return cls(
            text=np.frombuffer(b"".join(encoded), dtype=np.uint8),
            offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            sorted_hashes=hashes[order],
            sorted_rows=order,
        )

    def add_ids(self, ids: Iterable[str]) -> Self:
        """Return a map that also holds these ids, behind the ones it has; known ones are kept."""
        given = list(dict.fromkeys(ids))
        places = zip(given, self.rows(given).tolist(), strict=True)
        encoded = [one.encode() for one, row in places if row == MISSING]
        if not encoded:
            return self
        lengths = np.fromiter((len(one) for one in encoded), dtype=np.int64, count=len(encoded))
        hashes = _hashes(encoded, len(encoded))
        order = np.argsort(hashes, kind="stable")
        # The known hashes are sorted already: hashing a large shop anew for one item takes long.
        behind = np.searchsorted(self.sorted_hashes, hashes[order], side="right")
        rows = (len(self) + order).astype(np.int32)
        return type(self)(
            text=np.concatenate((self.text, np.frombuffer(b"".join(encoded), dtype=np.uint8))),
            offsets=np.concatenate((self.offsets, self.offsets[-1] + np.cumsum(lengths))),
            sorted_hashes=np.insert(self.sorted_hashes, behind, hashes[order]),
            sorted_rows=np.insert(self.sorted_rows, behind, rows),
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __contains__(self, external_id: str) -> bool:
        return self.row_of(external_id) != MISSING

    def id_of(self, row: int) -> str:
        """Name the id in this row."""
        return str(self._buffer[self.offsets[row] : self.offsets[row + 1]], "utf-8")

    def ids(self, rows: NDArray[np.integer]) -> list[str]:
        """Name the ids in these rows, in the order given."""
        starts, ends = self.offsets[rows].tolist(), self.offsets[np.asarray(rows) + 1].tolist()
        buffer = self._buffer
        return [str(buffer[start:end], "utf-8") for start, end in zip(starts, ends, strict=True)]

    def row_of(self, external_id: str) -> int:
        """Find an id's row, or -1."""
        return int(self.rows([external_id])[0])

    def rows(self, external_ids: Sequence[str]) -> NDArray[np.int64]:
        """Find the rows of many ids.

        Parameters
        ----------
        external_ids : sequence of str
            The shop's ids.

        Returns
        -------
        ndarray of int64, shape (n_ids,)
            Each id's row; -1 where the map does not hold it.
        """
        encoded = [one.encode("utf-8", "surrogatepass") for one in external_ids]
        hashes = _hashes(encoded, len(encoded))
        places = np.searchsorted(self.sorted_hashes, hashes).tolist()
        return np.fromiter(
            (
                self._row_from(place, wanted_hash, wanted)
                for place, wanted_hash, wanted in zip(places, hashes.tolist(), encoded, strict=True)
            ),
            dtype=np.int64,
            count=len(encoded),
        )

    def _row_from(self, place: int, wanted_hash: int, wanted: bytes) -> int:
        # Two ids may share a hash; the bytes decide.
        while place < len(self.sorted_hashes) and self.sorted_hashes[place] == wanted_hash:
            row = int(self.sorted_rows[place])
            if self._buffer[self.offsets[row] : self.offsets[row + 1]] == wanted:
                return row
            place += 1
        return MISSING

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays that `IdMap(**arrays)` needs, for storage."""
        return {
            "text": self.text,
            "offsets": self.offsets,
            "sorted_hashes": self.sorted_hashes,
            "sorted_rows": self.sorted_rows,
        }
