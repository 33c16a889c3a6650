"""Findings: what is wrong in a file of settings, by the path of the key, and the remedy."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from features.near_names import near
from serving.placements.section import Section

_QUOTED: Final = re.compile(r"'([^']*)'")
_LONGEST_SHOWN: Final = 60
_SHAPES: Final = {"model_type": "a section, { key = value }", "tuple_type": "a list, [ value ]"}

Place = Sequence[str | int]


def findings(error: ValidationError, root: type[Section]) -> list[str]:
    """Tell what is wrong, one line for each key.

    Parameters
    ----------
    error : ValidationError
        From a mapping of names to sections.
    root : type of Section
        What each name stands for.

    Returns
    -------
    list of str
        Such as "home.rules.cap[0].most: Input should be greater than or equal to 1, got 0".
    """
    # A list whose entries are all wrong counts as empty: the entries say more.
    every = [one for one in error.errors() if not (one["type"] == "too_short" and one["input"])]
    return [f"{path(one['loc'])}: {_told(one, root)}" for one in every]


def path(place: Place) -> str:
    """Write where a value stands.

    Examples
    --------
    >>> path(("home", "scenarios", 2, "rules", "cap", 0, "most"))
    'home.scenarios[2].rules.cap[0].most'
    """
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")


def _told(one: ErrorDetails, root: type[Section]) -> str:
    kind, name = one["type"], str(one["loc"][-1])
    if kind == "missing":
        return "is missing; add it"
    if kind == "extra_forbidden":
        known = _keys(_section_at(one["loc"][1:-1], root))
        return f"is no key of this section{near(name, known) or '; use of ' + ', '.join(known)}"
    if kind == "value_error":
        return one["msg"].removeprefix("Value error, ")
    if kind in _SHAPES:
        return f"must be {_SHAPES[kind]}, got {_shortened(one['input'])}"
    given = one["input"]
    wanted = _QUOTED.findall(str((one.get("ctx") or {}).get("expected", "")))
    meant = near(given, wanted) if isinstance(given, str) else ""
    return f"{one['msg']}, got {_shortened(given)}{meant}"


def _shortened(given: Any) -> str:  # noqa: ANN401 -- whatever stands in a file
    if isinstance(given, Mapping):
        return "a section"
    told = repr(given)
    return told if len(told) <= _LONGEST_SHOWN else f"{told[:_LONGEST_SHOWN]}..."


def _section_at(place: Place, root: type[Section]) -> type[Section]:
    """Find what stands at a place of the file, as far as it is known."""
    section = root
    for step in place:
        fields = {one.alias or name: one for name, one in section.model_fields.items()}
        if step in fields:
            section = _section_in(fields[str(step)].annotation) or section
    return section


def _section_in(annotation: Any) -> type[Section] | None:  # noqa: ANN401 -- any annotation
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(filter(None, map(_section_in, get_args(annotation))), None)


def _keys(section: type[Section]) -> list[str]:
    return [one.alias or name for name, one in section.model_fields.items()]
