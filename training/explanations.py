"""Explanations: which features brought an item into somebody's list, and how much each of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.pair_features import PairFeatures
from features.proposal import Proposal
from features.recommender import ListPolicy
from training.bundle import Bundle
from training.ranker import Fitted

KINDS: Final = {"everything": False, "new": True}
"""The kinds of list, and whether purchases are left out."""

_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Explained:
    """One item of a list.

    Parameters
    ----------
    title : str
        Of the item.
    score : float
        The ranker's, comparable within one list only.
    common : float
        The part of the score that all pairs have.
    contributions : dict of str to float
        What each feature added, the strongest first; with `common` they add up to the score.
    values : dict of str to float
        What the feature was.
    """

    title: str
    score: float
    common: float
    contributions: dict[str, float]
    values: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Give JSON values, rounded for people."""
        return {
            "title": self.title,
            "score": round(self.score, _DIGITS),
            "common": round(self.common, _DIGITS),
            "features": {
                name: {"added": round(added, _DIGITS), "value": round(self.values[name], _DIGITS)}
                for name, added in self.contributions.items()
            },
        }


def explained_lists(
    bundle: Bundle,
    fitted: Fitted,
    user_rows: NDArray[np.integer],
    *,
    kind: str,
    k: int,
    n_items: int = 5,
) -> list[list[Explained]]:
    """Explain the first items of people's ranked lists by TreeSHAP.

    Parameters
    ----------
    bundle : Bundle
        What names the candidates.
    fitted : Fitted
        What orders them.
    user_rows : ndarray of int, shape (n,)
        Whose lists.
    kind : {"everything", "new"}
        The kind of list.
    k : int
        How long the lists are.
    n_items : int
        How many items of each are explained.

    Returns
    -------
    list of list of Explained
        For each person the items, the first of the list first.
    """
    recommender = bundle.recommender
    by_country = recommender.trends.rows_of(bundle.people.countries)
    policy = ListPolicy(k, exclude_purchased=KINDS[kind])
    proposals = recommender.propose(
        bundle.persons(user_rows),
        policy,
        trend_rows=by_country[bundle.people.country_rows[user_rows]],
    )
    return [
        explained
        for proposal in proposals
        for explained in _of_proposal(bundle, fitted, proposal, kind=kind, n_items=n_items)
    ]


def anonymous(lists: list[list[Explained]]) -> list[dict[str, Any]]:
    """Give lists as JSON values of which nobody can tell whose they are.

    Examples
    --------
    >>> anonymous([[]])
    [{'person': 'person 1', 'items': []}]
    """
    return [
        {"person": f"person {number}", "items": [one.as_dict() for one in items]}
        for number, items in enumerate(lists, 1)
    ]


def _of_proposal(
    bundle: Bundle, fitted: Fitted, proposal: Proposal, *, kind: str, n_items: int
) -> Iterator[list[Explained]]:
    candidates, features = proposal.candidates, bundle.recommender.features(proposal)
    scores = fitted.ranker.score(features, new=KINDS[kind])
    # For somebody of whom nothing is known no ranker decides: there is nothing to explain.
    is_known = np.diff(proposal.seen.persons.confidence.indptr) > 0
    for person, known in enumerate(is_known.tolist()):
        start, stop = candidates.indptr[person : person + 2]
        best = start + np.argsort(-scores[start:stop], kind="stable")[: n_items if known else 0]
        chosen = PairFeatures(features.names, features.rows[:, best])
        titles = [bundle.catalogue.title(int(row)) for row in candidates.item_rows[best]]
        yield list(_explained(fitted, kind, chosen, titles))


def _explained(
    fitted: Fitted, kind: str, features: PairFeatures, titles: Sequence[str]
) -> Iterator[Explained]:
    if not titles:
        return
    split = fitted.contributions(kind, features)
    for title, added, values in zip(titles, split, features.rows.T, strict=True):
        strongest = np.argsort(-np.abs(added[:-1]), kind="stable")
        yield Explained(
            title=title,
            score=float(added.sum()),
            common=float(added[-1]),
            contributions={features.names[at]: float(added[at]) for at in strongest},
            values={name: float(one) for name, one in zip(features.names, values, strict=True)},
        )
