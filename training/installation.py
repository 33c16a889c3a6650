"""Installing a version: its bundle, checked file by file, where serving looks for it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from features.errors import CorruptBundle
from training.manifest import Manifest, check_name

_DRAFT: Final = ".install-"

Fetch = Callable[[Path], Path]
"""Copies a bundle into a folder and says where it lies in it."""


def install(parent: Path, bundle_id: str, fetch: Fetch) -> Path:
    """Bring a bundle into its folder, unless it lies there whole already.

    Nothing that serving may have mapped is written to: a copy is checked under another name and
    renamed, and a damaged folder of that name is moved out of the way first. Call it under a lock.

    Parameters
    ----------
    parent : Path
        The folder of bundles (`Home.bundles`).
    bundle_id : str
        The folder's name in there, which its content must have.
    fetch : callable
        Gets a copy.

    Raises
    ------
    CorruptBundle
        A fetched file is missing or is not what was registered; nothing has changed then.
    """
    final = parent / bundle_id
    if final.exists() and _whole(final):
        return final
    parent.mkdir(parents=True, exist_ok=True)
    for left_by_a_kill in parent.glob(f"{_DRAFT}*"):
        shutil.rmtree(left_by_a_kill)
    draft = Path(mkdtemp(prefix=_DRAFT, dir=parent))
    try:
        fetched = fetch(draft).rename(draft / bundle_id)
        _verify(fetched)
        if final.exists():
            final.rename(draft / "damaged")
        fetched.rename(final)
    finally:
        shutil.rmtree(draft)
    return final


def _verify(folder: Path) -> None:
    """Check a bundle's manifest by the folder's name, and every file by the manifest."""
    manifest = Manifest.read(folder)
    check_name(folder)
    manifest.verify(folder)


def _whole(folder: Path) -> bool:
    try:
        _verify(folder)
    except CorruptBundle:
        return False
    return True
