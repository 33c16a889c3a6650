"""Evaluation: where a predicate is true, false or unknown, for all items at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, reduce
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from serving.filters.kinds import Fitted, Given, Kind, fitting, kind_of
from serving.filters.predicates import (
    And,
    Column,
    Compare,
    Condition,
    Constant,
    Holds,
    IsIn,
    IsNull,
    Like,
    Not,
    Or,
    Predicate,
    Value,
)
from serving.filters.prefixes import prefix_of

_TIME: Final = pa.timestamp("us", tz="UTC")

_COMPARISONS: Final[dict[str, Callable[[Any, Any], pa.Array]]] = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


def evaluate(predicate: Predicate, table: pa.Table, params: Mapping[str, Given]) -> pa.Array:
    """Say of each item whether it fits.

    Parameters
    ----------
    predicate : Predicate
        What is asked; it fits the table's schema (`checking.check`).
    table : pyarrow.Table
        n items.
    params : mapping
        A value for each parameter (`parameters.checked`).

    Returns
    -------
    pyarrow.Array of bool, shape (n,)
        NULL where it is unknown.

    Raises
    ------
    InvalidFilter
        A parameter's value is not of the kind that its column holds.
    """
    if isinstance(predicate, Not):
        return pc.invert(evaluate(predicate.predicate, table, params))
    if isinstance(predicate, And | Or):
        join = pc.and_kleene if isinstance(predicate, And) else pc.or_kleene
        return reduce(join, (evaluate(part, table, params) for part in predicate.parts))
    return _EVALUATIONS[type(predicate)](predicate, table, params)


def _compare(compare: Compare, table: pa.Table, params: Mapping[str, Given]) -> pa.Array:
    array, kind = _read(table, compare.column)
    if isinstance(compare.operand, Column):
        other, _ = _read(table, compare.operand)
    else:
        fit = partial(fitting, kind=kind, column=compare.column.name)
        values = [fit(_given(compare.operand, params))]
        array = _wide_enough(array, values)
        other = _as_arrow(values, array.type)[0]
    if pa.types.is_floating(other.type):
        array = _as_float(array)
    elif pa.types.is_floating(array.type):
        other = _as_float(other)
    return _COMPARISONS[compare.operator](array, other)


def _is_in(is_in: IsIn, table: pa.Table, params: Mapping[str, Given]) -> pa.Array:
    array, kind = _read(table, is_in.column)
    fit = partial(fitting, kind=kind, column=is_in.column.name)
    values = [fit(value) for value in _spread(is_in.values, params)]
    if not values:
        return pa.array(np.zeros(len(array), bool))
    array = _wide_enough(array, values)
    known = [value for value in values if value is not None]
    hit = pc.is_in(array, value_set=_as_arrow(known, array.type))
    if not array.null_count and None not in values:
        return hit
    # Not among these is unknown where the item has no value, or where one of these is NULL.
    unknown = pa.array(np.ones(len(array), bool)) if None in values else pc.is_null(array)
    return pc.if_else(pc.and_not(unknown, hit), pa.scalar(None, pa.bool_()), hit)


def _holds(holds: Holds, table: pa.Table, params: Mapping[str, Given]) -> pa.Array:
    lists = table[holds.column.name].combine_chunks()
    members, kind = _plain(lists.flatten())
    value = fitting(_given(holds.value, params), kind, column=holds.column.name)
    members = _wide_enough(members, [value])
    equal = pc.equal(members, _as_arrow([value], members.type)[0])
    list_rows = pc.list_parent_indices(lists)
    hit = np.zeros(len(lists), bool)
    hit[pc.filter(list_rows, equal).to_numpy()] = True
    if not (lists.null_count or equal.null_count):
        return pa.array(hit)
    unknown = pc.is_null(lists).to_numpy(zero_copy_only=False)
    unknown[pc.filter(list_rows, pc.is_null(equal)).to_numpy()] = True
    return pa.array(hit, mask=unknown & ~hit)


def _like(like: Like, table: pa.Table, params: Mapping[str, Given]) -> pa.Array:
    array, kind = _read(table, like.column)
    pattern = fitting(_given(like.pattern, params), kind, column=like.column.name)
    if pattern is None:
        return pa.nulls(len(array), pa.bool_())
    return pc.starts_with(array, pattern=prefix_of(str(pattern)))


def _is_null(is_null: IsNull, table: pa.Table, _: Mapping[str, Given]) -> pa.Array:
    return pc.is_null(table[is_null.column.name].combine_chunks(), nan_is_null=True)


_EVALUATIONS: Final[dict[type[Condition], Callable[..., pa.Array]]] = {
    Compare: _compare,
    IsIn: _is_in,
    Holds: _holds,
    Like: _like,
    IsNull: _is_null,
}


def _read(table: pa.Table, column: Column) -> tuple[pa.Array, Kind]:
    return _plain(table[column.name].combine_chunks())


def _plain(array: pa.Array) -> tuple[pa.Array, Kind]:
    """Bring an array to the one Arrow type of its kind, or of whole numbers."""
    kind = kind_of(array.type)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if kind is Kind.TEXT:
        array = array.cast(pa.string())
    elif kind is Kind.TIME:
        array = array.cast(_TIME, safe=False)
    elif pa.types.is_signed_integer(array.type) or array.type in {
        pa.uint8(),
        pa.uint16(),
        pa.uint32(),
    }:
        array = array.cast(pa.int64())
    elif kind is Kind.NUMBER:
        array = _without_nan(_as_float(array))
    return array, kind


def _as_float(numbers: Any) -> Any:  # noqa: ANN401 -- an array or a scalar, both untyped
    return numbers.cast(pa.float64(), safe=False)


def _without_nan(array: pa.Array) -> pa.Array:
    """Take a NaN for what exports mean by it: no number."""
    return pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)


def _wide_enough(array: pa.Array, values: Iterable[Fitted]) -> pa.Array:
    """Compare whole numbers with a fraction as fractions."""
    whole = pa.types.is_integer(array.type)
    return _as_float(array) if whole and any(isinstance(v, float) for v in values) else array


def _as_arrow(values: Sequence[Fitted], of: pa.DataType) -> pa.Array:
    if pa.types.is_floating(of):
        return pa.array([None if v is None else float(v) for v in values], of)  # type: ignore[arg-type]  # `fitting` let only numbers pass
    return pa.array(values, of)


def _given(value: Value, params: Mapping[str, Given]) -> Given:
    return value.value if isinstance(value, Constant) else params[value.name]


def _spread(values: Iterable[Value], params: Mapping[str, Given]) -> Iterable[Given]:
    for value in values:
        given = _given(value, params)
        yield from given if isinstance(given, tuple) else (given,)
