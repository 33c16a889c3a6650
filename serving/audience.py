"""Who picks are made for: everybody, or those whom a file names."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.errors import UnreadableFile
from features.events import ANONYMOUS_PREFIX
from features.ids import MISSING, IdMap

_COLUMN: Final = "user_id"
_AT_ONCE: Final = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Audience:
    """The people to pick for, each once, in order.

    Parameters
    ----------
    users : IdMap
        All users of the bundle.
    user_rows : ndarray of int64, shape (n,)
        Their rows; -1 for somebody who is not among the users.
    unknown : dict of int to str
        The ids of those, by their place.
    """

    users: IdMap
    user_rows: NDArray[np.int64]
    unknown: dict[int, str]

    @classmethod
    def everybody(cls, users: IdMap) -> Self:
        """Take every user, and no anonymous visitor."""
        rows = [
            row
            for start in range(0, len(users), _AT_ONCE)
            for row, user_id in _numbered(users, start)
            if not user_id.startswith(ANONYMOUS_PREFIX)
        ]
        return cls(users, np.array(rows, dtype=np.int64), {})

    @classmethod
    def named(cls, users: IdMap, user_ids: Iterable[str]) -> Self:
        """Take the users named, in this order; somebody named twice counts once."""
        once = list(dict.fromkeys(user_ids))
        rows = users.rows(once)
        unknown = {place: once[place] for place in np.flatnonzero(rows == MISSING).tolist()}
        return cls(users, rows, unknown)

    @classmethod
    def read(cls, path: Path, users: IdMap) -> Self:
        """Take the users that a file names.

        Parameters
        ----------
        path : Path
            Parquet (.parquet) or CSV (.csv) with a column `user_id`, or text with an id in each
            line.
        users : IdMap
            All users of the bundle.

        Raises
        ------
        UnreadableFile
            The file is missing, not what its name says, has no such column or names nobody.
        """
        try:
            user_ids = _READERS.get(path.suffix.lower(), _lines)(path)
        except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
            raise UnreadableFile(
                f"{path} names no users: {error}; give Parquet or CSV with a column {_COLUMN},"
                " or text with an id in each line"
            ) from error
        audience = cls.named(users, [one for one in user_ids if one])
        if not len(audience):
            raise UnreadableFile(f"{path} names no users; give at least one, or --all")
        return audience

    def __len__(self) -> int:
        return len(self.user_rows)

    def ids(self, start: int, stop: int) -> list[str]:
        """Name the people in these places."""
        rows = self.user_rows[start:stop]
        ids = self.users.ids(rows)
        for place in np.flatnonzero(rows == MISSING).tolist():
            ids[place] = self.unknown[start + place]
        return ids

    @property
    def digest(self) -> str:
        """What tells this audience of a bundle from another: a SHA-256."""
        digest = hashlib.sha256(self.user_rows.tobytes())
        for place, user_id in self.unknown.items():
            digest.update(f"{place} {user_id}\n".encode())
        return digest.hexdigest()


def _numbered(users: IdMap, start: int) -> Iterator[tuple[int, str]]:
    rows = np.arange(start, min(start + _AT_ONCE, len(users)))
    return zip(rows.tolist(), users.ids(rows), strict=True)


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8-sig").split("\n")]


def _csv(path: Path) -> list[str | None]:
    # As text: an id 007 is not the id 7.
    options = pa_csv.ConvertOptions(include_columns=[_COLUMN], column_types={_COLUMN: pa.string()})
    ids: list[str | None] = pa_csv.read_csv(path, convert_options=options)[_COLUMN].to_pylist()
    return ids


def _parquet(path: Path) -> list[str | None]:
    column = pq.read_table(path, columns=[_COLUMN])[_COLUMN]
    ids: list[str | None] = column.cast(pa.string()).to_pylist()
    return ids


_READERS: Final[dict[str, Callable[[Path], Sequence[str | None]]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
}
