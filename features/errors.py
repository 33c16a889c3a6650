"""What can go wrong, and what each error is called.

::

    VitrineError
    ├── InvalidInput (ValueError)          something given is wrong
    │   ├── InvalidMapping                 a mapping file does not fit the export
    │   ├── InvalidSettings                a settings or placements file is wrong
    │   ├── InvalidFilter                  a filter does not parse or does not fit the catalogue
    │   │   └── UnknownColumn              it names a column that the catalogue lacks
    │   ├── UnreadableFile                 a file is missing, empty or not what it says
    │   ├── FutureEventError               an event is later than `as_of`: it would leak
    │   └── NotEnoughData                  too little history for what was asked
    ├── NotFound (KeyError)                something named does not exist
    │   ├── UnknownItem
    │   ├── UnknownUser
    │   ├── UnknownPlacement
    │   └── UnknownModelVersion
    ├── BundleError (RuntimeError)         a bundle cannot be used
    │   ├── CorruptBundle                  a file's hash is not the manifest's
    │   └── NoBundle                       nothing has been promoted yet
    ├── LakeBusy (RuntimeError)            another process is writing to the lake
    └── PromotionRefused (RuntimeError)    worse than the champion beyond noise

Every error has a `code` (its name on the wire), a message that says what was wrong, what was
given and what to do, and optional `details`, one line each.
"""

from collections.abc import Sequence
from typing import ClassVar


class VitrineError(Exception):
    """The root of every error that Vitrine raises on purpose.

    Parameters
    ----------
    message : str
        What was wrong, what was given, what to do next.
    details : sequence of str, optional
        One line for each single finding.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)

    def __str__(self) -> str:
        return "\n  - ".join((self.message, *self.details))


class InvalidInput(VitrineError, ValueError):
    """Something given is wrong."""

    code = "invalid_input"


class InvalidMapping(InvalidInput):
    """A mapping file is wrong in itself or does not fit the export."""

    code = "invalid_mapping"


class InvalidSettings(InvalidInput):
    """A settings file has an unknown key or a value outside its range."""

    code = "invalid_settings"


class InvalidFilter(InvalidInput):
    """A filter does not parse, does not fit the catalogue, or lacks a parameter."""

    code = "invalid_filter"


class UnknownColumn(InvalidFilter):
    """A filter names a column that the catalogue lacks."""

    code = "unknown_column"


class UnreadableFile(InvalidInput):
    """A file is missing, empty, or not in the format that its name says."""

    code = "unreadable_file"


class FutureEventError(InvalidInput):
    """An event is later than `as_of` and would leak into training."""

    code = "future_event"


class NotEnoughData(InvalidInput):
    """There is too little history for what was asked."""

    code = "not_enough_data"


class NotFound(VitrineError, KeyError):
    """Something named does not exist."""

    code = "not_found"


class UnknownItem(NotFound):
    """No item with this id is in the catalogue."""

    code = "unknown_item"


class UnknownUser(NotFound):
    """No user with this id is known."""

    code = "unknown_user"


class UnknownPlacement(NotFound):
    """No placement with this name is configured."""

    code = "unknown_placement"


class UnknownModelVersion(NotFound):
    """No model version with this number or alias is registered."""

    code = "unknown_model_version"


class BundleError(VitrineError, RuntimeError):
    """A bundle cannot be used."""

    code = "bundle_error"


class CorruptBundle(BundleError):
    """A bundle's file is missing or its hash is not the manifest's."""

    code = "corrupt_bundle"


class NoBundle(BundleError):
    """Nothing has been promoted yet."""

    code = "no_bundle"


class LakeBusy(VitrineError, RuntimeError):
    """Another process is writing to the same lake."""

    code = "lake_busy"


class PromotionRefused(VitrineError, RuntimeError):
    """A version is worse than the champion beyond noise."""

    code = "promotion_refused"
