"""The second stage: learns from earlier time windows to order candidates. The door to LightGBM."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import lightgbm
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.errors import NotEnoughData
from features.pair_features import PairFeatures
from features.ranker import Ranker
from features.recommender import ListPolicy, Recommender
from features.retrievers import at_pairs
from features.seen import Persons
from training.compiled_trees import compiled
from training.settings import RankerSettings

_MOST_LABELLED: Final = 20
"""Length of list that the candidates are named for."""


@dataclass(frozen=True, slots=True, eq=False)
class PairTable:
    """Candidate pairs of one window, with what came of them.

    Parameters
    ----------
    names : tuple of str
        The features.
    rows : ndarray of float32, shape (n_features, n_pairs)
        Their values.
    labels : ndarray of int32, shape (n_pairs,)
        1 where the person bought the item in the window.
    sizes : ndarray of int64, shape (n_people,)
        How many pairs each person has, in order.
    """

    names: tuple[str, ...]
    rows: NDArray[np.float32]
    labels: NDArray[np.int32]
    sizes: NDArray[np.int64]

    @classmethod
    def joined(cls, tables: Sequence[Self]) -> Self:
        """Put several windows' tables behind each other."""
        return cls(
            tables[0].names,
            np.hstack([one.rows for one in tables]),
            np.concatenate([one.labels for one in tables]),
            np.concatenate([one.sizes for one in tables]),
        )

    def thinned(self, most_unbought: int, *, seed: int) -> Self:
        """Keep all that was bought, and of each person's other pairs a few drawn by chance.

        Parameters
        ----------
        most_unbought : int
            How many of a person's pairs that came to nothing are kept.
        seed : int
            The same table and seed give the same pairs.
        """
        person = np.repeat(np.arange(len(self.sizes)), self.sizes)
        bought = self.labels > 0
        chance = np.random.default_rng(seed).random(len(person))
        order = np.lexsort((np.where(bought, -1, chance), person))
        place = np.arange(len(order)) - np.repeat(np.cumsum(self.sizes) - self.sizes, self.sizes)
        n_bought = np.bincount(person[bought], minlength=len(self.sizes))
        kept = np.zeros(len(person), dtype=np.bool_)
        kept[order] = place < (n_bought + most_unbought)[person]
        sizes = np.bincount(person[kept], minlength=len(self.sizes))
        return type(self)(self.names, self.rows[:, kept], self.labels[kept], sizes)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A ranker, and what it was learnt from.

    Parameters
    ----------
    ranker : Ranker
        As it serves.
    boosters : dict of str to lightgbm.Booster
        The same trees in the library's own form, by the kind of list.
    """

    ranker: Ranker
    boosters: dict[str, Any]

    def importance(self, kind: str) -> dict[str, float]:
        """Give the share of the gain that each feature brought, the largest first."""
        booster = self.boosters[kind]
        gains = booster.feature_importance(importance_type="gain")
        shares = zip(booster.feature_name(), gains / max(gains.sum(), 1e-12), strict=True)
        return dict(sorted(((name, float(one)) for name, one in shares), key=lambda one: -one[1]))

    def contributions(self, kind: str, features: PairFeatures) -> NDArray[np.float64]:
        """Split scores by feature (TreeSHAP, Lundberg et al. 2018).

        Returns
        -------
        ndarray of float64, shape (n_pairs, n_features + 1)
            A row adds up to the pair's score; the last column is what all pairs have in common.
        """
        split: NDArray[np.float64] = self.boosters[kind].predict(features.rows.T, pred_contrib=True)
        return split


def pair_tables(
    recommender: Recommender,
    persons: Persons,
    trend_rows: NDArray[np.integer],
    bought: sp.csr_array,
    *,
    new: bool,
) -> PairTable:
    """Name people's candidates as serving does, with their features and what came of them.

    Parameters
    ----------
    recommender : Recommender
        What was known before the window.
    persons : Persons
        n people.
    trend_rows : ndarray of int, shape (n,)
        `Trends.row_of` each person's country.
    bought : csr_array, shape (n, n_items)
        Greater than 0 where a person bought an item in the window.
    new : bool
        True for lists that leave purchases out.

    Raises
    ------
    NotEnoughData
        No person has a candidate that was bought.
    """
    policy = ListPolicy(_MOST_LABELLED, exclude_purchased=new)
    tables = []
    for proposal in recommender.propose(persons, policy, trend_rows=trend_rows):
        candidates, features = proposal.candidates, recommender.features(proposal)
        hit = at_pairs(sp.csr_array(bought[proposal.people]), candidates) > 0
        sizes = np.diff(candidates.indptr)
        # Who found nothing of what they bought teaches nothing about its order.
        hits = np.bincount(candidates.person_rows[hit], minlength=len(sizes))
        kept = np.repeat(hits > 0, sizes)
        tables.append(
            PairTable(
                features.names,
                features.rows[:, kept],
                hit[kept].astype(np.int32),
                sizes[hits > 0],
            )
        )
    if not any(len(one.sizes) for one in tables):
        raise NotEnoughData("nobody bought a candidate in the window; a ranker cannot learn")
    return PairTable.joined(tables)


def fit_ranker(
    everything: Sequence[PairTable],
    new: Sequence[PairTable],
    settings: RankerSettings,
    *,
    seed: int,
) -> Fitted:
    """Learn LambdaMART (Burges 2010) from several windows, for each kind of list.

    Parameters
    ----------
    everything, new : sequence of PairTable
        The windows' pairs, for lists with purchases and without.
    settings : RankerSettings
        Sizes of trees and steps.
    seed : int
        The same pairs and seed give the same trees.
    """
    boosters = {
        "everything": _boosted(
            PairTable.joined(everything), settings.trees_everything, settings, seed
        ),
        "new": _boosted(PairTable.joined(new), settings.trees_new, settings, seed),
    }
    ranker = Ranker(**{kind: compiled(booster) for kind, booster in boosters.items()})
    return Fitted(ranker, boosters)


def _boosted(table: PairTable, n_trees: int, settings: RankerSettings, seed: int) -> Any:  # noqa: ANN401 -- LightGBM has no types
    data = lightgbm.Dataset(
        table.rows.T,
        label=table.labels,
        group=table.sizes,
        feature_name=list(table.names),
        params={"verbose": -1, "use_missing": False, "max_bin": 255},
    )
    chosen = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": settings.truncation,
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.smallest_leaf,
        "feature_fraction": settings.feature_share,
        "bagging_fraction": settings.row_share,
        "bagging_freq": 1,
        "lambda_l2": settings.l2,
        "seed": seed,
        # The same trees on every machine, however many cores it has.
        "deterministic": True,
        "force_row_wise": True,
        "use_missing": False,
        "verbose": -1,
    }
    return lightgbm.train(chosen, data, num_boost_round=n_trees)
