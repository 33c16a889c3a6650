"""The data map as text and as JSON values."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from textwrap import wrap
from typing import Any, Final

from features.coverage.entry import STOPPED_DAYS, Entry, Part, State
from features.coverage.measure import Measured
from features.coverage.shop import Shop
from features.coverage.words import day, percent

_PARTS: Final[tuple[Part, ...]] = ("event types", "events", "items", "users")
_TITLES: Final[dict[Part, str]] = {
    "event types": "What people do: the types of event",
    "events": "What is known of an event: of the rows that a column is for, how many have it",
    "items": "The catalogue: how many items have it, and how many events are with such items",
    "users": "The user table: how many users have it, and how many events are of such users",
}
_OF_TABLES: Final = f"{'filled':>7}{'of rows':>12}{'different':>11}{'of events':>11}  latest"
_HEADERS: Final[dict[Part, str]] = {
    "event types": f"{'share':>7}{'events':>12}{'people':>11}  latest",
    "events": f"{'filled':>7}{'of rows':>12}{'different':>11}  latest",
    "items": _OF_TABLES,
    "users": _OF_TABLES,
}
_NARROWEST: Final = 60
_MOST_TO_ADD: Final = 8
_TIED: Final = "\N{NO-BREAK SPACE}%"
_INDENT: Final = " " * 6


@dataclass(frozen=True, slots=True)
class Further:
    """A column of the shop's own: kept, and not used.

    Parameters
    ----------
    part : str
        The table.
    name : str
        The shop's name for it.
    measured : Measured
        How full it is.
    """

    part: Part
    name: str
    measured: Measured


@dataclass(frozen=True, slots=True)
class Coverage:
    """The data map of a shop.

    Parameters
    ----------
    shop : Shop
        The log as a whole.
    entries : tuple of Entry
        Every type of event and every column of the three schemas.
    further : tuple of Further
        The shop's own columns.
    as_of : datetime or None
        Later events were not looked at.
    """

    shop: Shop
    entries: tuple[Entry, ...]
    further: tuple[Further, ...]
    as_of: datetime | None = None

    def entry(self, part: Part, name: str) -> Entry:
        """Find an attribute, such as ``entry("items", "category")``."""
        return next(one for one in self.entries if (one.part, one.attribute.name) == (part, name))

    @property
    def to_add(self) -> tuple[Entry, ...]:
        """What to add first: by how much depends on it times the share of rows without it.

        Equal ones stand by how many things they enable, those that work today first. Of a table
        that is not there, only the key is named: the first step is the file.
        """
        worth = [one for one in self.entries if one.gain > 0]
        return tuple(sorted(worth, key=_rank))

    def as_dict(self) -> dict[str, Any]:
        """Give the data map as JSON values."""
        shop = asdict(self.shop)
        shop |= {name: shop[name].isoformat() for name in ("first", "latest")}
        return {
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "shop": shop,
            "add_first": [
                {"part": one.part, "attribute": str(one.attribute.name), "gain": one.gain}
                for one in self.to_add
            ],
            **{
                part.replace(" ", "_"): [one.as_dict() for one in self.entries if one.part == part]
                for part in _PARTS
            },
            "kept_not_used": [
                {"part": one.part, "column": one.name, "share": one.measured.share}
                for one in self.further
            ],
        }

    def as_text(self, width: int = 100) -> str:
        """Write the data map for people.

        Parameters
        ----------
        width : int
            Characters in a line; at least 60.
        """
        room = max(width, _NARROWEST)
        told, then = self.to_add[:_MOST_TO_ADD], self.to_add[_MOST_TO_ADD:]
        lines = [*_heading(self), "", *_first(told, then), ""]
        for part in _PARTS:
            lines += [_TITLES[part], f"{'':20}{'state':<9}{_HEADERS[part]}"]
            for one in self.entries:
                lines += _lines(one, told) if one.part == part else []
            lines += [*_further([one for one in self.further if one.part == part]), ""]
        return "\n".join(row for line in lines for row in _fitted(line, room))


def _rank(one: Entry) -> tuple[float, int, int]:
    uses = one.attribute.uses
    return -one.gain, -sum(use.today for use in uses), -len(uses)


def _heading(coverage: Coverage) -> Iterator[str]:
    shop = coverage.shop
    as_of = "" if coverage.as_of is None else f" (nothing after {coverage.as_of.isoformat()})"
    yield (
        f"The data map: {shop.n_events:,} events with {shop.n_items:,} items,"
        f" {day(shop.first)} to {day(shop.latest)}{as_of}"
    )
    nobody = f" {percent(shop.n_of_nobody / shop.n_events)} of the events name nobody."
    yield (
        f"{shop.n_people:,} people: {shop.n_buyers:,} bought, {shop.n_browsers:,} only browsed."
        f"{nobody if shop.n_of_nobody else ''}"
    )
    yield (
        "now: Vitrine uses it today. later: designed and not built yet; what is collected now will"
        " be ready for it. thin: below 95 %. stopped: none in the last"
        f" {STOPPED_DAYS:.0f} days before the log's end."
    )


def _first(told: Sequence[Entry], then: Sequence[Entry]) -> Iterator[str]:
    yield "What to add first"
    if not told:
        yield "  nothing: every attribute is there"
    for place, one in enumerate(told, start=1):
        yield f"  {place}. {_full_name(one)}: {_how_bad(one)}. Give: {one.attribute.give}"
        yield from _uses(one)
    if then:
        yield f"  then: {', '.join(map(_full_name, then))}"


def _full_name(one: Entry) -> str:
    if one.part == "event types":
        return f"{one.attribute.name} events"
    return f"{one.part}.{one.attribute.name}"


def _how_bad(one: Entry) -> str:
    if one.state is State.STOPPED:
        return f"stopped on {day(one.measured.latest)}"
    return "missing" if one.state is State.MISSING else f"{percent(one.gap)} lack it"


def _lines(one: Entry, told: Sequence[Entry]) -> Iterator[str]:
    measured = one.measured
    share = "-" if measured.share is None else percent(measured.share)
    n = measured.n_filled if one.part == "event types" else measured.n_rows
    cells = f"  {one.attribute.name:<18}{one.state:<9}{share:>7}{n:>12,}{measured.n_distinct:>11,}"
    if measured.share_of_events is not None:
        cells += f"{percent(measured.share_of_events):>11}"
    behind = one.days_behind or 0
    late = f" ({behind:,.0f} days behind)" if behind >= 1 else ""
    yield cells + ("" if measured.latest is None else f"  {day(measured.latest)}{late}")
    if one in told:
        yield f"{_INDENT}see {told.index(one) + 1}. above"
    else:
        yield from _uses(one)
    yield from (f"{_INDENT}note: {note}" for note in one.notes)


def _uses(one: Entry) -> Iterator[str]:
    lacking = one.state not in (State.OK, State.THIN)
    labels = ("unlocks", "unlocks later") if lacking else ("now", "later")
    for label, today in zip(labels, (True, False), strict=True):
        whats = [use.what for use in one.attribute.uses if use.today is today]
        if whats:
            yield f"{_INDENT}{label}: {'; '.join(whats)}"


def _further(columns: Sequence[Further]) -> Iterator[str]:
    if columns:
        named = (f"{one.name} {percent(one.measured.share or 0)}" for one in columns)
        yield f"  kept, not used: {', '.join(named)}"


def _fitted(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    depth = len(line) - len(line.lstrip())
    # A number and its sign stay on one line.
    rows = wrap(line.replace(" %", _TIED), width, subsequent_indent=" " * (depth + 2))
    return [row.replace(_TIED, " %") for row in rows]
