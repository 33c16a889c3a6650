"""Predicates: what a filter says, as a tree of values that prints as the text it came from."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from serving.filters.grammar import KEYWORDS

Operator = Literal["=", "!=", "<", "<=", ">", ">="]

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Column:
    """The value that an item has in a column."""

    name: str

    def __str__(self) -> str:
        if _PLAIN_NAME.fullmatch(self.name) and self.name.upper() not in KEYWORDS:
            return self.name
        return '"' + self.name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that comes with the request."""

    name: str

    def __str__(self) -> str:
        return f":{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A value that stands in the filter; 1 is not TRUE, and neither is 1.0."""

    value: str | int | float | bool

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        if isinstance(self.value, str):
            return "'" + self.value.replace("'", "''") + "'"
        return str(self.value).upper() if isinstance(self.value, bool) else repr(self.value)


Value: TypeAlias = Constant | Parameter
Operand: TypeAlias = Column | Value


@dataclass(frozen=True, slots=True)
class Compare:
    """A column stands in this order to an operand."""

    column: Column
    operator: Operator
    operand: Operand

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The column and what it is compared with."""
        return self.column, self.operand

    def __str__(self) -> str:
        return f"{self.column} {self.operator} {self.operand}"


@dataclass(frozen=True, slots=True)
class IsIn:
    """A column equals one of these values; a parameter that is a list gives all its values."""

    column: Column
    values: tuple[Value, ...]

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The column and the values."""
        return self.column, *self.values

    def __str__(self) -> str:
        return f"{self.column} IN ({', '.join(map(str, self.values))})"


@dataclass(frozen=True, slots=True)
class Holds:
    """A column of lists holds this value."""

    column: Column
    value: Value

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The column and the value."""
        return self.column, self.value

    def __str__(self) -> str:
        return f"{self.value} IN {self.column}"


@dataclass(frozen=True, slots=True)
class Like:
    """A column of texts begins as this pattern says."""

    column: Column
    pattern: Value

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The column and the pattern."""
        return self.column, self.pattern

    def __str__(self) -> str:
        return f"{self.column} LIKE {self.pattern}"


@dataclass(frozen=True, slots=True)
class IsNull:
    """Nothing is known of an item in this column."""

    column: Column

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The column."""
        return (self.column,)

    def __str__(self) -> str:
        return f"{self.column} IS NULL"


Condition: TypeAlias = Compare | IsIn | Holds | Like | IsNull


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; what is unknown stays unknown."""

    predicate: "Condition | And | Or"

    def __str__(self) -> str:
        grouped = isinstance(self.predicate, And | Or)
        return f"NOT ({self.predicate})" if grouped else f"NOT {self.predicate}"


@dataclass(frozen=True, slots=True)
class And:
    """All of these, at least two, none of them an `And`."""

    parts: tuple["Condition | Not | Or", ...]

    def __str__(self) -> str:
        return " AND ".join(
            f"({part})" if isinstance(part, Or) else str(part) for part in self.parts
        )


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of these, which are at least two, none of them an `Or`."""

    parts: tuple["Condition | Not | And", ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.parts))


Predicate: TypeAlias = Condition | Not | And | Or


def all_of(predicates: Iterable[Predicate]) -> Predicate:
    """Join with AND; an AND within becomes part of it, and one predicate stays itself."""
    parts: list[Condition | Not | Or] = []
    for predicate in predicates:
        parts.extend(predicate.parts if isinstance(predicate, And) else (predicate,))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def any_of(predicates: Iterable[Predicate]) -> Predicate:
    """Join with OR; an OR within becomes part of it, and one predicate stays itself."""
    parts: list[Condition | Not | And] = []
    for predicate in predicates:
        parts.extend(predicate.parts if isinstance(predicate, Or) else (predicate,))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def opposite(predicate: Predicate) -> Predicate:
    """Negate; twice is not at all, so that a tree never grows deep of NOT alone."""
    return predicate.predicate if isinstance(predicate, Not) else Not(predicate)


def conditions(predicate: Predicate) -> Iterator[Condition]:
    """Walk the tree's leaves from left to right."""
    if isinstance(predicate, Not):
        yield from conditions(predicate.predicate)
    elif isinstance(predicate, And | Or):
        for part in predicate.parts:
            yield from conditions(part)
    else:
        yield predicate
