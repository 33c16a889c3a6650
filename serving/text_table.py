"""Tables for a terminal: columns side by side, as wide as they need and as the terminal allows."""

import shutil
import sys
from collections.abc import Collection, Sequence
from typing import Final

_GAP: Final = "  "
_NARROWEST: Final = 12
_ELLIPSIS: Final = "…"


def terminal_width() -> int | None:
    """Measure the terminal, in characters; None in a pipe, where nothing needs to be cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def text_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int | None,
    numbers: Collection[str] = (),
) -> str:
    """Lay out a table.

    Parameters
    ----------
    header : sequence of str
        The columns' names.
    rows : sequence of sequences of str
        The cells.
    width : int or None
        Characters in a line: the widest columns are cut until it is kept. None for no limit.
    numbers : collection of str
        The columns that stand to the right.

    Examples
    --------
    >>> rows = [["mug", "12"], ["a very large lamp", "3"]]
    >>> print(text_table(["item", "sold"], rows, width=18, numbers=["sold"]))
    item          sold
    mug             12
    a very larg…     3
    """
    cells = [[_printable(cell) for cell in line] for line in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    if width is not None:
        widths = _shrunk(widths, width - len(_GAP) * (len(header) - 1))
    lines = []
    for line in cells:
        fitted = [
            _cut(cell, room).rjust(room) if name in numbers else _cut(cell, room).ljust(room)
            for cell, room, name in zip(line, widths, header, strict=True)
        ]
        lines.append(_GAP.join(fitted).rstrip())
    return "\n".join(lines)


def _printable(text: str) -> str:
    # What a title holds must not steer the terminal.
    return "".join(one if one.isprintable() else " " for one in text)


def _shrunk(widths: list[int], total: int) -> list[int]:
    shrunk = list(widths)
    while sum(shrunk) > total and max(shrunk) > _NARROWEST:
        shrunk[shrunk.index(max(shrunk))] -= 1
    return shrunk


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + _ELLIPSIS
