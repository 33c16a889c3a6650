"""Evaluation: each model, and the pipeline as it is served, on what people bought afterwards."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from features.errors import NotEnoughData
from features.events import EventType
from features.fitted_model import ScoringModel
from features.history import Histories
from features.recommender import ListPolicy
from features.seen import Persons
from training.bundle import Bundle
from training.list_metrics import (
    catalogue_coverage,
    intra_list_diversity,
    novelty,
    popularity_lift,
)
from training.metrics import average_precision, find_hits, hit_rate, ndcg, recall
from training.price_calibration import price_calibration
from training.report import FEWEST_USERS, Result, Target
from training.targets import Targets

Lister = Callable[[Target], NDArray[np.int32]]
"""Gives the test users' lists for a target, shape (n, k)."""

_CELLS_AT_ONCE: Final = 8_000_000


def people_of(bundle: Bundle, targets: Targets) -> tuple[Persons, NDArray[np.int64]]:
    """Look up a fold's test users, and where it is told what is trending where they live."""
    persons = bundle.persons(targets.user_rows)
    by_country = bundle.recommender.trends.rows_of(bundle.people.countries)
    return persons, by_country[bundle.people.country_rows[targets.user_rows]]


def served_lists(bundle: Bundle, targets: Targets, *, k: int) -> Lister:
    """Rank by the very road that serves: for `new`, as a placement that leaves purchases out."""
    persons, trend_rows = people_of(bundle, targets)

    def rank(target: Target) -> NDArray[np.int32]:
        policy = ListPolicy(k, exclude_purchased=target == "new")
        return bundle.recommender.recommend(persons, policy, trend_rows=trend_rows).item_rows

    return rank


def full_ranking(model: ScoringModel, bundle: Bundle, targets: Targets, *, k: int) -> Lister:
    """Rank the whole catalogue that was alive by one model's scores alone."""
    persons = bundle.persons(targets.user_rows)
    alive = np.flatnonzero(bundle.catalogue.recommendable)

    def rank(target: Target) -> NDArray[np.int32]:
        parts = []
        for rows in _batches(len(persons), len(alive)):
            batch = persons.take(rows)
            scores = np.array(model.score(batch.confidence, alive), dtype=np.float32)
            if target == "new":
                scores[_purchased(batch, len(bundle.items))[:, alive] > 0] = -np.inf
            parts.append(_top(scores, alive, k))
        return np.concatenate(parts)

    return rank


def judge(
    rank: Lister, bundle: Bundle, targets: Targets, *, popularity: NDArray[np.float32]
) -> dict[Target, Result]:
    """Measure lists by what their people bought, for the targets that two users have.

    Parameters
    ----------
    rank : Lister
        Makes the lists.
    bundle : Bundle
        What they were made from.
    targets : Targets
        What was bought.
    popularity : ndarray of float32, shape (n_items,)
        How often each item had been bought.
    """
    wanted: dict[Target, sp.csr_array] = {"all": targets.everything, "new": targets.new}
    return {
        target: _judge_one(rank(target), target_matrix, bundle, targets, popularity)
        for target, target_matrix in wanted.items()
        if np.count_nonzero(np.diff(target_matrix.indptr)) >= FEWEST_USERS
    }


def _judge_one(
    lists: NDArray[np.int32],
    wanted: sp.csr_array,
    bundle: Bundle,
    targets: Targets,
    popularity: NDArray[np.float32],
) -> Result:
    # Somebody who bought nothing new cannot be judged by what is new.
    some = np.flatnonzero(np.diff(wanted.indptr))
    shown, bought = lists[some], wanted[some]
    hits = find_hits(shown, bought)
    user_rows = targets.user_rows[some]
    return Result(
        user_rows=user_rows,
        per_user={
            "recall": recall(hits),
            "ndcg": ndcg(hits),
            "hit_rate": hit_rate(hits),
            "average_precision": average_precision(hits),
        },
        item_rows=shown,
        of_lists=_of_lists(shown, bought, user_rows, bundle, popularity),
    )


def _of_lists(
    shown: NDArray[np.int32],
    bought: sp.csr_array,
    user_rows: NDArray[np.int64],
    bundle: Bundle,
    popularity: NDArray[np.float32],
) -> dict[str, float]:
    """Measure on the whole set of lists what there is enough for."""
    model = bundle.recommender.model
    prices = bundle.catalogue.table["price"].to_numpy()
    usual = _usual_prices(bundle.histories.take(user_rows), prices)
    measures: dict[str, Callable[[], float]] = {
        "coverage": lambda: catalogue_coverage(
            shown, n_items=int(bundle.catalogue.recommendable.sum())
        ),
        "novelty": lambda: novelty(shown, popularity),
        "popularity_lift": lambda: popularity_lift(shown, bought, popularity),
        "price_calibration": lambda: price_calibration(shown, prices, usual).mean_log_ratio,
    }
    if model is not None:
        measures["diversity"] = lambda: intra_list_diversity(shown, model.item_vectors)
    measured = {}
    for name, measure in measures.items():
        with suppress(NotEnoughData):
            measured[name] = measure()
    return measured


def _usual_prices(histories: Histories, item_prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the median catalogue price of what each person bought; NaN where none is known."""
    is_bought = histories.event_types == EventType.PURCHASE.code
    bought = histories.select(is_bought & np.isfinite(item_prices[histories.item_rows]))
    prices = item_prices[bought.item_rows]
    prices = prices[np.lexsort((prices, bought.person_of_entry))]
    some = bought.lengths > 0
    first, lengths = bought.indptr[:-1][some], bought.lengths[some]
    usual = np.full(len(histories), np.nan)
    usual[some] = (prices[first + (lengths - 1) // 2] + prices[first + lengths // 2]) / 2
    return usual


def _batches(n: int, width: int) -> Iterator[NDArray[np.int64]]:
    at_once = max(1, _CELLS_AT_ONCE // max(width, 1))
    for start in range(0, n, at_once):
        yield np.arange(start, min(start + at_once, n))


def _purchased(persons: Persons, n_items: int) -> NDArray[np.bool_]:
    bought = persons.histories.event_types == EventType.PURCHASE.code
    marks = np.zeros((len(persons), n_items), dtype=np.bool_)
    marks[persons.histories.person_of_entry[bought], persons.histories.item_rows[bought]] = True
    return marks


def _top(scores: NDArray[np.float32], alive: NDArray[np.int64], k: int) -> NDArray[np.int32]:
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    best = np.where(
        np.isfinite(np.take_along_axis(scores, order, axis=1)), alive[order], -1
    ).astype(np.int32)
    padded = np.full((len(scores), k), -1, dtype=np.int32)
    padded[:, : best.shape[1]] = best
    return padded
