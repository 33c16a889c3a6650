"""Rankers for tests: learnt within a second from what a planted shop's people bought."""

import numpy as np
import scipy.sparse as sp

from training.bundle import Bundle
from training.ranker import Fitted, fit_ranker, pair_tables
from training.settings import RankerSettings

_SMALL = RankerSettings(
    trees_everything=8, trees_new=8, leaves=6, smallest_leaf=2, learning_rate=0.3
)


def some_fitted(bundle: Bundle, *, seed: int = 0) -> Fitted:
    """Learn a ranker from purchases by chance, the cheap items more often."""
    rng = np.random.default_rng(seed)
    user_rows = np.flatnonzero(bundle.histories.lengths)
    chances = np.linspace(0.5, 0.1, len(bundle.items))
    bought = sp.csr_array(
        (rng.random((len(user_rows), len(bundle.items))) < chances).astype(np.float32)
    )
    trend_rows = np.full(len(user_rows), len(bundle.recommender.trends.countries))
    everything, new = (
        pair_tables(bundle.recommender, bundle.persons(user_rows), trend_rows, bought, new=new)
        for new in (False, True)
    )
    return fit_ranker([everything], [new], _SMALL, seed=seed)
