"""How a file changes in one step: a power cut leaves the old one or the new."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_in_place(written: Path, path: Path) -> None:
    """Give a finished file its final name; whoever opens that name sees all of it or the old one.

    Parameters
    ----------
    written : Path
        The finished file, on the same file system.
    path : Path
        Its final name; its folder is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sync(written)
    written.replace(path)
    sync(path.parent)


def replace_text(path: Path, text: str) -> None:
    """Replace a text file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.new")
    written.write_text(text, encoding="utf-8")
    put_in_place(written, path)
