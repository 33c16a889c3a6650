"""A bundle's manifest: what is in it, what it was made from, and the hash of every file."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import CorruptBundle

FORMAT_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_READ_AT_ONCE: Final = 1 << 20


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
    files : dict of str to FileFact
        Every file by its path within the bundle.
    """

    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True)

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
    files: dict[str, FileFact] = {}

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a bundle's manifest.

        Raises
        ------
        CorruptBundle
            It is missing, not a manifest, or of a format that this version cannot open.
        """
        path = folder / MANIFEST
        try:
            manifest = cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise CorruptBundle(
                f"bundle {folder.name} has no readable {MANIFEST} ({error});"
                " train again or promote another version"
            ) from error
        if manifest.format_version != FORMAT_VERSION:
            raise CorruptBundle(
                f"bundle {folder.name} has format {manifest.format_version}, this version opens"
                f" {FORMAT_VERSION}; install the version that wrote it or train again"
            )
        return manifest

    @property
    def bundle_id(self) -> str:
        """The bundle's name: a digest of all its files, so that content and name cannot part."""
        lines = [f"{path} {fact.sha256}" for path, fact in sorted(self.files.items())]
        return hashlib.sha256("\n".join([str(self.as_of), *lines]).encode()).hexdigest()[:16]

    def verify(self, folder: Path) -> None:
        """Check every file's size and hash.

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


def file_facts(folder: Path) -> dict[str, FileFact]:
    """Hash every file of a bundle but the manifest."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    facts = {path.relative_to(folder).as_posix(): file_fact(path) for path in paths}
    return {name: fact for name, fact in facts.items() if fact is not None}


def file_fact(path: Path) -> FileFact | None:
    """Hash a file; None where there is none."""
    if not path.is_file():
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_AT_ONCE):
            digest.update(block)
    return FileFact(sha256=digest.hexdigest(), n_bytes=path.stat().st_size)
