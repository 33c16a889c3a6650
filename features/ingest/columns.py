"""Which column of an export, or which constant, holds each of our columns."""

from collections.abc import Callable
from dataclasses import dataclass, field

import ibis

from features.errors import InvalidMapping
from features.ingest.fields import Parsed, UnfitTypeError
from features.ingest.mapping import Keep, Scalar, TableMapping
from features.ingest.sources import Source
from features.near_names import near


@dataclass(slots=True)
class Columns:
    """The columns of files, under our names.

    Parameters
    ----------
    source : Source
        Files with the same columns.
    mapping : TableMapping
        What they call ours.

    Raises
    ------
    InvalidMapping
        The mapping names a column that the files do not have.
    """

    source: Source
    mapping: TableMapping
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for ours, theirs in self.mapping.columns.items():
            self.theirs(theirs, wanted_for=f"the mapping's columns.{ours}")

    def name_of(self, ours: str) -> str | None:
        """Find what the files call one of our columns; None where they have no such column.

        Without a word in the mapping it is the column of the same name, in whatever case.
        """
        if ours in self.mapping.columns:
            return self.mapping.columns[ours]
        if ours in self.mapping.constants:
            return None
        taken = self.mapping.columns.values()
        same = (one for one in self.source.columns if one.lower() == ours and one not in taken)
        return next(same, None)

    def require(self, *ours: str) -> None:
        """Insist on columns of ours.

        Raises
        ------
        InvalidMapping
            Neither the files nor the constants have one of them.
        """
        missing = [one for one in ours if not self.has(one)]
        if missing:
            hints = [f"{one}: not found{near(one, self.source.columns)}" for one in missing]
            raise InvalidMapping(
                f"{self.source.files[0]} lacks {', '.join(missing)}; it has"
                f" {', '.join(self.source.columns)}. Say in a mapping file which of them it is,"
                f' such as columns = {{ {missing[0]} = "..." }}',
                details=hints,
            )

    def read(self, ours: str, reader: Callable[[ibis.Value], Parsed]) -> Parsed:
        """Read one of our columns; where the files lack it, it is null.

        Raises
        ------
        InvalidMapping
            The column's type cannot be read.
        """
        if ours in self.mapping.constants:
            return reader(ibis.literal(self.mapping.constants[ours]))
        theirs = self.name_of(ours)
        if theirs is None:
            dtype = ibis.Schema.from_pyarrow(self.mapping.schema_)[ours]
            return Parsed(ibis.null(dtype(nullable=True)))
        self.used.add(theirs)
        column = self.source.table[theirs]
        try:
            return reader(column)
        except UnfitTypeError as wanted:
            raise InvalidMapping(
                f"column {theirs} of {self.source.files[0]} holds {column.type()};"
                f" {ours} needs {wanted}"
            ) from None

    def theirs(self, name: str, *, wanted_for: str) -> ibis.Value:
        """Give a column that the mapping names.

        Raises
        ------
        InvalidMapping
            The files do not have it.
        """
        if name not in self.source.columns:
            raise InvalidMapping(
                f"{self.source.files[0]} has no column {name}, which {wanted_for} names"
                f"{near(name, self.source.columns)}; it has {', '.join(self.source.columns)}"
            )
        self.used.add(name)
        return self.source.table[name]

    def kept(self) -> ibis.Value | None:
        """Tell which rows meet all the mapping's conditions; None where it has none."""
        conditions = [self._meets(keep) for keep in self.mapping.keep]
        return ibis.and_(*conditions) if conditions else None

    def others(self) -> dict[str, ibis.Value]:
        """Give the files' columns that hold none of ours, under their own names.

        A column that has the name of one of ours, but not its meaning, is left out.
        """
        ours = self.mapping.schema_.names
        taken = {self.name_of(name) for name in ours}
        return {
            name: self.source.table[name]
            for name in self.source.columns
            if name not in taken and name.lower() not in ours
        }

    def has(self, ours: str) -> bool:
        """Whether the files or the constants hold one of our columns."""
        return ours in self.mapping.constants or self.name_of(ours) is not None

    def _meets(self, keep: Keep) -> ibis.Value:
        column = self.theirs(keep.column, wanted_for="one of the mapping's keep conditions")
        if keep.not_null:
            is_text = column.type().is_string()
            return column.notnull() & (column != "") if is_text else column.notnull()
        wanted = (keep.equals,) if keep.one_of is None else keep.one_of
        matches = [_equals(column, value) for value in wanted if value is not None]
        return ibis.or_(*matches).fill_null(False)  # noqa: FBT003 -- the value itself


def _equals(column: ibis.Value, value: Scalar) -> ibis.Value:
    if not column.type().is_string() or isinstance(value, str):
        return column.cast("string") == value if isinstance(value, str) else column == value
    # A text file has no types: "true" is what a table calls true.
    return column.try_cast("boolean" if isinstance(value, bool) else "float64") == value
