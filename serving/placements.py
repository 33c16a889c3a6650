"""Placements: the named places that lists are made for, and what each keeps to."""

import difflib
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from features.errors import InvalidSettings, UnknownPlacement


class Placement(BaseModel):
    """What the lists of one placement keep to.

    Parameters
    ----------
    exclude_purchased : bool
        True to leave out what the person has bought and kept.
    purpose : str or None
        The consent that a person must have given; None where they came by themselves.
    """

    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True)

    exclude_purchased: bool
    purpose: str | None = None


_FILE: TypeAdapter[dict[str, Placement]] = TypeAdapter(dict[str, Placement])


@dataclass(frozen=True, slots=True)
class Placements:
    """All placements of a shop, by name."""

    by_name: dict[str, Placement]

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
            text = (own or resources.files("serving") / "placements.toml").read_text("utf-8")
            by_name = _FILE.validate_python(tomllib.loads(text))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidSettings(f"{name} cannot be read as TOML: {error}; correct it") from error
        except ValidationError as error:
            raise InvalidSettings(
                f"{name} has {error.error_count()} wrong settings; correct these keys",
                details=[
                    f"{'.'.join(map(str, one['loc']))}: {one['msg']}, got {one['input']!r}"
                    for one in error.errors()
                ],
            ) from error
        if not by_name:
            raise InvalidSettings(f"{name} names no placement; give at least one, or remove it")
        return cls(by_name)

    def named(self, name: str) -> Placement:
        """Find a placement.

        Raises
        ------
        UnknownPlacement
            There is none of this name; the nearest names are given.
        """
        if name in self.by_name:
            return self.by_name[name]
        near = difflib.get_close_matches(name, self.by_name, n=3) or sorted(self.by_name)
        raise UnknownPlacement(
            f"no placement is called {name!r}; use one of {', '.join(near)}"
            " or add it to placements.toml"
        )
