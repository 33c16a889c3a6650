"""Checking: whether a predicate fits the columns of a catalogue."""

from difflib import get_close_matches
from typing import Final

import pyarrow as pa

from features.errors import InvalidFilter, UnknownColumn
from serving.filters.kinds import Kind, fitting, kind_of, shown
from serving.filters.predicates import (
    Column,
    Compare,
    Condition,
    Constant,
    Holds,
    IsNull,
    Like,
    Predicate,
    conditions,
)

_MOST_NEAR: Final = 5
_NEAR: Final = 0.5
_MOST_DETAILS: Final = 20


def check(predicate: Predicate, schema: pa.Schema) -> None:
    """Refuse a predicate that does not fit a catalogue; parameters are not looked at.

    Parameters
    ----------
    predicate : Predicate
        What is asked.
    schema : pyarrow.Schema
        The catalogue's columns.

    Raises
    ------
    UnknownColumn
        A column is not in the schema; the details list the near names.
    InvalidFilter
        A column is compared with what it does not hold.
    """
    found = list(conditions(predicate))
    for condition in found:
        for operand in condition.operands:
            _require_column(operand, schema)
    for condition in found:
        _check(condition, schema)


def _require_column(operand: object, schema: pa.Schema) -> None:
    if not isinstance(operand, Column) or operand.name in schema.names:
        return
    lowered = {name.lower(): name for name in schema.names}
    near = get_close_matches(operand.name[:64].lower(), lowered, _MOST_NEAR, _NEAR)
    told = [lowered[name] for name in near]
    hint = (
        f"did you mean {' or '.join(told)}?"
        if told
        else "name one that it has (and write texts in single quotes)"
    )
    raise UnknownColumn(
        f"the catalogue has no column {shown(operand.name)}; {hint}",
        details=told or schema.names[:_MOST_DETAILS],
    )


def _check(condition: Condition, schema: pa.Schema) -> None:
    if isinstance(condition, IsNull):
        return
    name = condition.column.name
    kind = kind_of(schema.field(name).type)
    if isinstance(condition, Holds):
        kind = _kind_of_members(name, schema)
    elif kind is Kind.LIST:
        raise InvalidFilter(f"column {name!r} holds lists; ask for a member: 'x' IN {name}")
    if kind is Kind.OTHER:
        raise InvalidFilter(f"column {name!r} holds {kind}; leave it out of comparisons")
    _check_form(condition, kind)
    _check_operands(condition, kind, schema)


def _kind_of_members(name: str, schema: pa.Schema) -> Kind:
    of = schema.field(name).type
    if kind_of(of) is not Kind.LIST:
        raise InvalidFilter(
            f"column {name!r} holds {kind_of(of)}, not lists; compare it with =, or with IN and "
            "values in parentheses"
        )
    kind = kind_of(of.value_type)
    return Kind.OTHER if kind is Kind.LIST else kind


def _check_form(condition: Condition, kind: Kind) -> None:
    if isinstance(condition, Like) and kind is not Kind.TEXT:
        raise InvalidFilter(
            f"column {condition.column.name!r} holds {kind}, and LIKE reads texts; use a comparison"
        )
    ordered = isinstance(condition, Compare) and condition.operator not in {"=", "!="}
    if ordered and kind is Kind.TRUTH:
        raise InvalidFilter(
            f"column {condition.column.name!r} holds {kind}, which has no order; use = or !="
        )


def _check_operands(condition: Condition, kind: Kind, schema: pa.Schema) -> None:
    name = condition.column.name
    for other in condition.operands[1:]:
        if isinstance(other, Constant):
            fitting(other.value, kind, column=name)
        elif isinstance(other, Column) and kind_of(schema.field(other.name).type) is not kind:
            raise InvalidFilter(
                f"column {name!r} holds {kind} and {other.name!r} holds "
                f"{kind_of(schema.field(other.name).type)}; compare columns of one kind"
            )
