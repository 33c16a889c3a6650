"""Drawn catalogues and predicates for the filters' laws, small so that hits are frequent."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from serving.filters.predicates import (
    Column,
    Compare,
    Constant,
    Holds,
    IsIn,
    IsNull,
    Like,
    Operator,
    Parameter,
    Predicate,
    Value,
    all_of,
    any_of,
    opposite,
)

SCHEMA = pa.schema(
    [
        pa.field("brand", pa.string()),
        pa.field("order", pa.dictionary(pa.int8(), pa.string())),
        pa.field("Größe & co", pa.large_string()),
        pa.field("price", pa.float64()),
        pa.field("cost", pa.float32()),
        pa.field("stock", pa.int32()),
        pa.field("available", pa.bool_()),
        pa.field("released_at", pa.timestamp("us", tz="UTC")),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("sizes", pa.large_list(pa.int64())),
    ]
)
LISTS = ("tags", "sizes")
PAIRS = (("price", "cost"), ("stock", "price"), ("cost", "stock"), ("brand", "order"))
OPERATORS: tuple[Operator, ...] = ("=", "!=", "<", "<=", ">", ">=")
SINGLE = st.sampled_from([name for name in SCHEMA.names if name not in LISTS])
DAYS = [datetime(2024, 1, day, 12, tzinfo=UTC) for day in (1, 2, 3)]

TEXTS = st.sampled_from(["", "a", "ab", "Acme", "O'Neill", 'the "one"', "naïve ☂ %_\\", "NOT", "é"])
NUMBERS = st.sampled_from([-1, 0, 1, 2, 1.5, -0.5, 1e20])
WHOLE = st.sampled_from([-1, 0, 1, 2])
TIMES = st.sampled_from(["2024-01-02", "2024-01-02T12:00Z", "2024-01-02T13:00:00+01:00"])

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "brand": TEXTS,
    "order": TEXTS,
    "Größe & co": TEXTS,
    "price": NUMBERS,
    "cost": NUMBERS,
    "stock": NUMBERS,
    "available": st.booleans(),
    "released_at": TIMES,
    "tags": TEXTS,
    "sizes": NUMBERS,
}
"""What each column, or each of its lists, is compared with."""

CELLS: dict[str, st.SearchStrategy[Any]] = VALUES | {
    "price": st.sampled_from([-1.0, 0.0, 1.0, 1.5, float("nan")]),
    "cost": st.sampled_from([-0.5, 1.0, 1.5, float("nan")]),
    "stock": WHOLE,
    "released_at": st.sampled_from(DAYS),
    "tags": st.lists(st.none() | TEXTS, max_size=3),
    "sizes": st.lists(st.none() | WHOLE, max_size=3),
}

ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | cell for name, cell in CELLS.items()}), max_size=8
)


def as_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Put rows into a table of two chunks, each a slice, as a lake may hand them out."""
    filler = dict.fromkeys(SCHEMA.names)
    cut = len(rows) // 2
    parts = [
        pa.Table.from_pylist([filler, *part, filler], SCHEMA).slice(1, len(part))
        for part in (rows[:cut], rows[cut:])
    ]
    return pa.concat_tables(parts)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Predicate, dict[str, Any]]:
    """Draw a predicate and values for its parameters."""
    drawing = _Drawing(draw)
    return drawing.predicate(3), drawing.params


class _Drawing:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.params: dict[str, Any] = {}

    def predicate(self, depth: int) -> Predicate:
        joins = {"not": self.negated, "and": self.joined, "or": self.either}
        form = self.draw(st.sampled_from(["condition", *joins])) if depth else "condition"
        return joins[form](depth - 1) if form in joins else self.condition()

    def negated(self, depth: int) -> Predicate:
        return opposite(self.predicate(depth))

    def joined(self, depth: int) -> Predicate:
        return all_of(self.predicate(depth) for _ in range(self.draw(st.integers(2, 3))))

    def either(self, depth: int) -> Predicate:
        return any_of(self.predicate(depth) for _ in range(self.draw(st.integers(2, 3))))

    def condition(self) -> Predicate:
        forms = [self.compare, self.columns, self.is_in, self.holds, self.like, self.is_null]
        return self.draw(st.sampled_from(forms))()

    def compare(self) -> Predicate:
        name = self.draw(SINGLE)
        operator = self.draw(st.sampled_from(OPERATORS[: 2 if name == "available" else 6]))
        return Compare(Column(name), operator, self.value(name))

    def columns(self) -> Predicate:
        left, right = self.draw(st.sampled_from(PAIRS))
        return Compare(Column(left), self.draw(st.sampled_from(OPERATORS)), Column(right))

    def is_in(self) -> Predicate:
        name = self.draw(SINGLE)
        n_values = self.draw(st.integers(1, 3))
        return IsIn(Column(name), tuple(self.value(name, lists=True) for _ in range(n_values)))

    def holds(self) -> Predicate:
        name = self.draw(st.sampled_from(LISTS))
        return Holds(Column(name), self.value(name))

    def like(self) -> Predicate:
        beginning = self.draw(TEXTS)
        for special in ("\\", "%", "_"):
            beginning = beginning.replace(special, f"\\{special}")
        return Like(Column("brand"), Constant(f"{beginning}%"))

    def is_null(self) -> Predicate:
        return IsNull(Column(self.draw(st.sampled_from(SCHEMA.names))))

    def value(self, column: str, *, lists: bool = False) -> Value:
        one = VALUES[column]
        if self.draw(st.booleans()):
            return Constant(self.draw(one))
        name = f"p{len(self.params)}"
        many = st.lists(st.none() | one, max_size=3) if lists else st.none()
        self.params[name] = self.draw(st.none() | one | many)
        return Parameter(name)
