"""The placements file: read, checked key by key, and found by name."""

import difflib
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Final, Self

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from features.errors import InvalidSettings, UnknownPlacement
from serving.placements.findings import findings
from serving.placements.placement import Placement

_FILE: TypeAdapter[dict[str, Placement]] = TypeAdapter(dict[str, Placement])
_VERSION_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Placements:
    """All placements of a shop, by name.

    Parameters
    ----------
    by_name : dict of str to Placement
        In the order of the file.
    config_version : str
        Begins the SHA-256 of the file's content: two answers with the same one kept to the same.
    """

    by_name: dict[str, Placement]
    config_version: str

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the shop's placements, or the built-in ones where it has no file.

        Raises
        ------
        InvalidSettings
            The file cannot be read, is not TOML, or a key is unknown or has a wrong value.
        """
        own = path if path is not None and path.exists() else None
        name = "the built-in placements" if own is None else str(own)
        try:
            content = (own or resources.files("serving") / "placements.toml").read_bytes()
            by_name = _FILE.validate_python(tomllib.loads(content.decode("utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidSettings(f"{name} cannot be read as TOML: {error}; correct it") from error
        except ValidationError as error:
            found = findings(error, Placement)
            raise InvalidSettings(
                f"{name} has {len(found)} wrong settings; correct these keys", details=found
            ) from error
        if not by_name:
            raise InvalidSettings(f"{name} names no placement; give at least one, or remove it")
        return cls(by_name, sha256(content).hexdigest()[:_VERSION_DIGITS])

    def named(self, name: str) -> Placement:
        """Find a placement.

        Raises
        ------
        UnknownPlacement
            There is none of this name; the nearest names are given.
        """
        if name in self.by_name:
            return self.by_name[name]
        close = difflib.get_close_matches(name, self.by_name, n=3) or sorted(self.by_name)
        raise UnknownPlacement(
            f"no placement is called {name!r}; use one of {', '.join(close)}"
            " or add it to placements.toml"
        )

    def check(self, schema: pa.Schema) -> None:
        """Refuse a catalogue that a filter or a cap of any placement or scenario does not fit.

        Parameters
        ----------
        schema : pyarrow.Schema
            The catalogue's columns.

        Raises
        ------
        InvalidSettings
            With every finding, by the path of its key.
        """
        found = [
            f"{name}.{path}.{key}: {what}"
            for name, placement in self.by_name.items()
            for path, rules in placement.stated_rules()
            for key, what in rules.misfits(schema)
        ]
        if found:
            raise InvalidSettings(
                f"placements.toml asks {len(found)} times for what the catalogue does not have;"
                " correct these keys, or give the catalogue these columns",
                details=found,
            )
