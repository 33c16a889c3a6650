"""Stress: every branch of every placement, in every situation, by the road that requests take."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from time import perf_counter

import numpy as np

from features.context import situation
from features.errors import VitrineError
from features.events import EventType
from serving.asked import read_requests
from serving.known import KnownPeople
from serving.lists import Answer
from serving.news import News
from serving.placements import Chosen
from serving.recommend import answer_recommend
from serving.rehearsal.branch_report import BranchReport, Given, Overlap, main_reasons
from serving.rehearsal.laws import GivenList
from serving.rehearsal.meetings import Met
from serving.rehearsal.trials import Deeds, Trial, awaited, news_for
from serving.road import Road
from serving.scenario_facts import ScenarioFacts


@dataclass(frozen=True, slots=True, eq=False)
class Stress:
    """A shop and those on whom its branches are tried.

    Parameters
    ----------
    road : Road
        The shop.
    news : News
        What the store adds about the sample.
    trials : sequence of Trial
        Who of the sample comes how; those of the same moment together.
    """

    road: Road
    news: News
    trials: Sequence[Trial]

    def reports(self, placements: Iterable[str]) -> Iterator[BranchReport]:
        """Try every branch of some placements.

        Raises
        ------
        UnknownPlacement
            There is none of a name.
        """
        for name in placements:
            placement = self.road.placements.named(name)
            waits = [(), *(awaited(one) for one in placement.scenarios)]
            met = {deeds: self._met(name, deeds) for deeds in {*waits}}
            # What is usual for somebody who has just done what a scenario waits for.
            usual = {deeds: self.given(name, placement.branches[0], deeds)[0] for deeds in met}
            for chosen, deeds in zip(placement.branches, waits, strict=True):
                yield self._report(name, chosen, deeds, met=met, usual=usual[deeds])

    def _report(
        self,
        name: str,
        chosen: Chosen,
        deeds: Deeds,
        *,
        met: dict[Deeds, Counter[Met]],
        usual: Given,
    ) -> BranchReport:
        given, seconds = self.given(name, chosen, deeds)
        lists = [one for one in given if not isinstance(one, VitrineError)]
        broken, examples = self._broken(chosen, deeds, given)
        here = Met(chosen.scenario)
        return BranchReport(
            placement=name,
            scenario=chosen.scenario,
            n_trials=len(self.trials),
            n_met=met[()][here],
            n_met_prepared=met[deeds][here],
            n_lists=len(lists),
            n_empty=sum(not one["items"] for one in lists),
            n_short=sum(0 < one["returned"] < one["requested"] for one in lists),
            why_short=dict(main_reasons(given)),
            refused=dict(Counter(one.code for one in given if isinstance(one, VitrineError))),
            broken=dict(broken),
            examples=examples,
            overlap=None if chosen.scenario is None else Overlap.of(given, usual),
            ms=1000 * seconds / max(len(lists), 1),
        )

    def _met(self, name: str, deeds: Deeds) -> Counter[Met]:
        """Count which branches are met, once everybody has done something."""
        counts: Counter[Met] = Counter()
        for some, news in self.together(deeds):
            requests = [trial.request(name) for trial in some]
            _, read = read_requests(self.road, requests, news, now=some[0].coming.at)
            counts.update(map(Met.of, read))
        return counts

    def given(self, name: str, chosen: Chosen, deeds: Deeds) -> tuple[Given, float]:
        """Make everybody's list as if all met a branch; also how many seconds that took."""
        road = _forced(self.road, name, chosen)
        given: list[Answer | VitrineError] = []
        seconds = 0.0
        for some, news in self.together(deeds):
            requests = [trial.request(name) for trial in some]
            started = perf_counter()
            given += answer_recommend(road, requests, news, now=some[0].coming.at)
            seconds += perf_counter() - started
        return given, seconds

    def _broken(
        self, chosen: Chosen, deeds: Deeds, given: Given
    ) -> tuple[Counter[str], dict[str, str]]:
        """Count the lists that break each law, and tell whose was the first."""
        counts: Counter[str] = Counter()
        examples: dict[str, str] = {}
        for trial, law in self._breaches(chosen, deeds, given):
            counts[law] += 1
            examples.setdefault(law, str(trial))
        return counts, examples

    def _breaches(self, chosen: Chosen, deeds: Deeds, given: Given) -> Iterator[tuple[Trial, str]]:
        answers = iter(given)
        for some, news in self.together(deeds):
            known = KnownPeople.of(self.road.bundle, news.people)
            for place, trial in enumerate(some):
                broken = self._laws_broken(chosen, trial, known, place, next(answers))
                yield from ((trial, law) for law in broken)

    def _laws_broken(
        self,
        chosen: Chosen,
        trial: Trial,
        known: KnownPeople,
        place: int,
        answer: Answer | VitrineError,
    ) -> list[str]:
        if isinstance(answer, VitrineError):
            return []
        at, bundle = trial.coming.at, self.road.bundle
        facts = ScenarioFacts(self.road, known, place, trial.person, int(at.timestamp()))
        history = known.histories(bundle, place)
        come = situation(
            at=at, country=trial.coming.country or facts.country, device=trial.coming.device
        )
        return GivenList(
            self.road,
            chosen.placement,
            answer,
            come,
            trial.on_the_page,
            history.item_rows[np.asarray(history.event_types == EventType.PURCHASE.code)],
            facts.usual_price,
        ).broken

    def together(self, deeds: Deeds) -> Iterator[tuple[list[Trial], News]]:
        """Give the trials of each moment, and what is known in them."""
        for _, some in groupby(self.trials, key=lambda trial: trial.coming.at):
            trials = list(some)
            yield trials, news_for(self.news, trials, deeds)


def _forced(road: Road, name: str, chosen: Chosen) -> Road:
    """Give a shop where everybody meets the same branch of a placement."""
    by_name = {**road.placements.by_name, name: chosen.placement}
    return Road(road.bundle, replace(road.placements, by_name=by_name))
