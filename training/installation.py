"""Installing a version: its bundle, checked file by file, where serving looks for it."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from features.errors import CorruptBundle
from training.manifest import MANIFEST, Manifest

_DRAFT: Final = ".install-"

Fetch = Callable[[Path], Path]
"""Copies a bundle into a folder and says where it lies in it."""


def manifest_digest(folder: Path) -> str:
    """Name a bundle by all that it says: the SHA-256 of its manifest, which holds all others."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def install(parent: Path, bundle_id: str, *, digest: str, fetch: Fetch) -> Path:
    """Bring a bundle into its folder, unless it lies there whole already.

    Nothing that serving may have mapped is written to: a copy is checked under another name and
    renamed, and a damaged folder of that name is moved out of the way first. Call it under a lock.

    Parameters
    ----------
    parent : Path
        The folder of bundles (`Home.bundles`).
    bundle_id : str
        The folder's name in there.
    digest : str
        What `manifest_digest` of it must be.
    fetch : callable
        Gets a copy.

    Raises
    ------
    CorruptBundle
        A fetched file is missing or is not what was registered; nothing has changed then.
    """
    final = parent / bundle_id
    if final.exists() and _whole(final, digest):
        return final
    parent.mkdir(parents=True, exist_ok=True)
    for left_by_a_kill in parent.glob(f"{_DRAFT}*"):
        shutil.rmtree(left_by_a_kill)
    draft = Path(mkdtemp(prefix=_DRAFT, dir=parent))
    try:
        fetched = fetch(draft)
        verify(fetched, digest)
        if final.exists():
            final.rename(draft / "damaged")
        fetched.rename(final)
    finally:
        shutil.rmtree(draft)
    return final


def verify(folder: Path, digest: str) -> None:
    """Check the manifest, and every file by it.

    Raises
    ------
    CorruptBundle
        A file is missing or differs.
    """
    manifest = Manifest.read(folder)
    if manifest_digest(folder) != digest:
        raise CorruptBundle(f"{MANIFEST} is not the one that was registered", details=[MANIFEST])
    manifest.verify(folder)


def _whole(folder: Path, digest: str) -> bool:
    try:
        verify(folder, digest)
    except CorruptBundle:
        return False
    return True
