"""An attribute of the shop's data: what it enables, and how much depends on it."""

from dataclasses import dataclass
from enum import IntEnum

from features.events import EventType


class Reach(IntEnum):
    """How much of what people are shown depends on an attribute; each step counts threefold."""

    GIVEN = 0
    """Nothing to add: every row has it, or it is no worse without."""
    BESIDE = 1
    """What is told or measured beside the lists."""
    CONTENT = 3
    """Which items are in the lists."""
    ANYBODY = 9
    """Whether a person gets a list of their own, or a new item gets into one."""


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that an attribute enables.

    Parameters
    ----------
    what : str
        For the shop's owner.
    module : str, optional
        The module that does it today; None where it is designed and not built yet.
    """

    what: str
    module: str | None = None

    @property
    def today(self) -> bool:
        """Whether it works now; else data that is collected now will be ready for it."""
        return self.module is not None


@dataclass(frozen=True, slots=True)
class Attribute:
    """One column, or one type of event.

    Parameters
    ----------
    name : str
        As the schema calls it.
    uses : tuple of Use
        What it enables; what works today comes first.
    reach : Reach
        How much depends on it.
    give : str
        How the shop can give it.
    of_types : tuple of EventType
        The types of event that have it.
    groups : bool
        True where it says what belongs together, so that it tells nothing when every value differs.
    every : bool
        False where no row has to have it, so that a few are as good as all.
    """

    name: str
    uses: tuple[Use, ...]
    reach: Reach = Reach.GIVEN
    give: str = ""
    of_types: tuple[EventType, ...] = tuple(EventType)
    groups: bool = False
    every: bool = True
