"""Parsing: from a filter's text to its predicate, and where the text is wrong."""

import math
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args
from lark.lark import PostLex

from features.errors import InvalidFilter
from serving.filters.grammar import GRAMMAR, IN_WORDS
from serving.filters.kinds import shown
from serving.filters.parameters import LARGEST_WHOLE, SMALLEST_WHOLE
from serving.filters.predicates import (
    Column,
    Compare,
    Constant,
    Holds,
    IsIn,
    IsNull,
    Like,
    Operand,
    Operator,
    Parameter,
    Predicate,
    Value,
    all_of,
    any_of,
    opposite,
)
from serving.filters.prefixes import prefix_of

MOST_CHARACTERS: Final = 4096
MOST_TERMS: Final = 200
DEEPEST: Final = 32

_MIRRORED: Final[dict[str, Operator]] = {
    "=": "=",
    "!=": "!=",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}
_UNCLOSED: Final = {"'": "a text", '"': "a column's name"}


def parse(text: str) -> Predicate:
    """Parse a filter; what it costs is bounded by the text's length.

    Parameters
    ----------
    text : str
        At most `MOST_CHARACTERS`, with at most `MOST_TERMS` conditions and `DEEPEST`
        parentheses within each other.

    Raises
    ------
    InvalidFilter
        The text is no filter; the message says where, and what was expected.

    Examples
    --------
    >>> print(parse("not (price >= 5 and brand is not null)"))
    NOT (price >= 5 AND NOT brand IS NULL)
    """
    _require_writable(text)
    try:
        return cast("Predicate", _parser().parse(text))
    except UnexpectedToken as error:
        raise InvalidFilter(_unexpected(error)) from None
    except UnexpectedCharacters as error:
        raise InvalidFilter(_unreadable(error)) from None


def _require_writable(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise InvalidFilter(
            f"the filter has {len(text):,} characters; write at most {MOST_CHARACTERS:,} and give "
            "long lists as parameters"
        )
    for place, character in enumerate(text, start=1):
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\t\r\n":
            raise InvalidFilter(
                f"the filter's character {place} is {character!r}, which nobody can see; leave it "
                "out, or give the text as a parameter"
            )


def _unexpected(error: UnexpectedToken) -> str:
    ended = error.token.type == "$END"
    place = "at its end" if ended else _place(error.line, error.column)
    found = "nothing more" if ended else shown(str(error.token))
    expected = sorted({IN_WORDS.get(name, name) for name in error.accepts or error.expected})
    hint = "; ask for NULL with IS NULL" if error.token.type == "NULL" else ""
    return f"the filter is wrong {place}: found {found}, expected {' or '.join(expected)}{hint}"


def _unreadable(error: UnexpectedCharacters) -> str:
    place = _place(error.line, error.column)
    if error.char in _UNCLOSED:
        what = _UNCLOSED[error.char]
        return (
            f"the filter is wrong {place}: {what} begins and never ends; close it with {error.char}"
        )
    return (
        f"the filter is wrong {place}: {shown(error.char)} begins no word of a filter; "
        "texts stand in single quotes, parameters are written :name"
    )


def _place(line: int, column: int) -> str:
    return f"at line {line}, column {column}"


class _Bounds(PostLex):
    """Counts while the text is read, so that nothing deep or long is ever built."""

    always_accept = ()

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Pass the tokens on until there are too many."""
        depth, n_terms = 0, 1
        for token in stream:
            depth += {"LPAR": 1, "RPAR": -1}.get(token.type, 0)
            n_terms += token.type in {"AND", "OR"}
            if depth > DEEPEST or n_terms > MOST_TERMS:
                raise InvalidFilter(
                    f"the filter is too much {_place(token.line or 1, token.column or 1)}: it may "
                    f"have {MOST_TERMS} conditions and {DEEPEST} parentheses within each other"
                )
            yield token


@v_args(inline=True)
class _Builder(Transformer[Token, Predicate]):
    """Builds the predicate, rule by rule of the grammar, while the text is parsed."""

    def start(self, predicate: Predicate) -> Predicate:
        return predicate

    def either(self, *parts: Predicate | Token) -> Predicate:
        return any_of(part for part in parts if not isinstance(part, Token))

    def both(self, *parts: Predicate | Token) -> Predicate:
        return all_of(part for part in parts if not isinstance(part, Token))

    def negated(self, _: Token, predicate: Predicate) -> Predicate:
        return opposite(predicate)

    def grouped(self, predicate: Predicate) -> Predicate:
        return predicate

    def compared(self, left: Operand, operator: Token, right: Operand) -> Predicate:
        written = cast("Operator", "!=" if operator == "<>" else str(operator))
        if isinstance(left, Column):
            return Compare(left, written, right)
        if isinstance(right, Column):
            return Compare(right, _MIRRORED[written], left)
        raise InvalidFilter(f"{shown(f'{left} {operator} {right}')} compares no column; name one")

    def between(
        self, left: Operand, no: Token | None, _: Token, low: Operand, __: Token, high: Operand
    ) -> Predicate:
        ends = [(">=", low), ("<=", high)]
        inside = all_of(self.compared(left, Token("OPERATOR", op), end) for op, end in ends)
        return _signed(inside, no)

    def in_values(self, left: Operand, no: Token | None, _: Token, *values: Value) -> Predicate:
        return _signed(IsIn(_column(left, "IN"), values), no)

    def in_column(self, left: Operand, no: Token | None, _: Token, column: Column) -> Predicate:
        if isinstance(left, Column):
            raise InvalidFilter(
                f"{shown(f'{left} IN {column}')} compares two columns; name a value on the left "
                "of IN, or values in parentheses on the right"
            )
        return _signed(Holds(column, left), no)

    def like(self, left: Operand, no: Token | None, _: Token, pattern: Value) -> Predicate:
        if isinstance(pattern, Constant) and isinstance(pattern.value, str):
            prefix_of(pattern.value)
        return _signed(Like(_column(left, "LIKE"), pattern), no)

    def is_null(self, left: Operand, _: Token, no: Token | None, __: Token) -> Predicate:
        return _signed(IsNull(_column(left, "IS NULL")), no)

    def flag(self, operand: Operand) -> Predicate:
        return Compare(_column(operand, "AND, OR and NOT"), "=", Constant(True))  # noqa: FBT003 -- the value TRUE itself

    def column(self, token: Token) -> Column:
        return Column(str(token))

    def quoted_column(self, token: Token) -> Column:
        return Column(token[1:-1].replace('""', '"'))

    def text(self, token: Token) -> Constant:
        return Constant(token[1:-1].replace("''", "'"))

    def number(self, token: Token) -> Constant:
        whole = token.lstrip("-").isdigit()
        number = int(token) if whole else float(token)
        inside = SMALLEST_WHOLE <= number <= LARGEST_WHOLE if whole else math.isfinite(number)
        if not inside:
            raise InvalidFilter(
                f"the number {shown(str(token))} is too large; write one that fits into 64 bits"
            )
        return Constant(number)

    def true(self, _: Token) -> Constant:
        return Constant(True)  # noqa: FBT003 -- the value TRUE itself

    def false(self, _: Token) -> Constant:
        return Constant(False)  # noqa: FBT003 -- the value FALSE itself

    def parameter(self, token: Token) -> Parameter:
        return Parameter(token[1:])


def _signed(predicate: Predicate, no: Token | None) -> Predicate:
    return predicate if no is None else opposite(predicate)


def _column(operand: Operand, word: str) -> Column:
    if not isinstance(operand, Column):
        raise InvalidFilter(f"{shown(str(operand))} is no column; name a column before {word}")
    return operand


@cache
def _parser() -> Lark:
    return Lark(
        GRAMMAR,
        parser="lalr",
        lexer="basic",
        maybe_placeholders=True,
        postlex=_Bounds(),
        transformer=_Builder(),
    )
