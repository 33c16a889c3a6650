"""Prefixes: which beginning a LIKE pattern asks for."""

import re
from typing import Final

from features.errors import InvalidFilter
from serving.filters.kinds import shown

_PREFIX: Final = re.compile(r"((?:[^%_\\]|\\[%_\\])*)%", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)")


def prefix_of(pattern: str) -> str:
    r"""Give the beginning that a pattern asks for.

    Parameters
    ----------
    pattern : str
        A beginning and then one "%". A "%", "_" or backslash that is meant as itself has a
        backslash before it.

    Raises
    ------
    InvalidFilter
        The pattern is not a beginning: it has no "%" at its end, or a wildcard elsewhere.

    Examples
    --------
    >>> prefix_of("Home > Lamps%"), prefix_of(r"100\% wool%")
    ('Home > Lamps', '100% wool')
    """
    found = _PREFIX.fullmatch(pattern)
    if found is None:
        raise InvalidFilter(
            f"LIKE takes a beginning such as 'abc%', and {shown(pattern)} is none; write one % at "
            "the end, none and no _ before it (\\% and \\_ stand for the characters themselves), "
            "or = for the whole text"
        )
    return _ESCAPED.sub(r"\1", found[1])
