"""Parameters: the values that come with a request, checked before anything reads them."""

import math
from collections.abc import Collection, Mapping
from typing import Any, Final

from features.errors import InvalidFilter
from serving.filters.kinds import Given, Plain, shown

MOST_VALUES: Final = 10_000
"""How many values the lists of one request may hold together."""

SMALLEST_WHOLE: Final = -(2**63)
LARGEST_WHOLE: Final = 2**63 - 1


def checked(params: Mapping[str, Any]) -> dict[str, Given]:
    """Take parameters for what they are, lists as tuples, in the order of their names.

    Parameters
    ----------
    params : mapping of str to str, int, float, bool, None or a list of those
        As they came.

    Raises
    ------
    InvalidFilter
        A value is of another type, not finite, too large or no valid Unicode, or there are more
        than `MOST_VALUES`.

    Examples
    --------
    >>> checked({"max": 50, "brands": ["Acme", "Bolt"]})
    {'brands': ('Acme', 'Bolt'), 'max': 50}
    """
    lists = [value for value in params.values() if isinstance(value, list | tuple)]
    n_values = sum(map(len, lists))
    if n_values > MOST_VALUES:
        raise InvalidFilter(
            f"the filter's lists hold {n_values:,} values; give at most {MOST_VALUES:,}"
        )
    return {name: _checked(name, params[name]) for name in sorted(params)}


def require_names(params: Mapping[str, Given], names: Collection[str]) -> None:
    """Refuse parameters that are missing or that the filter does not use.

    Parameters
    ----------
    params : mapping
        What was given.
    names : collection of str
        What the filter uses.

    Raises
    ------
    InvalidFilter
        One of both sides lacks a name of the other; the details name each.
    """
    missing = [f":{name} has no value; give it one" for name in names if name not in params]
    unused = [f":{name} is not in the filter; leave it out" for name in params if name not in names]
    if missing or unused:
        raise InvalidFilter(
            f"the filter uses the parameters {_named(names)} and was given {_named(params)}",
            details=[*missing, *unused][:20],
        )


def _named(names: Collection[str]) -> str:
    told = [f":{name}"[:40] for name in names][:20]
    return ", ".join(told) or "none"


def _checked(name: str, value: object) -> Given:
    if isinstance(value, list | tuple):
        return tuple(_one(name, single) for single in value)
    return _one(name, value)


def _one(name: str, value: object) -> Plain | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _encodable(name, value)
    if isinstance(value, int) and SMALLEST_WHOLE <= value <= LARGEST_WHOLE:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    what = "outside 64 bits" if isinstance(value, int) else shown(value)
    raise InvalidFilter(
        f"parameter :{name[:40]} is {what}; give a text, a finite number, true, false, null, or a "
        "list of those"
    )


def _encodable(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidFilter(
            f"parameter :{name[:40]} has half of a surrogate pair; send valid Unicode"
        ) from None
    return text
