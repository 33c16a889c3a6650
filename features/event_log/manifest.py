"""Which files are the event log? Those that this list names, and no others."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import UnreadableFile
from features.event_log.durable import replace_text

FORMAT: Final = 1
"""The version of this file's own layout."""


class LogFile(BaseModel):
    """One file of the event log, holding events of one month."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    month: str
    n_events: int


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    generation: int
    files: tuple[LogFile, ...]
    synced_batch: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The event log's state: replacing this one small file is what makes a change visible.

    Parameters
    ----------
    generation : int
        How many changes led here; 0 is an empty log.
    files : tuple of LogFile
        The live files, in the order of month and path.
    synced_batch : int or None
        The last batch of the online store whose events are in these files, with those of every
        batch before it; None where nothing was ever synced.
    """

    generation: int = 0
    files: tuple[LogFile, ...] = ()
    synced_batch: int | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the state; where there is no file yet, the log is empty.

        Raises
        ------
        UnreadableFile
            The file is damaged or of a later version.
        """
        try:
            stored = _Stored.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return cls()
        except ValidationError as error:
            raise UnreadableFile(
                f"{path} is not an event log's manifest; restore it from a backup,"
                " or remove the lake folder and ingest again",
                details=[f"{one['loc']}: {one['msg']}" for one in error.errors()],
            ) from error
        if stored.format != FORMAT:
            raise UnreadableFile(
                f"{path} has format {stored.format}, this version reads {FORMAT}; update vitrine"
            )
        return cls(stored.generation, stored.files, stored.synced_batch)

    def write(self, path: Path) -> None:
        """Make this the state, in one step."""
        files = tuple(sorted(self.files, key=lambda file: (file.month, file.path)))
        stored = _Stored(
            format=FORMAT,
            generation=self.generation,
            files=files,
            synced_batch=self.synced_batch,
        )
        replace_text(path, stored.model_dump_json(indent=1, exclude_none=True) + "\n")
