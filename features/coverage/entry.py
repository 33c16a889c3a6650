"""One line of the data map: an attribute, how full it is, and what to know of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from features.coverage.attribute import Attribute
from features.coverage.measure import Measured

Part = Literal["event types", "events", "items", "users"]

_FULL: Final = 0.95
STOPPED_DAYS: Final = 30.0
"""Days without a value before the log's last event after which an attribute counts as stopped."""


class State(StrEnum):
    """How well an attribute is filled."""

    OK = "ok"
    THIN = "thin"
    STOPPED = "stopped"
    MISSING = "missing"
    NOT_APPLICABLE = "no rows"


@dataclass(frozen=True, slots=True)
class Entry:
    """An attribute of the shop's data.

    Parameters
    ----------
    part : str
        The table that it is a column of; "event types" for a type of event.
    attribute : Attribute
        What it enables.
    measured : Measured
        How full it is.
    days_behind : float or None
        Days from its last value to the log's last event; None where it has no time.
    notes : tuple of str
        What else to know, such as that all values are equal.
    at_stake : float
        The share of the gap that nothing else stands in for, in [0, 1].
    """

    part: Part
    attribute: Attribute
    measured: Measured
    days_behind: float | None
    notes: tuple[str, ...]
    at_stake: float = 1.0

    @property
    def state(self) -> State:
        """Say in a word how well it is filled."""
        share = self.measured.share
        if share is None:
            return State.NOT_APPLICABLE
        if share == 0:
            return State.MISSING
        if not self.attribute.every:
            return State.OK
        if self.part.startswith("event") and (self.days_behind or 0) > STOPPED_DAYS:
            return State.STOPPED
        return State.OK if self.part == "event types" or share >= _FULL else State.THIN

    @property
    def gap(self) -> float:
        """The share of rows that could gain by a value, in [0, 1]."""
        match self.state:
            case State.STOPPED:
                return self.at_stake
            case State.THIN | State.MISSING:
                return self.at_stake * (1 - (self.measured.share or 0.0))
            case _:
                return 0.0

    @property
    def gain(self) -> float:
        """What filling the gap is worth: the gap times how much depends on the attribute."""
        return self.attribute.reach * self.gap

    def as_dict(self) -> dict[str, Any]:
        """Give the entry as JSON values."""
        measured, uses = self.measured, self.attribute.uses
        return {
            "attribute": str(self.attribute.name),
            "state": str(self.state),
            "n_rows": measured.n_rows,
            "n_filled": measured.n_filled,
            "share": measured.share,
            "n_distinct": measured.n_distinct,
            "share_of_events": measured.share_of_events,
            "latest": measured.latest.isoformat() if measured.latest else None,
            "days_behind": self.days_behind,
            "used_today": [use.what for use in uses if use.today],
            "ready_for": [use.what for use in uses if not use.today],
            "notes": list(self.notes),
        }
