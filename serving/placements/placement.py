"""A placement: what the lists of one named place keep to, and in which scenario otherwise."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, Self

from pydantic import model_validator

from features.candidates import Source
from features.context import Situation
from features.proposal import Order
from serving.placements.rule_settings import RuleSettings
from serving.placements.scenario import (
    About,
    AskedSources,
    Fallback,
    Mode,
    OutcomeSettings,
    Scenario,
)
from serving.placements.section import Section

_FALLBACK_SOURCES: Final[dict[Fallback, Source | None]] = {
    "trending": Source.TRENDING,
    "popular": Source.POPULAR,
    "new_arrivals": Source.NEW_ARRIVAL,
    "none": None,
}
_OF_THE_PLACEMENT_ALONE: Final = {"name", "segment", "situation", "rules"}


class Placement(Section):
    """What the lists of one placement keep to.

    Parameters
    ----------
    exclude_purchased : bool
        True to leave out what the person has bought and kept.
    purpose : str or None
        The consent that a person must have given; None where they came by themselves.
    sources : tuple of Source or None
        Who names candidates; the first that names an item is told. None for the usual ones.
    order : {"ranker", "source"}
        By what the second stage says, or as the sources name them.
    mode : {"fill", "strict"}
        Whether a list that comes out short is filled, from the fallback and then by relaxing caps,
        or stays short.
    fallback : {"trending", "popular", "new_arrivals", "none"}
        What fills it.
    outcome : OutcomeSettings
        What the lists are meant to move.
    rules : RuleSettings
        Order and mixture.
    scenarios : tuple of Scenario
        The first that fits a request replaces the keys that it states.
    """

    exclude_purchased: bool
    purpose: str | None = None
    sources: AskedSources | None = None
    order: Order = "ranker"
    mode: Mode = "fill"
    fallback: Fallback = "popular"
    outcome: OutcomeSettings = OutcomeSettings()
    rules: RuleSettings = RuleSettings()
    scenarios: tuple[Scenario, ...] = ()

    @model_validator(mode="after")
    def _every_scenario_can_be_met(self) -> Self:
        names = Counter(one.name for one in self.scenarios)
        twice = [name for name, count in names.items() if count > 1]
        if twice:
            raise ValueError(f"two scenarios are called {twice[0]!r}; rename one of them")
        blocking = [one.name for one in self.scenarios[:-1] if one.fits_everybody]
        if blocking:
            raise ValueError(
                f"scenario {blocking[0]!r} fits everybody, so those behind it are never met;"
                " move it to the end, or give it a segment or a situation"
            )
        return self

    @property
    def fallback_source(self) -> Source | None:
        """What fills a short list; None where it stays short, as every strict list does."""
        return None if self.mode == "strict" else _FALLBACK_SOURCES[self.fallback]

    def scenario_for(self, person: Callable[[], About], situation: Situation) -> "Chosen":
        """Choose what a request's list keeps to.

        Parameters
        ----------
        person : function that returns About
            Asked at most once, and only where a scenario turns on it.
        situation : Situation
            When and how the person asks.
        """
        if not self.scenarios:
            return self._usual
        facts = cache(person)
        for scenario, chosen in zip(self.scenarios, self.branches[1:], strict=True):
            if scenario.fits(facts, situation):
                return chosen
        return self._usual

    @cached_property
    def branches(self) -> tuple["Chosen", ...]:
        """Everything that can be chosen: the placement as it is, and each scenario in its order."""
        return (self._usual, *(self._in(scenario) for scenario in self.scenarios))

    @cached_property
    def _usual(self) -> "Chosen":
        return Chosen(_alone(self), None)

    def _in(self, scenario: Scenario) -> "Chosen":
        stated = scenario.model_fields_set - _OF_THE_PLACEMENT_ALONE
        changed = {name: getattr(scenario, name) for name in stated}
        if scenario.rules is not None:
            changed["rules"] = self.rules.replaced_by(scenario.rules)
        return Chosen(_alone(self).model_copy(update=changed), scenario.name)

    @cached_property
    def shown_within_hours(self) -> float:
        """How far back it may matter what somebody was shown; 0 where it never does."""
        rules = (one.recently_shown for one in (branch.placement.rules for branch in self.branches))
        return max((one.within_hours for one in rules if one is not None), default=0.0)

    def stated_rules(self) -> Iterator[tuple[str, RuleSettings]]:
        """Give the placement's and each scenario's own rules with the path of their key."""
        yield "rules", self.rules
        for place, scenario in enumerate(self.scenarios):
            if scenario.rules is not None:
                yield f"scenarios[{place}].rules", scenario.rules


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one request's list keeps to.

    Parameters
    ----------
    placement : Placement
        With the scenario's keys in their places, and without any scenarios.
    scenario : str or None
        The scenario's name; None where none fits.
    """

    placement: Placement
    scenario: str | None


def _alone(placement: Placement) -> Placement:
    """Give a placement without its scenarios."""
    stated = {name: getattr(placement, name) for name in placement.model_fields_set}
    return Placement.model_construct(**(stated | {"scenarios": ()}))
