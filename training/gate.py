"""The gate: whether a version is worse than the champion, and by more than noise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.intervals import Interval, paired_difference
from training.report import Result, Target
from training.user_metrics import LastFold, UserMetrics

_TARGETS: Final[tuple[Target, ...]] = ("all", "new")
_FEWEST_PAIRS: Final = 2
_LEAST_SHARED: Final = 0.5
"""Of the version's test users, for a comparison with numbers of another day to mean anything."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Version and champion on one target, over the users that both were measured on.

    Parameters
    ----------
    target : {"all", "new"}
        What NDCG was measured on.
    version, champion : float
        Mean NDCG of each.
    difference : Interval
        Of version minus champion, paired by user.
    """

    target: Target
    version: float
    champion: float
    difference: Interval

    def __str__(self) -> str:
        one = self.difference
        return (
            f"NDCG on {self.target} {self.version:.4f} against {self.champion:.4f},"
            f" {one.mean:+.4f} [{one.low:+.4f} {one.high:+.4f}] over {one.n:,} users"
        )


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """Whether a version may become the champion.

    Parameters
    ----------
    passed : bool
        False where it is worse, or nobody can tell.
    reason : str
        Why, with the numbers.
    comparisons : tuple of Comparison
        What was compared.
    """

    passed: bool
    reason: str
    comparisons: tuple[Comparison, ...] = ()


def judge(
    version: LastFold | None, champion: LastFold | None, *, champion_bundle_id: str
) -> GateVerdict:
    """Compare a version with the champion on the version's last fold.

    The champion's settings, learnt anew on the version's fold, are the fairest opponent: the same
    data, the same code. Where the training did not measure them, the champion's own numbers do if
    they are from the same fold and at least half of the version's test users are among them.

    Parameters
    ----------
    version, champion : LastFold or None
        What their trainings found out; None where that is lost.
    champion_bundle_id : str
        The champion's bundle.

    Returns
    -------
    GateVerdict
        Not passed where the 95 % interval of the paired difference in NDCG lies wholly below 0
        on either target, or where nothing can be compared.
    """
    if version is None:
        return GateVerdict(passed=False, reason="its evaluation is missing; run vitrine train")
    opponent = _opponent(version, champion, champion_bundle_id)
    if opponent is None:
        return GateVerdict(
            passed=False,
            reason=(
                "it cannot be compared with the champion: they were not measured on the same fold"
                " and users; run vitrine train, which measures both"
            ),
        )
    comparisons = tuple(_comparisons(version.served, opponent))
    worse = [one for one in comparisons if one.difference.worse_beyond_noise]
    finding = "worse than the champion beyond noise" if worse else "not worse than the champion"
    numbers = "; ".join(map(str, worse or comparisons))
    return GateVerdict(not worse, f"{finding}: {numbers}", comparisons)


def beats(ranked: Mapping[Target, Result], blended: Mapping[Target, Result]) -> GateVerdict:
    """Tell whether a second stage earns its place: better than the blend beyond noise.

    Parameters
    ----------
    ranked, blended : mapping of {"all", "new"} to Result
        The same users' lists with and without the ranker, on the same fold.

    Returns
    -------
    GateVerdict
        Passed where NDCG is better beyond noise on one target and not worse beyond it on any.
    """
    comparisons = tuple(
        Comparison(
            target,
            float(one.per_user["ndcg"].mean()),
            float(blended[target].per_user["ndcg"].mean()),
            paired_difference(one.per_user["ndcg"], blended[target].per_user["ndcg"], seed=0),
        )
        for target, one in ranked.items()
    )
    better = any(one.difference.low > 0 for one in comparisons)
    worse = any(one.difference.worse_beyond_noise for one in comparisons)
    numbers = "; ".join(map(str, comparisons))
    return GateVerdict(better and not worse, f"ranker against blend: {numbers}", comparisons)


def _opponent(
    version: LastFold, champion: LastFold | None, champion_bundle_id: str
) -> UserMetrics | None:
    anew = version.champion
    if anew is not None and anew.bundle_id != champion_bundle_id:
        anew = None
    for one in (anew, None if champion is None else champion.served):
        if one is not None and _comparable(version.served, one):
            return one
    return None


def _comparable(version: UserMetrics, champion: UserMetrics) -> bool:
    if not version.measured_like(champion):
        return False
    n_shared = len(_pairs(version, champion, "ndcg_all")[0])
    return n_shared >= max(_FEWEST_PAIRS, _LEAST_SHARED * len(version.user_ids))


def _comparisons(version: UserMetrics, champion: UserMetrics) -> Iterator[Comparison]:
    for target in _TARGETS:
        ours, theirs = _pairs(version, champion, f"ndcg_{target}")
        if len(ours) >= _FEWEST_PAIRS:
            difference = paired_difference(ours, theirs, seed=0)
            yield Comparison(target, float(ours.mean()), float(theirs.mean()), difference)


def _pairs(
    version: UserMetrics, champion: UserMetrics, column: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    place_of = {user_id: place for place, user_id in enumerate(champion.user_ids)}
    others = np.array([place_of.get(user_id, -1) for user_id in version.user_ids], dtype=np.int64)
    shared = others >= 0
    ours, theirs = version.values[column][shared], champion.values[column][others[shared]]
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    return ours[both], theirs[both]
