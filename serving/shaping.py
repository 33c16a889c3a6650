"""Shaping: lists made of scored candidates under each person's rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.due import Due
from features.lists import Lists
from features.proposal import ListPolicy, Proposal
from features.recommender import Recommender
from serving.rules import EXCLUDED, Arranged, Plan, Shelf, arrange
from serving.rules.arrange import CAPPED
from serving.rules.drops import Exclusion

_FALLBACK_DEPTH: Final = 2
"""So many lists' length of what is popular is enough to fill one under any cap that makes sense."""


@dataclass(frozen=True, slots=True, eq=False)
class Shaping:
    """Makes the lists of some people, and remembers what the rules did to each.

    Parameters
    ----------
    recommender : Recommender
        Made the candidates.
    plans : sequence of n Plan
        What each list keeps to.
    policy : ListPolicy
        What all keep to.
    """

    recommender: Recommender
    plans: Sequence[Plan]
    policy: ListPolicy
    _arranged: dict[int, Arranged] = field(default_factory=dict)
    _seen: dict[int, tuple[Due | None, int]] = field(default_factory=dict)

    def shape(self, proposal: Proposal, scores: NDArray[np.float32]) -> Lists:
        """Make the lists of a batch of people; see `features.recommender.Shape`."""
        for place, person in enumerate(proposal.people.tolist()):
            self._seen[person] = proposal.seen.due, place
        candidates, n = proposal.candidates, self.policy.num_results
        lists = Lists.best_candidates(candidates, scores, num_results=n)
        for place, person in enumerate(proposal.people.tolist()):
            plan = self.plans[person]
            if not plan.is_plain:
                arranged = self._arrange(proposal, scores, place, plan)
                lists.put(place, arranged.item_rows, arranged.scores, arranged.sources)
                self._arranged[person] = arranged
        return lists

    def _arrange(
        self, proposal: Proposal, scores: NDArray[np.float32], place: int, plan: Plan
    ) -> Arranged:
        candidates = proposal.candidates
        pairs = slice(candidates.indptr[place], candidates.indptr[place + 1])
        shelf = Shelf(candidates.item_rows[pairs], scores[pairs], candidates.sources[pairs])
        keeps = plan
        if plan.pins:
            # A pinned item need not be a candidate, and must be one that may be shown.
            marks = Exclusion(EXCLUDED, proposal.blocked.marks[place])
            keeps = replace(plan, drops=(*plan.drops, marks))
        fallback = self._fallback(proposal, place, plan)
        return arrange(shelf, keeps, self.policy.num_results, fallback=fallback)

    def relaxed(self, person: int) -> tuple[str, ...]:
        """Name the rules that a person's list broke so that no slot stayed empty."""
        arranged = self._arranged.get(person)
        return () if arranged is None else arranged.relaxed

    def capped(self, person: int) -> dict[str, int]:
        """Count what caps kept out of a person's list that came out short."""
        arranged = self._arranged.get(person)
        n = 0 if arranged is None else arranged.dropped.get(CAPPED, 0)
        return {CAPPED: n} if n else {}

    def due_dates(self, person: int) -> dict[int, date]:
        """Say when a person is expected to buy which item row again."""
        due, place = self._seen[person]
        if due is None:
            return {}
        theirs = due.people == place
        days = due.due_days[theirs].astype(np.int64).astype("datetime64[D]").tolist()
        return dict(zip(due.item_rows[theirs].tolist(), days, strict=True))

    def _fallback(self, proposal: Proposal, place: int, plan: Plan) -> Shelf | None:
        """Give what would fill the list, so that caps hold among it, too."""
        named = self.recommender.fallbacks(proposal, place, self.policy) if plan.caps else []
        if not named:
            return None
        rows = np.concatenate([some for _, some in named])
        codes = [np.full(len(some), source.code, np.uint8) for source, some in named]
        _, first = np.unique(rows, return_index=True)
        kept = np.sort(first)[: _FALLBACK_DEPTH * self.policy.num_results]
        sources = np.concatenate(codes)[kept]
        return Shelf(rows[kept].astype(np.int32), np.zeros(len(kept), dtype=np.float32), sources)
