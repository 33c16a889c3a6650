"""Scenarios: who somebody is and how they come, and what is done otherwise then."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol, TypeVar

from pydantic import AfterValidator, Field

from features.candidates import Source
from features.context import Daypart, Device, Season, Situation, Weekday
from features.countries import country
from features.events import EventType
from features.proposal import Order
from features.segments.lifecycle import Stage
from features.sources import DEFAULT_SOURCES
from serving.placements.rule_settings import Hours, RuleSettings
from serving.placements.section import Section

Mode = Literal["fill", "strict"]
Fallback = Literal["trending", "popular", "new_arrivals", "none"]
Value = TypeVar("Value")

_ASKED: Final = (*DEFAULT_SOURCES, Source.RECENTLY_VIEWED)
"""The sources that name candidates; the others say how else an item came into a list."""


def _can_be_asked(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    for place, source in enumerate(sources):
        if source not in _ASKED:
            raise ValueError(f"{source.value!r} names no candidates; use of {', '.join(_ASKED)}")
        if source in sources[:place]:
            raise ValueError(f"{source.value!r} is named twice; name it once")
    return sources


def _code(given: str) -> str:
    found = country(given)
    if found is None:
        raise ValueError(f"{given!r} is no country; give its ISO code, such as AU")
    return found.code


AnyOf = Annotated[tuple[Value, ...], Field(min_length=1)]
CountryCode = Annotated[str, AfterValidator(_code)]
AskedSources = Annotated[AnyOf[Source], AfterValidator(_can_be_asked)]


class About(Protocol):
    """What scenarios ask about somebody; each is worked out when it is asked. See `Person`."""

    @property
    def known(self) -> bool:
        """Whether the shop knows who it is."""

    @property
    def stage(self) -> Stage:
        """Where they stand in the lifecycle."""

    @property
    def n_orders(self) -> int:
        """Orders that they placed."""

    @property
    def country(self) -> str | None:
        """Where they live."""

    @property
    def hours_since_cart(self) -> float:
        """Since they put something into the cart that is still there."""

    @property
    def hours_since_view(self) -> float:
        """Since they last looked at something."""

    @property
    def hours_since_purchase(self) -> float:
        """Since they last bought something."""


@dataclass(frozen=True, slots=True)
class Person:
    """What scenarios ask about somebody; by default a visitor who was never seen before.

    Parameters
    ----------
    known : bool
        Whether the shop knows who it is: a user and not an anonymous visitor.
    stage : Stage
        Where they stand in the lifecycle.
    n_orders : int
        Orders that they placed.
    country : str or None
        Where they live, a code or a name; None to go by where they are.
    hours_since_cart : float
        Since they put something into the cart that was neither bought nor taken out. Infinite for
        never, as in the next two.
    hours_since_view, hours_since_purchase : float
        Since the last view and the last purchase.
    """

    known: bool = False
    stage: Stage = Stage.NEW_VISITOR
    n_orders: int = 0
    country: str | None = None
    hours_since_cart: float = math.inf
    hours_since_view: float = math.inf
    hours_since_purchase: float = math.inf


class SegmentSettings(Section):
    """Who somebody must be; what is left out does not matter."""

    lifecycle: AnyOf[Stage] | None = None
    known: bool | None = None
    countries: AnyOf[CountryCode] | None = None
    min_orders: Annotated[int, Field(ge=0)] = 0
    max_orders: Annotated[int, Field(ge=0)] | None = None

    def fits(self, person: About, situation: Situation) -> bool:
        """Tell whether somebody is in this segment."""
        if self.lifecycle is not None and person.stage not in self.lifecycle:
            return False
        if self.known is not None and person.known != self.known:
            return False
        most = math.inf if self.max_orders is None else self.max_orders
        if not self.min_orders <= person.n_orders <= most:
            return False
        return self.countries is None or _lives_in(person, situation) in self.countries


class SituationSettings(Section):
    """How somebody must come; what is left out does not matter, what is not known fits nothing."""

    device: AnyOf[Device] | None = None
    season: AnyOf[Season] | None = None
    daypart: AnyOf[Daypart] | None = None
    weekday: AnyOf[Weekday] | None = None
    carted_within_hours: Hours | None = None
    viewed_within_hours: Hours | None = None
    purchased_within_hours: Hours | None = None

    @property
    def asks_the_person(self) -> bool:
        """Whether it matters what they did lately."""
        hours = (self.carted_within_hours, self.viewed_within_hours, self.purchased_within_hours)
        return any(one is not None for one in hours)

    def fits(self, situation: Situation) -> bool:
        """Tell whether somebody comes at such a time and with such a device."""
        return (
            (self.device is None or situation.device in self.device)
            and (self.season is None or situation.season in self.season)
            and (self.daypart is None or situation.daypart in self.daypart)
            and (self.weekday is None or situation.weekday in self.weekday)
        )

    def fits_person(self, person: About) -> bool:
        """Tell whether somebody did lately what is asked for; nothing else is worked out."""
        carted, viewed = self.carted_within_hours, self.viewed_within_hours
        bought = self.purchased_within_hours
        return (
            (carted is None or person.hours_since_cart <= carted)
            and (viewed is None or person.hours_since_view <= viewed)
            and (bought is None or person.hours_since_purchase <= bought)
        )


class OutcomeSettings(Section):
    """What a list is meant to move: an event of this type, so soon after it was shown."""

    event_type: EventType = EventType.PURCHASE
    within_days: Annotated[float, Field(gt=0, le=366)] = 7.0


class Scenario(Section):
    """A segment joined with a situation, and the placement's keys that change where both fit.

    Keys that it does not state are the placement's, and so are single rules. Consent is not among
    them: a placement's `purpose` holds whatever the scenario.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,63}$")]
    segment: SegmentSettings = SegmentSettings()
    situation: SituationSettings = SituationSettings()
    exclude_purchased: bool | None = None
    sources: AskedSources | None = None
    order: Order | None = None
    mode: Mode | None = None
    fallback: Fallback | None = None
    outcome: OutcomeSettings | None = None
    rules: RuleSettings | None = None

    @property
    def fits_everybody(self) -> bool:
        """Whether no scenario behind this one can ever be met."""
        return self.segment == _ANYBODY and self.situation == SituationSettings()

    def fits(self, person: Callable[[], About], situation: Situation) -> bool:
        """Tell whether this is the scenario of a request.

        Parameters
        ----------
        person : function that returns About
            Asked only where the situation alone does not decide.
        situation : Situation
            Of the request.
        """
        if not self.situation.fits(situation):
            return False
        if not self.situation.asks_the_person and self.segment == _ANYBODY:
            return True
        facts = person()
        return self.situation.fits_person(facts) and self.segment.fits(facts, situation)


_ANYBODY: Final = SegmentSettings()


def _lives_in(person: About, situation: Situation) -> str | None:
    found = country(person.country)
    return situation.country if found is None else found.code
