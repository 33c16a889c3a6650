"""A bundle's manifest: what is in it, what it was made from, and the hash of every file."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict

from features.errors import CorruptBundle

FORMAT_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_READ_AT_ONCE: Final = 1 << 20
_NAME_LENGTH: Final = 16


class FileFact(BaseModel):
    """What a file must be: its SHA-256 and its size in bytes."""

    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    n_bytes: int


class Manifest(BaseModel):
    """The first thing that is read of a bundle.

    Parameters
    ----------
    format_version : int
        Of the folder's layout.
    as_of : datetime
        Nothing later is in the bundle.
    created_at : datetime
        When it was made.
    code_version : str
        Vitrine's version.
    data_digest : str
        Of the event log that it was learnt from.
    n_users, n_items : int
        Sizes.
    model : str or None
        The embedding model's name; None where only popularity is known.
    settings : dict
        What `vitrine train` was told, complete.
    metrics : dict
        How the served pipeline did on the last fold.
    parts : dict
        What the arrays need beside themselves: index choices, countries, purposes, kinds.
    run_id : str or None
        The MLflow run.
    synced_batch : int or None
        The last batch of the online store's events that it was learnt from; None where nothing
        was ever synced.
    files : dict of str to FileFact
        Every file by its path within the bundle.
    """

    # A half-life may be infinite.
    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")

    format_version: int = FORMAT_VERSION
    as_of: datetime
    created_at: datetime
    code_version: str
    data_digest: str
    n_users: int
    n_items: int
    model: str | None
    settings: dict[str, Any]
    metrics: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    run_id: str | None = None
    synced_batch: int | None = None
    files: dict[str, FileFact] = {}

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a bundle's manifest.

        Raises
        ------
        CorruptBundle
            It is missing, not a manifest, or of a format that this version cannot open.
        """
        try:
            stored = json.loads((folder / MANIFEST).read_bytes())
            # Of another format nothing else need be as it is here.
            if stored["format_version"] == FORMAT_VERSION:
                return cls.model_validate(stored)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise CorruptBundle(
                f"bundle {folder.name} has no readable {MANIFEST} ({error});"
                " train again or promote another version"
            ) from error
        raise CorruptBundle(
            f"bundle {folder.name} has format {stored['format_version']}, this version opens"
            f" {FORMAT_VERSION}; install the version that wrote it or train again"
        )

    @property
    def bundle_id(self) -> str:
        """The bundle's name: a digest of the manifest and, by the hashes in it, of every file."""
        return _name(self.as_json())

    def completed(self, *, parts: dict[str, Any], files: dict[str, FileFact]) -> Self:
        """Add what is known once the bundle is written."""
        return type(self).model_validate({**self.model_dump(), "parts": parts, "files": files})

    def as_json(self) -> bytes:
        """Give the manifest as its file holds it."""
        # A field that a later version adds must not rename the bundles that lack it.
        return self.model_dump_json(indent=1, exclude_unset=True).encode()

    def verify(self, folder: Path) -> None:
        """Check the size and hash of every file that the manifest names.

        Raises
        ------
        CorruptBundle
            A file is missing or differs; all such files are named.
        """
        wrong = [name for name, fact in self.files.items() if file_fact(folder / name) != fact]
        if wrong:
            raise CorruptBundle(
                f"bundle {folder.name}: {len(wrong)} of {len(self.files)} files are missing or"
                " changed; promote a version again to restore them",
                details=wrong,
            )


def check_name(folder: Path) -> None:
    """Check that a bundle's manifest is the one that its folder is named by.

    Raises
    ------
    CorruptBundle
        The manifest has changed since, or the folder was renamed.
    """
    named = _name((folder / MANIFEST).read_bytes())
    if named != folder.name:
        raise CorruptBundle(
            f"bundle {folder.name}: its {MANIFEST} is that of {named}; promote a version again to"
            " restore it, or give the folder its name back",
            details=[MANIFEST],
        )


def file_facts(folder: Path) -> dict[str, FileFact]:
    """Hash every file of a bundle but the manifest."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    facts = {path.relative_to(folder).as_posix(): file_fact(path) for path in paths}
    return {name: fact for name, fact in facts.items() if fact is not None}


def _name(manifest_json: bytes) -> str:
    return hashlib.sha256(manifest_json).hexdigest()[:_NAME_LENGTH]


def file_fact(path: Path) -> FileFact | None:
    """Hash a file; None where there is none."""
    if not path.is_file():
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_AT_ONCE):
            digest.update(block)
    return FileFact(sha256=digest.hexdigest(), n_bytes=path.stat().st_size)
