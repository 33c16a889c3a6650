"""A mask is what SQL would say, row by row, with three truth values."""

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given

from features.errors import InvalidFilter
from serving.filters import Filter, compile_filter
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
    Operand,
    Or,
    Predicate,
)
from tests.serving.filters.drawn import ROWS, as_table, questions

Row = dict[str, Any]
Truth = bool | None


def any_truth(truths: Iterable[Truth]) -> Truth:
    found = list(truths)
    return True if True in found else None if None in found else False


def opposite_truth(truth: Truth) -> Truth:
    return None if truth is None else not truth


def compared(left: Any, operator: str, right: Any) -> Truth:  # noqa: ANN401 -- any cell
    if isinstance(left, datetime) and isinstance(right, str):
        right = datetime.fromisoformat(right)
        right = right if right.tzinfo else right.replace(tzinfo=UTC)
    if any(one is None or (isinstance(one, float) and math.isnan(one)) for one in (left, right)):
        return None
    return {
        "=": left == right,
        "!=": left != right,
        "<": operator == "<" and left < right,
        "<=": operator == "<=" and left <= right,
        ">": operator == ">" and left > right,
        ">=": operator == ">=" and left >= right,
    }[operator]


def truth_of(predicate: Predicate, row: Row, params: Row) -> Truth:
    match predicate:
        case Not(inner):
            return opposite_truth(truth_of(inner, row, params))
        case Or(parts):
            return any_truth(truth_of(part, row, params) for part in parts)
        case And(parts):
            opposites = (opposite_truth(truth_of(part, row, params)) for part in parts)
            return opposite_truth(any_truth(opposites))
    cells = [cell(operand, row, params) for operand in predicate.operands]
    return READINGS[type(predicate)](predicate, *cells)


def cell(operand: Operand, row: Row, params: Row) -> Any:  # noqa: ANN401 -- any cell
    if isinstance(operand, Column):
        return row[operand.name]
    return operand.value if isinstance(operand, Constant) else params[operand.name]


def is_in(_: IsIn, value: object, *wanted: Any) -> Truth:  # noqa: ANN401 -- any cell
    spread = [one for many in wanted for one in (many if isinstance(many, list) else [many])]
    return any_truth(compared(value, "=", one) for one in spread)


def holds(_: Holds, held: list[Any] | None, value: object) -> Truth:
    return None if held is None else any_truth(compared(one, "=", value) for one in held)


def like(_: Like, value: str | None, pattern: str) -> Truth:
    beginning = pattern.removesuffix("%")
    for special in "%_\\":
        beginning = beginning.replace(f"\\{special}", special)
    return None if value is None else value.startswith(beginning)


READINGS: dict[type[Condition], Callable[..., Truth]] = {
    Compare: lambda compare, left, right: compared(left, compare.operator, right),
    IsIn: is_in,
    Holds: holds,
    Like: like,
    IsNull: lambda _, value: compared(value, "=", value) is None,
}


@given(ROWS, questions())
def test_a_mask_is_what_a_row_by_row_reading_says(
    rows: list[Row], question: tuple[Predicate, Row]
) -> None:
    predicate, params = question

    mask = Filter(predicate).mask(as_table(rows), params)

    assert mask.dtype == bool
    assert mask.tolist() == [truth_of(predicate, row, params) is True for row in rows]


@given(ROWS, questions())
def test_a_filter_and_its_opposite_never_both_pass_an_item(
    rows: list[Row], question: tuple[Predicate, Row]
) -> None:
    predicate, params = question
    table = as_table(rows)

    asked = Filter(predicate).mask(table, params)
    opposite = Filter(Not(predicate)).mask(table, params)

    assert not (asked & opposite).any()


def passing(text: str, values: list[Any], of: pa.DataType, **params: Any) -> list[bool]:  # noqa: ANN401 -- any cell
    table = pa.table({"x": pa.array(values, of)})
    return compile_filter(text).mask(table, params).tolist()


def test_an_item_of_which_nothing_is_known_passes_neither_way() -> None:
    colours = ["red", None]

    assert passing("x = 'red'", colours, pa.string()) == [True, False]
    assert passing("NOT x = 'red'", colours, pa.string()) == [False, False]
    assert passing("NOT x = 'red' OR x IS NULL", colours, pa.string()) == [False, True]


def test_not_in_a_list_with_null_passes_nobody_as_in_sql() -> None:
    assert passing("x NOT IN (:some)", ["a", "b"], pa.string(), some=["a", None]) == [False, False]
    assert passing("x IN (:some)", ["a", "b"], pa.string(), some=["a", None]) == [True, False]


def test_nothing_is_in_an_empty_list() -> None:
    assert passing("x IN (:none)", ["a", None], pa.string(), none=[]) == [False, False]
    assert passing("x NOT IN :none", ["a", None], pa.string(), none=[]) == [True, True]


def test_a_list_without_the_value_but_with_a_null_is_unknown() -> None:
    tags = [["vegan"], ["wool", None], ["wool"], [], None]

    assert passing("'vegan' IN x", tags, pa.list_(pa.string())) == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert passing("'vegan' NOT IN x", tags, pa.list_(pa.string())) == [
        *[False, False],
        *[True, True, False],
    ]


def test_lists_of_a_fixed_size_hold_values_too() -> None:
    sizes = [[1, 2], None, [3, 1]]

    assert passing("1 IN x", sizes, pa.list_(pa.int16(), 2)) == [True, False, True]
    assert passing("2 IN x", sizes, pa.list_(pa.int16(), 2)) == [True, False, False]


def test_a_time_is_compared_in_utc_whatever_its_column_counts_in() -> None:
    noon = datetime(2024, 6, 1, 12, tzinfo=UTC)
    naive = noon.replace(tzinfo=None)

    for of, value in [
        (pa.timestamp("us", tz="UTC"), noon),
        (pa.timestamp("ns", tz="Europe/Paris"), noon),
        (pa.timestamp("s"), naive),
        (pa.date32(), noon.date()),
    ]:
        assert passing("x < '2024-06-01T14:00:01+02:00'", [value], of) == [True]
        assert passing("x >= '2024-06-01'", [value], of) == [True]
        assert passing("x < '2024-06-01'", [value], of) == [False]


def test_whole_numbers_are_compared_exactly_and_fractions_as_fractions() -> None:
    large = 2**53 + 1

    assert passing("x = :n", [large, large - 1], pa.int64(), n=large) == [True, False]
    assert passing("x > 0.5", [0, 1, large], pa.int64()) == [False, True, True]
    assert passing("x IN (1, 2.5)", [1, 2], pa.int8()) == [True, False]
    assert passing("x > 1", [1, 2**64 - 1], pa.uint64()) == [False, True]
    assert passing("x = 10000000000", [1, None], pa.int8()) == [False, False]


def test_a_column_without_any_value_passes_nobody() -> None:
    assert passing("x = 'a' OR x IN ('a') OR x LIKE 'a%'", [None], pa.null()) == [False]
    assert passing("x IS NULL", [None], pa.null()) == [True]


def test_an_empty_catalogue_has_an_empty_mask() -> None:
    assert passing("x = 'a' OR NOT x IN ('b')", [], pa.string()) == []


def test_a_pattern_may_come_as_a_parameter_and_must_be_a_beginning() -> None:
    assert passing("x LIKE :p", ["Home > Lamps", "Garden"], pa.string(), p="Home%") == [True, False]
    assert passing("x NOT LIKE :p", ["Home", "Garden"], pa.string(), p=None) == [False, False]
    with pytest.raises(InvalidFilter, match="takes a beginning"):
        passing("x LIKE :p", ["Home"], pa.string(), p="%Home")
