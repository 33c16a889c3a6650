"""A branch report: what came of a branch of a placement in all trials."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from features.errors import VitrineError
from serving.lists import Answer

_NEARLY_ALL: Final = 0.9

Given = Sequence[Answer | VitrineError]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of a scenario's lists is in the usual list of the same people.

    Parameters
    ----------
    share : float
        Of the items, the mean over lists.
    n_same, n_lists : int
        Lists that are the usual ones in the same order, and all that were compared.
    """

    share: float
    n_same: int
    n_lists: int

    @classmethod
    def of(cls, given: Given, usual: Given) -> Self | None:
        """Compare lists; None where there are none to compare."""
        pairs = [
            (
                [item["item_id"] for item in one["items"]],
                [item["item_id"] for item in other["items"]],
            )
            for one, other in zip(given, usual, strict=True)
            if not isinstance(one, VitrineError) and not isinstance(other, VitrineError)
        ]
        pairs = [(one, other) for one, other in pairs if one or other]
        if not pairs:
            return None
        shares = [len({*one} & {*other}) / max(len(one), len(other)) for one, other in pairs]
        n_same = sum(one == other for one, other in pairs)
        return cls(sum(shares) / len(pairs), n_same, len(pairs))


@dataclass(frozen=True, slots=True)
class BranchReport:
    """What came of a branch.

    Parameters
    ----------
    placement : str
        The placement.
    scenario : str or None
        The branch; None for the placement as it is.
    n_trials : int
        How often somebody came.
    n_met, n_met_prepared : int
        How many of them meet this branch by themselves, and when they have done just before what
        it waits for.
    n_lists, n_empty, n_short : int
        Lists, those that are empty, and those that hold something but less than was asked for.
    why_short : mapping of str to int
        Empty and short lists by what took most of the items.
    refused : mapping of str to int
        Requests that got no list, by the code of the error.
    broken : mapping of str to int
        Lists that broke a law, by its name.
    examples : mapping of str to str
        Who got the first of these, and how they came.
    overlap : Overlap or None
        With the usual list; None for the usual branch.
    ms : float
        Milliseconds for one list, made together with some tens of others.
    """

    placement: str
    scenario: str | None
    n_trials: int
    n_met: int
    n_met_prepared: int
    n_lists: int
    n_empty: int
    n_short: int
    why_short: Mapping[str, int]
    refused: Mapping[str, int]
    broken: Mapping[str, int]
    examples: Mapping[str, str]
    overlap: Overlap | None
    ms: float

    @property
    def name(self) -> str:
        """Placement and scenario in one word."""
        return f"{self.placement}.{self.scenario or 'usual'}"

    @property
    def findings(self) -> list[str]:
        """What the shop should look at, one line each."""
        return [f"{self.name}: {finding}" for finding in self._findings()]

    def _findings(self) -> Iterator[str]:
        for law, count in self.broken.items():
            yield f"BROKEN LAW: {count:,} lists with {law}, such as {self.examples[law]}"
        if not self.n_met_prepared:
            yield "nobody of the sample meets it, in no situation"
        if not self.n_lists:
            yield f"no list could be made: {', '.join(self.refused)}"
        elif self.n_empty >= _NEARLY_ALL * self.n_lists:
            reasons = ", ".join(self.why_short)
            yield f"{self.n_empty:,} of {self.n_lists:,} lists are empty: {reasons}"
        if self.overlap is not None and self.overlap.n_same == self.overlap.n_lists:
            yield "it changes nothing: every list is the usual one"


def main_reasons(given: Given) -> Counter[str]:
    """Count the lists that came out short by what took most of the items.

    What nobody can be shown is no reason: it is the same for everybody.
    """
    short = [one["shortfall"] for one in given if not isinstance(one, VitrineError)]
    reasons = [
        {reason: count for reason, count in one.items() if count and reason != "unavailable"}
        for one in short
        if one
    ]
    return Counter(
        max(one, key=lambda reason: one[reason], default="unavailable") for one in reasons
    )
