"""How a bundle's parts lie on disk: arrays and tables that are mapped, never unpickled."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import CorruptBundle


@dataclass(frozen=True, slots=True)
class StoredArrays:
    """The arrays of a bundle on disk, mapped into memory when asked for.

    Parameters
    ----------
    folder : Path
        The bundle.
    files : tuple of str
        The files that its manifest names; no other is read.
    """

    folder: Path
    files: tuple[str, ...]

    def one(self, name: str) -> NDArray[Any]:
        """Map one array, read-only.

        Raises
        ------
        CorruptBundle
            It is missing, not an array, or holds Python objects.
        """
        path = self.folder / f"{name}.npy"
        try:
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, EOFError, ValueError) as error:
            raise CorruptBundle(
                f"bundle {self.folder.name}: {name}.npy cannot be opened ({error});"
                " promote a version again to restore it"
            ) from error
        # The subclass makes every small slice slower, and serving takes many.
        return array.view(np.ndarray)

    def group(self, group: str) -> dict[str, NDArray[Any]]:
        """Map the arrays of one group by their names."""
        names = [Path(name).stem for name in self.files if name.startswith(f"{group}/")]
        return {name: self.one(f"{group}/{name}") for name in names}


def write_arrays(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as ``folder/name.npy``; a slash in a name makes a folder."""
    for name, array in arrays.items():
        path = folder / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, array, allow_pickle=False)


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table as an uncompressed Arrow file, which can be mapped."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())


def read_table(path: Path) -> pa.Table:
    """Map a table into memory.

    Raises
    ------
    CorruptBundle
        The file is missing or no Arrow file.
    """
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise CorruptBundle(
            f"{path.name} cannot be opened ({error}); promote a version again to restore it"
        ) from error


def settle(draft: Path, final: Path) -> Path:
    """Give a complete draft its final name; where that stands already, it is the same content."""
    if final.exists():
        shutil.rmtree(draft)
    else:
        draft.rename(final)
    return final
