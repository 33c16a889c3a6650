"""Meetings: which scenario each of a sample of people meets at a placement."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from features.errors import VitrineError
from serving.asked import Asked, read_requests
from serving.news import News
from serving.rehearsal.sample import ask_as
from serving.road import Road
from serving.scenario_facts import ScenarioFacts
from serving.schemas.requests import Context


@dataclass(frozen=True, slots=True)
class Met:
    """What somebody meets.

    Parameters
    ----------
    scenario : str or None
        The scenario's name; None for the placement as it is.
    refusal : str or None
        The code of the error for whom there is no list, such as "no_consent".
    """

    scenario: str | None
    refusal: str | None = None

    @classmethod
    def of(cls, read: Asked | VitrineError) -> Self:
        """Tell it from a request as it was read."""
        return cls(None, read.code) if isinstance(read, VitrineError) else cls(read.scenario)

    def __str__(self) -> str:
        if self.refusal is not None:
            return f"({self.refusal})"
        return "usual" if self.scenario is None else self.scenario


@dataclass(frozen=True, slots=True)
class Person:
    """One of the sample as scenarios see them.

    Parameters
    ----------
    key : str
        The person's key.
    stage : str
        Where they stand in the lifecycle.
    n_orders : int
        Orders that they placed.
    hours_since_cart : float
        Since they put something into the cart that is still there; infinite for never.
    met : dict of str to Met
        What they meet, by device.
    """

    key: str
    stage: str
    n_orders: int
    hours_since_cart: float
    met: dict[str, Met]


@dataclass(frozen=True, slots=True)
class Meetings:
    """What the sample meets at one placement.

    Parameters
    ----------
    placement : str
        The placement.
    people : list of Person
        The sample.
    """

    placement: str
    people: list[Person]

    @classmethod
    def at(
        cls,
        road: Road,
        news: News,
        people: Sequence[str],
        *,
        placement: str,
        devices: Sequence[str],
        now: datetime,
    ) -> Self:
        """Let everybody ask once with each device, as a request would be read.

        Parameters
        ----------
        road : Road
            The shop.
        news : News
            What the store adds about these people.
        people : sequence of n str
            Their keys.
        placement : str
            Where they ask.
        devices : sequence of str
            With what.
        now : datetime
            When; aware.

        Raises
        ------
        UnknownPlacement
            There is no such placement.
        """
        road.placements.named(placement)
        met: list[dict[str, Met]] = [{} for _ in people]
        for device in devices:
            asked = {"placement": placement, "context": Context(device=device)}
            requests = [ask_as(key).model_copy(update=asked) for key in people]
            known, read = read_requests(road, requests, news, now=now)
            for place, one in enumerate(read):
                met[place][device] = Met.of(one)
        now_s = int(now.timestamp())
        facts = [
            ScenarioFacts(road, known, place, about.person, now_s)
            for place, about in enumerate(news.people)
        ]
        return cls(
            placement,
            [
                Person(key, one.stage.value, one.n_orders, one.hours_since_cart, theirs)
                for key, one, theirs in zip(people, facts, met, strict=True)
            ],
        )

    def counts(self, device: str) -> Counter[Met]:
        """Count who meets what with a device."""
        return Counter(person.met[device] for person in self.people)
