"""Make the golden bundles of two stages, and record what they answer.

::

    .venv/bin/python -m tests.golden.make_bundle_v2 tests/golden/bundle_v2

One has everything: a model of each kind, all sources, item facts and a ranker; one has no ranker,
and one no model either. They are made once and then kept, as those of the first kind are.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from features.ranker import Ranker
from tests.golden.recorded import N_ITEMS, N_USERS, record
from tests.shops import AS_OF, some_models, some_snapshot, trend_rows_of
from training.assemble import assemble
from training.bundle import Bundle
from training.ranker import fit_ranker, pair_tables
from training.settings import RankerSettings, TrainingSettings


def bundles() -> list[Bundle]:
    """Assemble a bundle with everything, one without a ranker, and one without a model."""
    snapshot = some_snapshot(1, n_users=N_USERS, n_items=N_ITEMS)
    settings = TrainingSettings.model_validate(
        {
            "serve": "als",
            "beside": ["bpr", "item_knn"],
            "weights": {"half_life_days": float("inf")},
            "candidates": {"near_user": 64, "unfinished": 3},
        }
    )
    models = some_models(snapshot, settings)
    blended, popular = (
        assemble(snapshot, settings, chosen, data_digest="golden", created_at=AS_OF)
        for chosen in (models, {})
    )
    recommender = replace(blended.recommender, ranker=_learnt(blended))
    return [replace(blended, recommender=recommender), blended, popular]


def _learnt(bundle: Bundle) -> Ranker:
    """Learn a few small trees from purchases drawn by chance."""
    persons = bundle.persons(np.arange(len(bundle.users)))
    rng = np.random.default_rng(0)
    bought = sp.csr_array((rng.random((len(persons), len(bundle.items))) < 0.3).astype(np.float32))
    everything, new = (
        [pair_tables(bundle.recommender, persons, trend_rows_of(bundle), bought, new=one)]
        for one in (False, True)
    )
    wanted = RankerSettings(trees_everything=6, trees_new=4, leaves=5, smallest_leaf=3)
    return fit_ranker(everything, new, wanted, seed=0).ranker


if __name__ == "__main__":
    record(Path(sys.argv[1]), bundles())
