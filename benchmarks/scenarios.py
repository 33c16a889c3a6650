"""Measure how much the simulated shop's people would click of each scenario's lists.

Every scenario's lists are made for everybody of a sample, met or not, and only those who would
meet it by themselves, or once they have done what it waits for, are counted. The usual list of
the same people at the same moments stands beside it.
"""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.errors import VitrineError
from features.home import Home
from features.simulated_shop.responses import response_probability
from features.simulated_shop.truth import Truth, open_truth
from serving.asked import Asked, read_requests
from serving.placements import Chosen
from serving.rehearsal.branch_report import Given
from serving.rehearsal.rehearsal import Rehearsal
from serving.rehearsal.stress import Stress
from serving.rehearsal.trials import Deeds, Trial, awaited, draw_trials

_SAMPLES = 1000
"""Of the bootstrap over visits."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Who would do what with which list."""

    truth: Truth
    person_rows: dict[str, int]
    item_rows: dict[str, int]

    @classmethod
    def of(cls, truth: Truth) -> "Wanted":
        """Open a truth, with its people and items by their ids."""
        people = {name: row for row, name in enumerate(truth.person_ids.tolist())}
        items = {name: row for row, name in enumerate(truth.item_ids.tolist())}
        return cls(truth, people, items)

    def clicks(self, trial: Trial, answer: object) -> float:
        """Expect how many items of a list a person would click; NaN where there is no list."""
        if not isinstance(answer, dict) or trial.person not in self.person_rows:
            return float("nan")
        items = [self.item_rows[item["item_id"]] for item in answer["items"]]
        if not items:
            return 0.0
        person = np.full(len(items), self.person_rows[trial.person])
        chances = response_probability(self.truth, person, np.array(items), at=trial.coming.at)
        return float(chances.sum())


def _those_who_meet(stress: Stress, name: str, chosen: Chosen, deeds: Deeds) -> NDArray[np.bool_]:
    """Mark the trials in which somebody meets a branch, once they did what it waits for."""
    marks: list[bool] = []
    for some, news in stress.together(deeds):
        requests = [trial.request(name) for trial in some]
        _, read = read_requests(stress.road, requests, news, now=some[0].coming.at)
        marks += [isinstance(one, Asked) and one.scenario == chosen.scenario for one in read]
    return np.array(marks)


def _line(name: str, gains: NDArray[np.float64], usual: NDArray[np.float64]) -> str:
    if not len(gains):
        return f"{name:32s}  nobody meets it"
    rng = np.random.default_rng(0)
    means = gains[rng.integers(0, len(gains), (_SAMPLES, len(gains)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return (
        f"{name:32s}  visits {len(gains):5,}  clicks a list, usual {usual.mean():.3f},"
        f" scenario {gains.mean():+.3f} [{low:+.3f} {high:+.3f}]"
    )


def _clicks(wanted: Wanted, trials: Sequence[Trial], given: Given) -> NDArray[np.float64]:
    return np.array(
        [
            float("nan") if isinstance(one, VitrineError) else wanted.clicks(trial, one)
            for trial, one in zip(trials, given, strict=True)
        ]
    )


def main() -> None:
    """Print one line for each scenario of the home's placements."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("build/demo"))
    parser.add_argument("--truth", type=Path, default=Path("build/demo/simulated/truth"))
    parser.add_argument("--sample", type=int, default=400)
    told = parser.parse_args()
    rehearsal = Rehearsal.of(Home(told.home), n_users=told.sample)
    wanted = Wanted.of(open_truth(told.truth))
    bundle = rehearsal.road.bundle
    trials = draw_trials(bundle, rehearsal.people, after=rehearsal.at, seed=0)
    # People live where they live: the truth knows no other country of theirs.
    trials = [trial for trial in trials if trial.coming.country is None]
    stress = Stress(rehearsal.road, rehearsal.news, trials)
    for name in rehearsal.placements:
        placement = rehearsal.road.placements.named(name)
        for scenario, chosen in zip(placement.scenarios, placement.branches[1:], strict=True):
            deeds = awaited(scenario)
            met = _those_who_meet(stress, name, chosen, deeds)
            usual = _clicks(wanted, trials, stress.given(name, placement.branches[0], deeds)[0])
            theirs = _clicks(wanted, trials, stress.given(name, chosen, deeds)[0])
            counted = met & np.isfinite(usual) & np.isfinite(theirs)
            print(_line(f"{name}.{chosen.scenario}", (theirs - usual)[counted], usual[counted]))


if __name__ == "__main__":
    main()
