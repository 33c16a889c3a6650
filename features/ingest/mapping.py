"""How a shop's export says what our tables say: a TOML file read once and checked."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Self

import pyarrow as pa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.catalog import ITEM_SCHEMA, USER_SCHEMA
from features.errors import InvalidMapping
from features.events import EVENT_SCHEMA, NATURAL_KEY, EventType
from features.near_names import near

UNIX_UNITS: Final = {"unix_s": 1_000_000, "unix_ms": 1_000}
"""The names for times that are counted from 1970, and each unit in microseconds."""

Scalar = bool | int | float | str


def _offset_known(value: Any) -> Any:  # noqa: ANN401 -- whatever TOML holds
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a constant time needs an offset, such as 2010-01-01T00:00:00Z")
    return value


Constant = Annotated[
    datetime | Scalar | tuple[str, ...], Field(union_mode="smart"), AfterValidator(_offset_known)
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Keep(_Section):
    """A condition on a column of the export: rows that do not meet it are filtered out."""

    column: str
    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] | None = None
    not_null: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        stated = (self.equals is not None, self.one_of is not None, self.not_null)
        if sum(stated) != 1:
            raise ValueError("a keep needs exactly one of equals, one_of, not_null = true")
        return self


class TableMapping(_Section):
    """What one kind of file calls our columns.

    Parameters
    ----------
    columns : dict of str to str
        Our column to theirs; a column of theirs with our name needs no entry.
    constants : dict of str to value
        Our column to the value that it has in every row.
    keep : tuple of Keep
        Conditions on their columns that a row has to meet.
    delimiter : str
        What parts the fields of a CSV file.
    timestamp_format : str, optional
        A strptime format, or "unix_s" or "unix_ms"; by default ISO 8601.
    assume_timezone : str, optional
        Where the clock stood for times without an offset, such as "Europe/London".
    """

    schema_: ClassVar[pa.Schema]

    columns: dict[str, str] = {}
    constants: dict[str, Constant] = {}
    keep: tuple[Keep, ...] = ()
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    timestamp_format: str | None = None
    assume_timezone: str | None = None

    @model_validator(mode="after")
    def _names_our_columns(self) -> Self:
        known = self.schema_.names
        unknown = [name for name in (*self.columns, *self.constants) if name not in known]
        if unknown:
            hint = near(unknown[0], known)
            raise ValueError(f"{unknown[0]} is not one of {', '.join(known)}{hint}")
        if twice := sorted(set(self.columns) & set(self.constants)):
            raise ValueError(f"{twice[0]} is both in columns and in constants; keep one")
        return self

    @model_validator(mode="after")
    def _knows_the_offset(self) -> Self:
        stated = self.timestamp_format
        if stated in (None, *UNIX_UNITS) or "%z" in str(stated) or self.assume_timezone:
            return self
        raise ValueError(
            f"timestamp_format {stated!r} reads no offset (%z);"
            ' set assume_timezone too, such as "Europe/London"'
        )


class EventMapping(TableMapping):
    """What an export calls our events.

    Parameters
    ----------
    event_types : dict of str to EventType
        Their event type to ours; a type of theirs with our name needs no entry.
    ignore_types : tuple of str
        Their event types to leave out, counted and not rejected.
    natural_key : tuple of str
        The columns, ours or theirs, that make two events without `event_id` the same.
    """

    schema_: ClassVar[pa.Schema] = EVENT_SCHEMA

    event_types: dict[str, EventType] = {}
    ignore_types: tuple[str, ...] = ()
    natural_key: Annotated[tuple[str, ...], Field(min_length=1)] = NATURAL_KEY


class ItemMapping(TableMapping):
    """What a catalogue calls our columns."""

    schema_: ClassVar[pa.Schema] = ITEM_SCHEMA


class UserMapping(TableMapping):
    """What a customer file calls our columns.

    Parameters
    ----------
    from_events : bool
        Add a user for each new `user_id` among the events, with the constants.
    """

    schema_: ClassVar[pa.Schema] = USER_SCHEMA

    from_events: bool = False


class Mapping(_Section):
    """A mapping file.

    Parameters
    ----------
    events, items, users : mapping of each kind of file
        Without one, a file's columns have our names.
    """

    events: EventMapping = EventMapping()
    items: ItemMapping = ItemMapping()
    users: UserMapping = UserMapping()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a mapping file.

        Raises
        ------
        InvalidMapping
            It is missing, no TOML, or says something that is not understood.
        """
        try:
            stated = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidMapping(
                f"{path} cannot be read as TOML: {error}; see docs/mappings for examples"
            ) from error
        try:
            return cls.model_validate(stated)
        except ValidationError as error:
            raise InvalidMapping(
                f"{path} is not a mapping that is understood; correct these keys"
                " (docs/mappings has examples)",
                details=[_finding(dict(one)) for one in error.errors()],
            ) from error


_KEYS: Final[dict[tuple[str, ...], type[BaseModel]]] = {
    (): Mapping,
    ("events",): EventMapping,
    ("items",): ItemMapping,
    ("users",): UserMapping,
}


def _finding(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}"
    known = _KEYS.get(error["loc"][:-1], Keep).model_fields
    return f"{place}: unknown key{near(error['loc'][-1], known)}"
