"""The grammar: which texts are filters."""

from typing import Final

KEYWORDS: Final = frozenset(
    {"AND", "BETWEEN", "FALSE", "IN", "IS", "LIKE", "NOT", "NULL", "OR", "TRUE"}
)
"""Words that no column is called by, unless in double quotes; written in any case."""

GRAMMAR: Final = r"""
start: either
either: both (OR both)*
both: negation (AND negation)*
?negation: NOT negation                              -> negated
    | "(" either ")"                                 -> grouped
    | condition

?condition: operand OPERATOR operand                 -> compared
    | operand [NOT] BETWEEN operand AND operand      -> between
    | operand [NOT] IN "(" value ("," value)* ")"    -> in_values
    | operand [NOT] IN parameter                     -> in_values
    | operand [NOT] IN column                        -> in_column
    | operand [NOT] LIKE value                       -> like
    | operand IS [NOT] NULL                          -> is_null
    | operand                                        -> flag

?operand: column | value
column: NAME
    | QUOTED_NAME                                    -> quoted_column
?value: STRING                                       -> text
    | NUMBER                                         -> number
    | TRUE                                           -> true
    | FALSE                                          -> false
    | parameter
parameter: PARAMETER

AND: "AND"i
BETWEEN: "BETWEEN"i
FALSE: "FALSE"i
IN: "IN"i
IS: "IS"i
LIKE: "LIKE"i
NOT: "NOT"i
NULL: "NULL"i
OR: "OR"i
TRUE: "TRUE"i

OPERATOR: /<=|>=|<>|!=|<|>|=/
NAME: /[^\W\d]\w*/i
QUOTED_NAME: /"(?:[^"]|"")+"/
PARAMETER: /:[a-z_][a-z0-9_]*/i
STRING: /'(?:[^']|'')*'/
NUMBER: /-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?/i

%ignore /[ \t\r\n]+/
"""
"""In the notation of Lark, for LALR(1)."""

_VALUE: Final = "a value"
_COLUMN: Final = "a column"

IN_WORDS: Final = {
    "COMMA": '","',
    "FALSE": _VALUE,
    "LPAR": '"("',
    "NAME": _COLUMN,
    "NUMBER": _VALUE,
    "OPERATOR": "a comparison such as <",
    "PARAMETER": _VALUE,
    "QUOTED_NAME": _COLUMN,
    "RPAR": '")"',
    "STRING": _VALUE,
    "TRUE": _VALUE,
    "$END": "the end",
}
"""What each terminal is called in an error; a keyword is called by its name."""
